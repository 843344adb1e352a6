// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

// Package operator has the operator run for tests of what is beside it: on a local control plane, with a registry.
package operator

import (
	"context"
	"errors"
	"io"
	"path/filepath"
	goruntime "runtime"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/wait"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"k8s.io/utils/clock"
	"k8s.io/utils/ptr"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/config"
	"sigs.k8s.io/controller-runtime/pkg/event"
	"sigs.k8s.io/controller-runtime/pkg/log/zap"
	metricsserver "sigs.k8s.io/controller-runtime/pkg/metrics/server"

	elasticwebv1 "github.com/elasticweb/elasticweb-operator/api/v1"
	"github.com/elasticweb/elasticweb-operator/api/v1alpha1"
	"github.com/elasticweb/elasticweb-operator/controllers"
	"github.com/elasticweb/elasticweb-operator/controllers/caches"
	"github.com/elasticweb/elasticweb-operator/controllers/elasticweb"
	"github.com/elasticweb/elasticweb-operator/controllers/images"
	"github.com/elasticweb/elasticweb-operator/internal/platforms"
	"github.com/elasticweb/elasticweb-operator/internal/traffic"
	"github.com/elasticweb/elasticweb-operator/internal/way"
	"github.com/elasticweb/elasticweb-operator/test/cluster"
	"github.com/elasticweb/elasticweb-operator/test/manifests"
	"github.com/elasticweb/elasticweb-operator/test/waysin"
)

// Options say what there is.
type Options struct {
	// Nodes of the cluster.
	Nodes []cluster.NodePool
	// Namespaces that the operator watches, which are made; none for all that there are.
	Namespaces []string
	// Gateways has the cluster know HTTPRoutes, and somebody say of each that it is served.
	Gateways bool
}

// World is a cluster with the CRDs, a registry, and the operator, which runs in this process and asks that registry.
type World struct {
	*cluster.Cluster
	*Registry
	// Client has all rights.
	Client client.WithWatch

	stops []func() error
}

// Start starts all of it, and has controller-runtime log nothing in the whole process.
func Start(ctx context.Context, options Options) (*World, error) {
	ctrl.SetLogger(zap.New(zap.WriteTo(io.Discard)))
	started, err := cluster.Start(ctx, cluster.Options{Nodes: options.Nodes, NodePortRange: "10000-60000"})
	if err != nil {
		return nil, err
	}
	w := &World{Cluster: started, Registry: StartRegistry()}
	w.stops = append(w.stops, func() error { w.Registry.Close(); return nil })
	err = w.install(ctx, options.Namespaces)
	if err == nil && options.Gateways {
		err = waysin.InstallHTTPRoutes(ctx, w.Client)
		stop := waysin.StartGateway(w.Client)
		w.stops = append(w.stops, func() error { stop(); return nil })
	}
	if err == nil {
		err = w.startOperator(options.Namespaces)
	}
	if err != nil {
		return nil, errors.Join(err, w.Stop())
	}
	return w, nil
}

// Stop ends all that was started.
func (w *World) Stop() (err error) {
	for _, stop := range w.stops {
		err = errors.Join(err, stop())
	}
	return errors.Join(err, w.Cluster.Stop())
}

// install makes the CRDs and the namespaces, and a client that knows the kinds.
func (w *World) install(ctx context.Context, namespaces []string) error {
	scheme := runtime.NewScheme()
	if err := errors.Join(clientgoscheme.AddToScheme(scheme), elasticwebv1.AddToScheme(scheme), v1alpha1.AddToScheme(scheme), way.AddToScheme(scheme)); err != nil {
		return err
	}
	unbounded := w.RESTConfig()
	unbounded.QPS = -1
	first, err := client.New(unbounded, client.Options{Scheme: scheme})
	if err != nil {
		return err
	}
	_, here, _, _ := goruntime.Caller(0)
	for _, kind := range []string{"elasticwebs", "elasticwebbenchmarks"} {
		objects, err := manifests.ReadFile(filepath.Join(filepath.Dir(here), "../../config/crd/bases/elasticweb.example.com_"+kind+".yaml"))
		if err != nil {
			return err
		}
		for _, object := range objects {
			if err := first.Create(ctx, object); err != nil {
				return err
			}
		}
	}
	for _, namespace := range namespaces {
		if err := first.Create(ctx, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: namespace}}); err != nil {
			return err
		}
	}
	return wait.PollUntilContextTimeout(ctx, 50*time.Millisecond, time.Minute, true, func(ctx context.Context) (bool, error) {
		w.Client, err = client.NewWithWatch(unbounded, client.Options{Scheme: scheme}) // a mapper that has learnt the kinds.
		return err == nil && w.Client.List(ctx, &elasticwebv1.ElasticWebList{}) == nil, nil
	})
}

func (w *World) startOperator(namespaces []string) error {
	mgr, err := ctrl.NewManager(w.RESTConfig(), ctrl.Options{
		Scheme: w.Client.Scheme(), Cache: caches.Options(namespaces), Metrics: metricsserver.Options{BindAddress: "0"},
		Controller: config.Controller{SkipNameValidation: ptr.To(true)},
	})
	if err != nil {
		return err
	}
	resolved := make(chan event.GenericEvent)
	resolver, err := platforms.New(platforms.Options{PlainHTTPRegistries: []string{w.Host}, Notify: images.Requeue(elasticweb.Kind, resolved)})
	if err != nil {
		return err
	}
	ctx, stop := context.WithCancel(context.Background())
	reconciler := &elasticweb.Reconciler{
		Cached: mgr.GetClient(), Live: mgr.GetAPIReader(), Writer: mgr.GetClient(), Events: mgr.GetEventRecorder(controllers.FieldManager),
		Images: resolver, ImageWait: 10 * time.Second, WatchesNodes: true, FollowsBenchmarks: true, Concurrency: 4, Clock: clock.RealClock{},
	}
	reader, err := traffic.New(traffic.Options{Period: time.Second, Config: mgr.GetConfig(), Deliver: reconciler.Deliver}) // there is no Prometheus.
	if err != nil {
		stop()
		return err
	}
	reconciler.Traffic = reader
	if err := errors.Join(mgr.Add(resolver), mgr.Add(reader), reconciler.SetupWithManager(ctx, mgr, resolved)); err != nil {
		stop()
		return err
	}
	done := make(chan error, 1)
	go func() { done <- mgr.Start(ctx) }()
	w.stops = append(w.stops, func() error { stop(); return <-done })
	return nil
}
