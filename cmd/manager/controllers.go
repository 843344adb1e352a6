// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"os"

	"k8s.io/client-go/tools/events"
	"k8s.io/utils/clock"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/event"

	"github.com/elasticweb/elasticweb-operator/controllers"
	"github.com/elasticweb/elasticweb-operator/controllers/benchmark"
	"github.com/elasticweb/elasticweb-operator/controllers/elasticweb"
	"github.com/elasticweb/elasticweb-operator/controllers/images"
	"github.com/elasticweb/elasticweb-operator/internal/metrics"
	"github.com/elasticweb/elasticweb-operator/internal/platforms"
)

// addControllers adds the reconcilers, and the look-up of images that they share.
func addControllers(ctx context.Context, mgr ctrl.Manager, o options) error {
	metrics.RegisterActive(mgr.Elected())
	webs, benchmarks := make(chan event.GenericEvent), make(chan event.GenericEvent)
	images, err := addImageLookup(mgr, o, webs, benchmarks)
	if err != nil {
		return err
	}
	told := controllers.FairEvents(mgr.GetEventRecorder(controllers.FieldManager))
	if err := addElasticWeb(ctx, mgr, o, told, images, webs); err != nil {
		return err
	}
	if !o.benchmarks {
		return nil
	}
	return addBenchmark(ctx, mgr, o, told, images, benchmarks)
}

func addElasticWeb(ctx context.Context, mgr ctrl.Manager, o options, told events.EventRecorder, images images.Lookup, resolved <-chan event.GenericEvent) error {
	passes := metrics.NewPasses()
	passes.Register(mgr.Elected())
	reconciler := &elasticweb.Reconciler{
		Cached: mgr.GetClient(), Live: mgr.GetAPIReader(), Writer: mgr.GetClient(),
		Events:            told,
		Images:            images,
		ImageWait:         o.imageWait,
		WatchesNodes:      o.watchNodes,
		FollowsBenchmarks: o.benchmarks,
		DemandPeriod:      o.demandPeriod,
		Namespaces:        watchNamespaces(),
		Concurrency:       o.concurrency,
		Passes:            passes,
		Clock:             clock.RealClock{},
	}
	reader, err := addTraffic(mgr, o, reconciler.Deliver)
	if err != nil {
		return err
	}
	reconciler.Traffic = reader
	metrics.RegisterDemands(reconciler.Demands)
	metrics.RegisterElasticWebs(mgr.GetCache(), mgr.Elected(), reconciler)
	return reconciler.SetupWithManager(ctx, mgr, resolved)
}

func addBenchmark(ctx context.Context, mgr ctrl.Manager, o options, told events.EventRecorder, images images.Lookup, resolved <-chan event.GenericEvent) error {
	metrics.RegisterBenchmarks(mgr.GetCache(), mgr.Elected())
	reconciler := &benchmark.Reconciler{
		Cached: mgr.GetClient(), Live: mgr.GetAPIReader(), Writer: mgr.GetClient(),
		Events:         told,
		Images:         images,
		ImageWait:      o.imageWait,
		WatchesNodes:   o.watchNodes,
		GeneratorImage: generatorImage(),
		Clock:          clock.RealClock{},
	}
	if err := reconciler.SetupWithManager(ctx, mgr, resolved); err != nil {
		return err
	}
	release := &benchmark.ReleaseReconciler{
		Cached: mgr.GetClient(), Live: mgr.GetAPIReader(), Writer: mgr.GetClient(), Watch: o.watch,
	}
	return release.SetupWithManager(mgr)
}

// addImageLookup adds the resolver that wakes ElasticWebs and benchmarks; nil where looking up is switched off.
func addImageLookup(mgr ctrl.Manager, o options, webs, benchmarks chan<- event.GenericEvent) (images.Lookup, error) {
	if !o.lookUpImages {
		return nil, nil //nolint:nilnil // no look-up is an answer.
	}
	resolver, err := newResolver(o, webs, benchmarks)
	if err != nil {
		return nil, err
	}
	if err := mgr.Add(resolver); err != nil {
		return nil, fmt.Errorf("add the look-up of images: %w", err)
	}
	metrics.RegisterLookups(resolver.Stats)
	return resolver, nil
}

func newResolver(o options, webs, benchmarks chan<- event.GenericEvent) (*platforms.Resolver, error) {
	wakeWebs, wakeBenchmarks := images.Requeue(elasticweb.Kind, webs), images.Requeue(benchmark.Kind, benchmarks)
	options := platforms.Options{
		UserAgent: controllers.FieldManager,
		Notify: func(ctx context.Context, waiters []platforms.Waiter) {
			wakeWebs(ctx, waiters)
			wakeBenchmarks(ctx, waiters)
		},
	}
	options.PlainHTTPRegistries, options.AllowedRegistries = list(o.plainHTTPRegistries), list(o.allowedRegistries)
	if o.registryCAs != "" {
		bundle, err := os.ReadFile(o.registryCAs)
		if err != nil {
			return nil, fmt.Errorf("read --registry-ca-file: %w", err)
		}
		options.CABundle = bundle
	}
	resolver, err := platforms.New(options)
	if err != nil {
		return nil, fmt.Errorf("set up the look-up of images: %w", err)
	}
	return resolver, nil
}
