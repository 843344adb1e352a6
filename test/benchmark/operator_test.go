// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package benchmark_test

import (
	"context"
	"net/http"
	"sync"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"k8s.io/client-go/rest"
	"k8s.io/utils/clock"
	"k8s.io/utils/ptr"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/config"
	"sigs.k8s.io/controller-runtime/pkg/log/zap"
	metricsserver "sigs.k8s.io/controller-runtime/pkg/metrics/server"

	"github.com/elasticweb/elasticweb-operator/controllers"
	"github.com/elasticweb/elasticweb-operator/controllers/benchmark"
	"github.com/elasticweb/elasticweb-operator/controllers/caches"
	"github.com/elasticweb/elasticweb-operator/controllers/elasticweb"
	"github.com/elasticweb/elasticweb-operator/test/faults/proxy"
)

// generatorImage is what the operator is told to be the load generator's image.
const generatorImage = "registry.example.com/elasticweb-operator:1.0"

// operator is one running operator, as cmd/manager wires it, with the rights of its service account.
type operator struct {
	// requests that it made, watches aside.
	requests *proxy.Log
	stop     func()
}

type operatorOptions struct {
	namespaces []string
	resync     time.Duration
	// transport wraps the operator's connection to the API server, to inject faults.
	transport func(http.RoundTripper) http.RoundTripper
	// generatorImage in the place of the constant.
	generatorImage string
}

// startOperator runs an operator until the spec ends, or stop is called.
func startOperator(options operatorOptions) *operator {
	GinkgoHelper()
	setup, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	restConfig, err := controlPlane.ServiceAccountConfig(setup, operatorNamespace, operatorAccount)
	Expect(err).NotTo(HaveOccurred())
	result := &operator{requests: &proxy.Log{}}
	restConfig.Wrap(result.requests.Wrap)
	if options.transport != nil {
		restConfig.Wrap(options.transport)
	}
	ctx, stop := context.WithCancel(context.Background())
	mgr := newManager(ctx, restConfig, options)
	done := make(chan error, 1)
	result.stop = sync.OnceFunc(func() {
		stop()
		Expect(<-done).To(Succeed())
	})
	go func() { done <- mgr.Start(ctx) }()
	Expect(mgr.GetCache().WaitForCacheSync(setup)).To(BeTrue())
	DeferCleanup(result.stop)
	return result
}

func newManager(ctx context.Context, restConfig *rest.Config, options operatorOptions) ctrl.Manager {
	GinkgoHelper()
	cacheOptions := caches.WithBenchmarks(caches.Options(options.namespaces))
	if options.resync > 0 {
		cacheOptions.SyncPeriod = &options.resync
	}
	mgr, err := ctrl.NewManager(restConfig, ctrl.Options{
		Scheme:                  newScheme(),
		Cache:                   cacheOptions,
		Metrics:                 metricsserver.Options{BindAddress: "0"},
		HealthProbeBindAddress:  "0",
		Logger:                  zap.New(zap.WriteTo(GinkgoWriter)),
		Controller:              config.Controller{SkipNameValidation: ptr.To(true)},
		GracefulShutdownTimeout: ptr.To(time.Duration(-1)),
	})
	Expect(err).NotTo(HaveOccurred())
	recorder := mgr.GetEventRecorder(controllers.FieldManager)
	webs := &elasticweb.Reconciler{
		Cached: mgr.GetClient(), Live: mgr.GetAPIReader(), Writer: mgr.GetClient(), Events: recorder,
		WatchesNodes: true, FollowsBenchmarks: true, Concurrency: 4, Clock: clock.RealClock{}, Namespaces: options.namespaces,
	}
	Expect(webs.SetupWithManager(ctx, mgr, nil)).To(Succeed())
	image := options.generatorImage
	if image == "" {
		image = generatorImage
	}
	runs := &benchmark.Reconciler{
		Cached: mgr.GetClient(), Live: mgr.GetAPIReader(), Writer: mgr.GetClient(), Events: recorder,
		WatchesNodes: true, GeneratorImage: image, Clock: clock.RealClock{},
	}
	Expect(runs.SetupWithManager(ctx, mgr, nil)).To(Succeed())
	watch, err := benchmark.LoadWatch("watches.yaml")
	Expect(err).NotTo(HaveOccurred())
	releases := &benchmark.ReleaseReconciler{
		Cached: mgr.GetClient(), Live: mgr.GetAPIReader(), Writer: mgr.GetClient(), Watch: watch,
	}
	Expect(releases.SetupWithManager(mgr)).To(Succeed())
	return mgr
}
