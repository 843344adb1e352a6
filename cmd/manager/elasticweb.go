// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"os"
	"strings"

	"k8s.io/utils/clock"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/event"

	"github.com/elasticweb/elasticweb-operator/controllers"
	"github.com/elasticweb/elasticweb-operator/internal/metrics"
	"github.com/elasticweb/elasticweb-operator/internal/platforms"
)

// addElasticWeb adds the controller of ElasticWebs, with what looks their images up.
func addElasticWeb(ctx context.Context, mgr ctrl.Manager, o options) error {
	reconciler := &controllers.ElasticWebReconciler{
		Cached: mgr.GetClient(), Live: mgr.GetAPIReader(), Writer: mgr.GetClient(),
		Events:       mgr.GetEventRecorder(controllers.FieldManager),
		ImageWait:    o.imageWait,
		WatchesNodes: o.watchNodes,
		Concurrency:  o.concurrency,
		Clock:        clock.RealClock{},
	}
	resolved := make(chan event.GenericEvent)
	if o.lookUpImages {
		resolver, err := newResolver(o, resolved)
		if err != nil {
			return err
		}
		if err := mgr.Add(resolver); err != nil {
			return fmt.Errorf("add the look-up of images: %w", err)
		}
		metrics.RegisterLookups(resolver.Stats)
		reconciler.Images = resolver
	}
	metrics.RegisterElasticWebs(mgr.GetCache())
	return reconciler.SetupWithManager(ctx, mgr, resolved)
}

func newResolver(o options, resolved chan<- event.GenericEvent) (*platforms.Resolver, error) {
	options := platforms.Options{
		UserAgent: controllers.FieldManager,
		Notify:    controllers.Requeue(resolved),
	}
	for registry := range strings.SplitSeq(o.plainHTTPRegistries, ",") {
		if registry = strings.TrimSpace(registry); registry != "" {
			options.PlainHTTPRegistries = append(options.PlainHTTPRegistries, registry)
		}
	}
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
