// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package faults_test

import (
	"context"
	"errors"
	"io"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

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
	lookups "github.com/elasticweb/elasticweb-operator/controllers/images"
	"github.com/elasticweb/elasticweb-operator/internal/platforms"
	"github.com/elasticweb/elasticweb-operator/internal/traffic"
	"github.com/elasticweb/elasticweb-operator/test/faults/proxy"
	"github.com/elasticweb/elasticweb-operator/test/output"
)

// resync is how often operators look at everything again, in the runs with an even seed: a run at rest lasts
// several of them. In the others they never do: it would make good what they forgot to come back to.
const (
	resync = time.Second
	never  = 24 * time.Hour
)

func (r *run) resyncPeriod() time.Duration {
	if r.seed%2 == 0 {
		return resync
	}
	return never
}

// operator is a manager in this process, wired as cmd/manager does, behind a proxy of its own.
type operator struct {
	proxy *proxy.Proxy
	log   *output.Buffer
	stop  func()
	since time.Time
	// signal, starts and mostMemory are there for processes of their own.
	signal     func(syscall.Signal)
	starts     atomic.Int32
	mostMemory func() (int64, error)
	// awaitSync waits until the caches of an operator in this process have all that there is.
	awaitSync func(context.Context) bool
}

// startOperator runs an operator that sees one namespace, until the run ends or stop is called. One that the
// faults keep from starting is started again, as a kubelet does.
func (p *place) startOperator(faults ...proxy.Fault) *operator {
	p.t.Helper()
	var err error
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); {
		var o *operator
		if o, err = p.tryOperator(faults...); err == nil {
			p.t.Cleanup(o.stop)
			return o
		}
	}
	p.t.Fatalf("the operator does not start: %v", err)
	return nil
}

func (p *place) tryOperator(faults ...proxy.Fault) (*operator, error) {
	account, err := p.world.plane.ServiceAccountConfig(p.ctx, systemNamespace, operatorAccount)
	if err != nil {
		return nil, err
	}
	through, err := proxy.Start(account, slices.Concat(faults, p.view())...)
	if err != nil {
		return nil, err
	}
	o := &operator{proxy: through, log: &output.Buffer{}, since: time.Now()}
	ctx, cancel := context.WithCancel(context.Background())
	mgr, err := newManager(ctx, through.Config(account), p.wiring(p.namespace, o.log))
	if err != nil {
		cancel()
		through.Close()
		return nil, err
	}
	o.awaitSync = mgr.GetCache().WaitForCacheSync
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = mgr.Start(ctx) // it may well end with an error.
	}()
	o.stop = sync.OnceFunc(func() {
		cancel()
		through.Close()
		select {
		case <-done:
		case <-time.After(patience):
			p.differ("the operator does not end:\n%s", o.log.Tail())
		}
		o.expectNoPanic(p.run)
	})
	return o, nil
}

func (o *operator) expectNoPanic(r *run) {
	if text := o.log.String(); strings.Contains(text, "Observed a panic") || strings.Contains(text, "panic: ") {
		r.differ("the operator panicked:\n%s", text)
	}
}

// startCandidate runs an operator that takes part in the election of a leader. It is started again where it
// loses its lease, as a kubelet does.
func (p *place) startCandidate(faults ...proxy.Fault) *operator {
	p.t.Helper()
	account, err := p.world.plane.ServiceAccountConfig(p.ctx, systemNamespace, operatorAccount)
	p.must(err)
	through, err := proxy.Start(account, faults...)
	p.must(err)
	o := &operator{proxy: through, log: &output.Buffer{}, since: time.Now()}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for ctx.Err() == nil {
			if mgr, err := newManager(ctx, through.Config(account), p.wiring(p.namespace, o.log), electing(p.namespace)); err == nil {
				_ = mgr.Start(ctx)
			}
		}
	}()
	o.stop = sync.OnceFunc(func() {
		cancel()
		through.Close()
		<-ended
		o.expectNoPanic(p.run)
	})
	p.t.Cleanup(o.stop)
	return o
}

// electing has short leases, so that many can be lost.
func electing(namespace string) func(*ctrl.Options) {
	return func(options *ctrl.Options) {
		options.LeaderElection, options.LeaderElectionID, options.LeaderElectionNamespace = true, "faults", namespace
		options.LeaseDuration, options.RenewDeadline, options.RetryPeriod = ptr.To(8*time.Second), ptr.To(6*time.Second), ptr.To(time.Second)
	}
}

// wiring is what managers differ in.
type wiring struct {
	namespace string
	resync    time.Duration
	log       io.Writer
	// registry that is asked for images; "" where none are looked up, and no benchmarks are followed.
	registry string
	// source is the Prometheus that is asked for the traffic; "" for none.
	source string
}

func (r *run) wiring(namespace string, log io.Writer) wiring {
	w := wiring{namespace: namespace, resync: r.resyncPeriod(), log: log, source: r.source}
	if r.looksUp {
		w.registry = r.world.images.host
	}
	return w
}

func newManager(ctx context.Context, restConfig *rest.Config, w wiring, change ...func(*ctrl.Options)) (ctrl.Manager, error) {
	cacheOptions := caches.Options([]string{w.namespace})
	cacheOptions.SyncPeriod = ptr.To(w.resync)
	options := ctrl.Options{
		Scheme: newScheme(), Cache: cacheOptions, NewCache: caches.New(ctx),
		Metrics: metricsserver.Options{BindAddress: "0"}, HealthProbeBindAddress: "0",
		Logger:                  zap.New(zap.WriteTo(w.log)),
		Controller:              config.Controller{SkipNameValidation: ptr.To(true)},
		GracefulShutdownTimeout: ptr.To(10 * time.Second),
	}
	for _, set := range change {
		set(&options)
	}
	mgr, err := ctrl.NewManager(restConfig, options)
	if err != nil {
		return nil, err
	}
	reconciler := &elasticweb.Reconciler{
		Cached: mgr.GetClient(), Live: mgr.GetAPIReader(), Writer: mgr.GetClient(),
		Events:       mgr.GetEventRecorder(controllers.FieldManager),
		WatchesNodes: true, Concurrency: 10, Clock: clock.RealClock{}, Namespaces: []string{w.namespace},
	}
	if w.source != "" {
		reader, err := traffic.New(traffic.Options{Period: demandPeriod, Prometheus: &traffic.PrometheusServer{URL: w.source}, Deliver: reconciler.Deliver})
		if err != nil {
			return nil, err
		}
		if err := mgr.Add(reader); err != nil {
			return nil, err
		}
		reconciler.Traffic, reconciler.DemandPeriod = reader, demandPeriod
	}
	if w.registry == "" {
		return mgr, reconciler.SetupWithManager(ctx, mgr, nil)
	}
	resolved := make(chan event.GenericEvent)
	resolver, err := platforms.New(platforms.Options{
		UserAgent: operatorAccount, PlainHTTPRegistries: []string{w.registry},
		Notify: lookups.Requeue(elasticweb.Kind, resolved),
	})
	if err != nil {
		return nil, err
	}
	reconciler.Images, reconciler.ImageWait, reconciler.FollowsBenchmarks = resolver, imageWait, true
	return mgr, errors.Join(mgr.Add(resolver), reconciler.SetupWithManager(ctx, mgr, resolved))
}

// imageWait is how long operators wait for images before they make pods without knowing these.
const imageWait = 5 * time.Second
