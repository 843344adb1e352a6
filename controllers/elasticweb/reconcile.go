// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

// Package elasticweb reconciles ElasticWebs: it reads, has the pure packages decide, and writes.
package elasticweb

import (
	"cmp"
	"context"
	"errors"
	"reflect"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/tools/events"
	"k8s.io/utils/clock"
	"k8s.io/utils/ptr"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	elasticwebv1 "github.com/elasticweb/elasticweb-operator/api/v1"
	"github.com/elasticweb/elasticweb-operator/controllers"
	"github.com/elasticweb/elasticweb-operator/controllers/images"
	"github.com/elasticweb/elasticweb-operator/internal/apply"
	"github.com/elasticweb/elasticweb-operator/internal/metrics"
	"github.com/elasticweb/elasticweb-operator/internal/nodeports"
	"github.com/elasticweb/elasticweb-operator/internal/plan"
	"github.com/elasticweb/elasticweb-operator/internal/podtemplate"
	"github.com/elasticweb/elasticweb-operator/internal/resources"
	"github.com/elasticweb/elasticweb-operator/internal/status"
	"github.com/elasticweb/elasticweb-operator/internal/way"
)

// atOnce is a wait, as RequeueAfter takes none of 0.
const atOnce = time.Millisecond

// Reconciler brings the world to what ElasticWebs say.
type Reconciler struct {
	// Cached reads from the informers, Live from the API server, Writer writes.
	Cached client.Reader
	Live   client.Reader
	Writer client.Client
	// Events records what went wrong and was mended.
	Events events.EventRecorder
	// Images looks up what an image holds; nil to look nothing up.
	Images images.Lookup
	// ImageWait is how long a first creation waits for its image.
	ImageWait time.Duration
	// WatchesNodes is false where the operator may not read nodes.
	WatchesNodes bool
	// FollowsBenchmarks is false where ElasticWebBenchmarks are switched off: then none is read.
	FollowsBenchmarks bool
	// Traffic reads what comes in for ElasticWebs, once every DemandPeriod, and gives it to Deliver; nil to read nothing.
	Traffic      TrafficReader
	DemandPeriod time.Duration
	// Namespaces are those that are watched; none for all.
	Namespaces []string
	// Concurrency is how many ElasticWebs are reconciled at a time.
	Concurrency int
	// Passes counts what is done; nil where nobody reads it.
	Passes *metrics.Passes
	Clock  clock.PassiveClock

	tally   tally
	applier *apply.Applier
	written *apply.Written
	nodes   nodeCensus
	pools   karpenter
	images  images.Observer
	memory  memory
	ports   nodeports.Ports
	demands demands
	waysIn  *waysIn
	// obstacles are what has the names of ElasticWebs and is somebody else's.
	obstacles obstacles
}

// +kubebuilder:rbac:groups=elasticweb.example.com,resources=elasticwebs,verbs=get;list;watch;patch
// +kubebuilder:rbac:groups=elasticweb.example.com,resources=elasticwebs/status,verbs=patch
// +kubebuilder:rbac:groups=elasticweb.example.com,resources=elasticwebs/finalizers,verbs=update
// +kubebuilder:rbac:groups=apps,resources=deployments,verbs=get;list;watch;create;patch
// +kubebuilder:rbac:groups=apps,resources=replicasets,verbs=list;watch
// +kubebuilder:rbac:groups="",resources=services,verbs=get;list;watch;create;patch;delete
// +kubebuilder:rbac:groups=policy,resources=poddisruptionbudgets,verbs=get;list;watch;create;patch;delete
// +kubebuilder:rbac:groups=gateway.networking.k8s.io,resources=httproutes,verbs=get;list;watch;create;patch;delete
// +kubebuilder:rbac:groups=route.openshift.io,resources=routes,verbs=get;list;watch;create;patch;delete
// +kubebuilder:rbac:groups=route.openshift.io,resources=routes/custom-host,verbs=create;update
// +kubebuilder:rbac:groups=networking.k8s.io,resources=ingresses,verbs=get;list;watch;create;patch;delete
// +kubebuilder:rbac:groups="",resources=pods,verbs=list;watch;patch
// +kubebuilder:rbac:groups="",resources=nodes,verbs=list;watch
// +kubebuilder:rbac:groups="",resources=secrets;serviceaccounts,verbs=get
// +kubebuilder:rbac:groups=custom.metrics.k8s.io,resources=*,verbs=get
// +kubebuilder:rbac:groups=external.metrics.k8s.io,resources=*,verbs=list
// +kubebuilder:rbac:groups=events.k8s.io,resources=events,verbs=create;patch

