// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package elasticweb_test

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"k8s.io/client-go/rest"
	"k8s.io/utils/clock"
	"k8s.io/utils/ptr"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/config"
	"sigs.k8s.io/controller-runtime/pkg/event"
	"sigs.k8s.io/controller-runtime/pkg/log/zap"
	metricsserver "sigs.k8s.io/controller-runtime/pkg/metrics/server"

	"github.com/elasticweb/elasticweb-operator/controllers"
	"github.com/elasticweb/elasticweb-operator/controllers/caches"
	"github.com/elasticweb/elasticweb-operator/controllers/elasticweb"
	"github.com/elasticweb/elasticweb-operator/controllers/images"
)

// operator is one running operator, as cmd/manager wires it, with the rights of its service account.
type operator struct {
	// requests that it made, watches and leases aside.
	requests   *requestLog
	reconciler *elasticweb.Reconciler
	stop       context.CancelFunc
	done       chan error
}

// operatorOptions change how a spec's operator is set up.
type operatorOptions struct {
	namespaces []string
	resync     time.Duration
	images     images.Lookup
	resolved   chan event.GenericEvent
	imageWait  time.Duration
	// traffic has the traffic read, by its clock, or prometheus, the address of a server, once a period.
	traffic    *trafficSource
	prometheus string
	period     time.Duration
	// clock in the place of the real one.
	clock clock.PassiveClock
	// transport wraps the operator's connection to the API server, to inject faults.
	transport func(http.RoundTripper) http.RoundTripper
}

// startOperator runs an operator until the spec ends, or stop is called.
func startOperator(options operatorOptions) *operator {
	GinkgoHelper()
	setup, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	restConfig, err := controlPlane.ServiceAccountConfig(setup, operatorNamespace, operatorAccount)
	Expect(err).NotTo(HaveOccurred())
	result := &operator{requests: &requestLog{}, done: make(chan error, 1)}
	restConfig.Wrap(result.requests.wrap)
	if options.transport != nil {
		restConfig.Wrap(options.transport)
	}
	ctx, stop := context.WithCancel(context.Background())
	mgr, reconciler := newManager(ctx, restConfig, options)
	result.reconciler = reconciler
	result.stop = sync.OnceFunc(func() {
		stop()
		Expect(<-result.done).To(Succeed())
	})
	go func() { result.done <- mgr.Start(ctx) }()
	Expect(mgr.GetCache().WaitForCacheSync(setup)).To(BeTrue())
	DeferCleanup(result.stop)
	return result
}

func newManager(ctx context.Context, restConfig *rest.Config, options operatorOptions) (ctrl.Manager, *elasticweb.Reconciler) {
	GinkgoHelper()
	cacheOptions := caches.Options(options.namespaces)
	if options.resync > 0 {
		cacheOptions.SyncPeriod = &options.resync
	}
	mgr, err := ctrl.NewManager(restConfig, ctrl.Options{
		Scheme:                 newScheme(),
		Cache:                  cacheOptions,
		Metrics:                metricsserver.Options{BindAddress: "0"},
		HealthProbeBindAddress: "0",
		Logger:                 zap.New(zap.WriteTo(GinkgoWriter)),
		Controller:             config.Controller{SkipNameValidation: ptr.To(true)},
	})
	Expect(err).NotTo(HaveOccurred())
	if options.clock == nil {
		options.clock = clock.RealClock{}
	}
	reconciler := &elasticweb.Reconciler{
		Cached: mgr.GetClient(), Live: mgr.GetAPIReader(), Writer: mgr.GetClient(),
		Events: mgr.GetEventRecorder(controllers.FieldManager),
		Images: options.images, ImageWait: options.imageWait,
		WatchesNodes: true, Concurrency: 10, Clock: options.clock, Namespaces: options.namespaces,
	}
	switch {
	case options.traffic != nil:
		options.traffic.deliver = reconciler.Deliver
		reconciler.Traffic, reconciler.DemandPeriod, reconciler.Clock = options.traffic, demandPeriod, options.traffic.clock
	case options.prometheus != "":
		reconciler.Traffic, reconciler.DemandPeriod = addReader(ctx, options, reconciler.Deliver), options.period
	}
	Expect(reconciler.SetupWithManager(ctx, mgr, options.resolved)).To(Succeed())
	return mgr, reconciler
}

// requestLog records the requests of an operator that are neither watches nor about leases.
type requestLog struct {
	mu   sync.Mutex
	seen []string
}

func (l *requestLog) wrap(next http.RoundTripper) http.RoundTripper {
	return roundTripper(func(request *http.Request) (*http.Response, error) {
		if request.URL.Query().Get("watch") == "" && !strings.Contains(request.URL.Path, "/leases/") {
			l.mu.Lock()
			l.seen = append(l.seen, request.Method+" "+request.URL.Path)
			l.mu.Unlock()
		}
		return next.RoundTrip(request)
	})
}

// since gives the requests after the first n.
func (l *requestLog) since(n int) []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return append([]string{}, l.seen[n:]...)
}

// butLists gives the requests that are not those of a start.
func (l *requestLog) butLists() []string {
	return slices.DeleteFunc(l.since(0), lists.MatchString)
}

func (l *requestLog) count() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.seen)
}

// writesTo gives the requests that changed objects of a resource, or of a path below it such as its status.
func (l *requestLog) writesTo(resource string) []string {
	var writes []string
	for _, request := range l.since(0) {
		if !strings.HasPrefix(request, http.MethodGet) && strings.Contains(request, "/"+resource) {
			writes = append(writes, request)
		}
	}
	return writes
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(request *http.Request) (*http.Response, error) { return f(request) }
