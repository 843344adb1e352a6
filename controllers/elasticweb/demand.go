// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package elasticweb

import (
	"context"
	"reflect"
	"sync"
	"time"
	"unique"

	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/util/workqueue"
	"k8s.io/utils/clock"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"
	"sigs.k8s.io/controller-runtime/pkg/source"

	elasticwebv1 "github.com/elasticweb/elasticweb-operator/api/v1"
	"github.com/elasticweb/elasticweb-operator/internal/demand"
	"github.com/elasticweb/elasticweb-operator/internal/metrics"
	"github.com/elasticweb/elasticweb-operator/internal/plan"
	"github.com/elasticweb/elasticweb-operator/internal/status"
	"github.com/elasticweb/elasticweb-operator/internal/traffic"
)

// TrafficReader reads the traffic beside the workers, and gives each answer to Reconciler.Deliver.
type TrafficReader interface {
	Read(key types.NamespacedName, query traffic.Query, window time.Duration, earlierDays bool)
	// Forget waits for an answer that is being delivered.
	Forget(key types.NamespacedName)
}

// demands are what is decided from the traffic of ElasticWebs: where an answer comes in, so that no pass is needed to learn that nothing
// changes. Its zero value is empty, and it is safe for concurrent use.
type demands struct {
	reader TrafficReader
	period time.Duration
	clock  clock.PassiveClock
	// changed brings an ElasticWeb of which there is something new.
	changed func(types.NamespacedName)

	mu     sync.Mutex
	byName map[types.NamespacedName]*webDemand
}

// demandsChanged brings the ElasticWebs whose plan or status changes with their traffic.
func (r *Reconciler) demandsChanged() source.Source {
	return source.Func(func(_ context.Context, queue workqueue.TypedRateLimitingInterface[reconcile.Request]) error {
		r.demands.mu.Lock()
		defer r.demands.mu.Unlock()
		r.demands.changed = func(name types.NamespacedName) { queue.Add(reconcile.Request{NamespacedName: name}) }
		return nil
	})
}

// Deliver decides what an answer changes. It makes no request, and waits for none.
func (r *Reconciler) Deliver(key types.NamespacedName, answer traffic.Answer) {
	d := &r.demands
	d.mu.Lock()
	defer d.mu.Unlock()
	web := d.byName[key]
	if web == nil || len(answer.Samples) == 0 {
		return
	}
	if web.take(answer, d.clock.Now()) && d.changed != nil {
		d.changed(key)
	}
}

// observeDemand has the traffic read where the spec asks for it, and gives what was decided, what is to be told of it, and when to look
// again though nothing tells. Of one that is paused nothing is read, and what was planned last stays.
func (r *Reconciler) observeDemand(web *elasticwebv1.ElasticWeb, seen *plan.Observed) (told status.Traffic, again time.Duration) {
	key := client.ObjectKeyFromObject(web)
	if web.Spec.Demand == nil || plan.IsPaused(web) || r.demands.reader == nil {
		r.demands.forget(key)
		if web.Spec.Demand != nil {
			seen.Traffic = ptr.To(plan.ResumedTraffic(web, seen.Deployment))
		}
		return status.Traffic{}, 0
	}
	query := queryOf(web)
	r.demands.dropOthers(key, web.UID, query)
	told, again = r.demands.follow(key, web, query, seen)
	r.demands.reader.Read(key, query, windowOf(web.Spec.Demand), looksAhead(web.Spec.Demand))
	return told, again
}

// dropOthers sees to it that no answer to another query counts for this one.
func (d *demands) dropOthers(key types.NamespacedName, uid types.UID, query traffic.Query) {
	d.mu.Lock()
	known := d.byName[key]
	isOther := known != nil && (known.uid != uid || !reflect.DeepEqual(known.query, query))
	d.mu.Unlock()
	if isOther {
		d.reader.Forget(key) // it may wait for Deliver, which waits for the lock.
	}
}