// Reconcile reads what there is, decides what should be, writes what differs, and reports.
func (r *Reconciler) Reconcile(ctx context.Context, request ctrl.Request) (ctrl.Result, error) {
	web, err := r.get(ctx, request.NamespacedName)
	if err != nil || web == nil {
		return ctrl.Result{}, err
	}
	if !web.DeletionTimestamp.IsZero() {
		r.demands.forget(request.NamespacedName)
		return ctrl.Result{}, nil // the garbage collector takes what the ElasticWeb owns.
	}
	web, words, refusal := podtemplate.Resolved(web)
	if web.UnreadableSpec != "" {
		return r.reportUnreadable(ctx, web)
	}
	seen, err := r.observe(ctx, web, refusal != nil)
	if err != nil {
		return ctrl.Result{}, err
	}
	var withheld map[string]error
	if !plan.IsPaused(web) {
		var retry time.Duration
		if withheld, retry, err = r.takeBack(ctx, web, &seen.Observed); retry > 0 || err != nil {
			return ctrl.Result{RequeueAfter: retry}, err
		}
	}
	retry, err := r.isBehind(ctx, web, &seen.Observed)
	if retry > 0 {
		return ctrl.Result{RequeueAfter: retry}, nil // this spec is older than what was made already.
	}
	planned, unfit := resources.PlanFor(web, &seen.Observed)
	scene, rebalanced := r.rebalance(web, &seen.Observed, &planned)
	before := seen.Observed
	carried := outcome{err: err, isUnfinished: err != nil}
	if err == nil {
		carried = r.carryOut(ctx, web, &planned, &seen.Observed, withheld)
	}
	if carried.isStale || carried.isEnding { // another spec is to be told of, or nothing any more.
		return ctrl.Result{RequeueAfter: carried.retry}, nil
	}
	home := r.memory.of(web).home()
	reported, err := r.report(ctx, web, status.Input{
		Web: web, Plan: &planned, Observed: seen.Observed, WayIn: carried.wayIn, Unweighed: cmp.Or(carried.unweighed, r.memory.of(web).refusedWeights.told(web, r.Clock.Now())), Problems: append(carried.told(), status.TemplateProblems(refusal, unfit)...), IsUnfinished: carried.isUnfinished,
		Paused: plan.IsPaused(web), Contestant: carried.contestant, Benchmark: seen.benchmark, Traffic: seen.traffic, Words: words,
		Rebalance: status.Rebalance{State: home.rebalance, Scene: scene, Restart: home.restart},
	})
	again := r.followUp(web, planned, before, seen.Observed)
	r.tallyWeights(web, &planned, &seen.Observed)
	r.tallyPass(web, planned.Demand, before, seen.Observed, again == 0 && carried.isComplete() && !planned.WaitsForImage)
	return ctrl.Result{RequeueAfter: controllers.Soonest(seen.retry, carried.retry, reported, again, rebalanced)}, errors.Join(carried.err, err)
}

// followUp is when to look again because what was made changes the plan; 0 for never. No event does: those of the
// operator's own writes are left out.
func (r *Reconciler) followUp(web *elasticwebv1.ElasticWeb, planned plan.Plan, before, after plan.Observed) time.Duration {
	if r.hasMissed(web) {
		return atOnce
	}
	if isWeighted(&before) != isWeighted(&after) {
		return atOnce // what is in force is another spread; routers of OpenShift do not tell.
	}
	if before.Service == after.Service && before.Budget == after.Budget && before.Deployment == after.Deployment {
		return 0
	}
	if minReadySeconds(before.Deployment) != minReadySeconds(after.Deployment) {
		return atOnce // the pods were counted by the old one.
	}
	next := plan.Make(web, after)
	planned.Shrinks, next.Shrinks = false, false // it has shrunk.
	planned.Stamps, next.Stamps = nil, nil       // they are made.
	if reflect.DeepEqual(planned, next) {
		return 0
	}
	return atOnce
}

// hasMissed reports, once, whether an event of what bears the ElasticWeb's name, or is a Service by architecture of it, was left out and was
// none of the operator's own.
func (r *Reconciler) hasMissed(web *elasticwebv1.ElasticWeb) (missed bool) {
	missed = r.written.Missed(client.ObjectKeyFromObject(web))
	if r.memory.of(web).hasNoTiers {
		return missed
	}
	for _, name := range tierNames(client.ObjectKeyFromObject(web)) {
		missed = r.written.Missed(name) || missed
	}
	return missed
}

func minReadySeconds(deployment *appsv1.Deployment) int32 {
	return ptr.Deref(deployment, appsv1.Deployment{}).Spec.MinReadySeconds
}

// get is the ElasticWeb as the cache has it, or as it was last written where the cache lags; nil where it
// is gone.
func (r *Reconciler) get(ctx context.Context, name types.NamespacedName) (*elasticwebv1.ElasticWeb, error) {
	cached := &elasticwebv1.ElasticWeb{}
	err := r.Cached.Get(ctx, name, cached)
	if apierrors.IsNotFound(err) {
		r.forget(name)
		return nil, nil //nolint:nilnil // a deleted object is no error.
	}
	if err != nil {
		return nil, err
	}
	web, _ := apply.Newest(r.written, Kind, name, cached)
	if web.UID != cached.UID {
		r.forget(name)
		web = cached
	}
	return web, nil
}

func (r *Reconciler) forget(name types.NamespacedName) {
	r.written.Missed(name) // nothing is left to look at again.
	for _, kind := range []string{kindDeployment, kindService, kindBudget, way.KindHTTPRoute, way.KindRoute, way.KindIngress, kindPod, kindStatus, Kind} {
		r.applier.Forget(kind, name)
	}
	for _, tier := range tierNames(name) {
		r.written.Missed(tier)
		r.applier.Forget(kindService, tier)
	}
	r.images.Forget(name)
	r.ports.StopWaiting(name)
	r.obstacles.keep(name, nil)
	r.demands.forget(name)
	r.memory.forget(name)
	r.tally.forget(name)
}