// follow decides by the spec and the pods as they are now, and leaves in seen what it came to.
func (d *demands) follow(key types.NamespacedName, web *elasticwebv1.ElasticWeb, query traffic.Query, seen *plan.Observed) (told status.Traffic, again time.Duration) {
	settings, starts := settingsOf(&web.Spec, d.period), d.startsOf(key, web.UID)
	starts.see(seen.Pods, d.clock.Now())
	d.mu.Lock()
	defer d.mu.Unlock()
	now, known := d.clock.Now(), d.byName[key] // now, since an answer that came in meanwhile is later than any time of before.
	switch {
	case known == nil || known.uid != web.UID:
		known = newWebDemand(web, seen.Deployment, settings.Gap(), now)
	case !reflect.DeepEqual(known.query, query):
		known = known.another(now)
	}
	if d.byName == nil {
		d.byName = map[types.NamespacedName]*webDemand{}
	}
	d.byName[key] = known
	known.query, known.settings = query, unique.Make(settings)
	known.resume(web, seen.Deployment, now)
	known.starts = starts
	known.decide(nil, now)
	seen.Traffic = ptr.To(known.planned)
	return known.tell(now), known.again(now)
}

// startsOf are for the pass that is under way, of which an ElasticWeb has one at a time: it looks at its pods without the lock that the
// answers for all wait for.
func (d *demands) startsOf(key types.NamespacedName, uid types.UID) podStarts {
	d.mu.Lock()
	defer d.mu.Unlock()
	if known := d.byName[key]; known != nil && known.uid == uid {
		return known.starts
	}
	return podStarts{}
}

// forget ends what is read for an ElasticWeb.
func (d *demands) forget(key types.NamespacedName) {
	d.mu.Lock()
	_, isKnown := d.byName[key]
	delete(d.byName, key)
	d.mu.Unlock()
	if isKnown {
		d.reader.Forget(key)
	}
}

// Demands are what the metrics tell of the traffic of ElasticWebs.
func (r *Reconciler) Demands() []metrics.Demand {
	r.demands.mu.Lock()
	defer r.demands.mu.Unlock()
	all := make([]metrics.Demand, 0, len(r.demands.byName))
	for key, web := range r.demands.byName {
		if web.answer.isNone() {
			continue
		}
		all = append(all, metrics.Demand{
			Namespace: key.Namespace, Name: key.Name, Reason: string(web.decision.Reason), IsObserved: web.decision.Reason == demand.Observed,
			ObservedQPS: web.decision.Observed, ExpectedQPS: web.decision.Expected, PlannedQPS: web.planned.PlannedQPS, LeadTime: web.starts.lead,
		})
	}
	return all
}

func queryOf(web *elasticwebv1.ElasticWeb) traffic.Query {
	query, spec := traffic.Query{Namespace: web.Namespace}, web.Spec.Demand
	switch {
	case spec.Prometheus != nil:
		query.Prometheus = spec.Prometheus.Query
	case spec.External != nil:
		query.External = &traffic.ExternalMetric{Name: spec.External.Metric.Name, Selector: spec.External.Metric.Selector}
	case spec.Object != nil:
		object := spec.Object.DescribedObject
		query.Object = &traffic.ObjectMetric{
			APIVersion: object.APIVersion, Kind: object.Kind, Name: object.Name,
			Metric: spec.Object.Metric.Name, Selector: spec.Object.Metric.Selector,
		}
	}
	return query
}

func windowOf(spec *elasticwebv1.DemandSpec) time.Duration {
	seconds := elasticwebv1.DefaultStabilizationWindowSeconds
	if spec.Behavior != nil && spec.Behavior.ScaleDown != nil {
		seconds = ptr.Deref(spec.Behavior.ScaleDown.StabilizationWindowSeconds, seconds)
	}
	return time.Duration(seconds) * time.Second
}

func looksAhead(spec *elasticwebv1.DemandSpec) bool { return spec.Forecast != elasticwebv1.ForecastOff }

func settingsOf(spec *elasticwebv1.ElasticWebSpec, period time.Duration) demand.Settings {
	settings := demand.Settings{
		MinQPS: ptr.Deref(spec.Demand.MinQPS, 0), MaxQPS: ptr.Deref(spec.Demand.MaxQPS, 0), FallbackQPS: ptr.Deref(spec.Demand.FallbackQPS, 0),
		HeadroomPercent: ptr.Deref(spec.HeadroomPercent, 0), Stabilization: windowOf(spec.Demand), Period: period,
	}
	if looksAhead(spec.Demand) {
		settings.Forecast = demand.Auto
	}
	return settings
}
