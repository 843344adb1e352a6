// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package elasticweb

import (
	"sync"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	elasticwebv1 "github.com/elasticweb/elasticweb-operator/api/v1"
	"github.com/elasticweb/elasticweb-operator/internal/metrics"
	"github.com/elasticweb/elasticweb-operator/internal/observed"
	"github.com/elasticweb/elasticweb-operator/internal/plan"
)

// tally is what the metrics are told of ElasticWebs beside what the cache holds.
type tally struct {
	mu      sync.Mutex
	pods    map[types.NamespacedName][]observed.PodCount
	changes map[types.NamespacedName]*change
	// rebalanceWaits are those of ElasticWebs that wait for their next try to bring pods back.
	rebalanceWaits map[types.NamespacedName]time.Duration
	weights        map[types.NamespacedName]*metrics.Weights
}

// change is a spec that changed, and that is not all written or not Ready yet.
type change struct {
	generation     int64
	at, wrote      time.Time
	isDone, isMade bool // isDone: Ready; isMade: all is written.
}

// Pods are those of an ElasticWeb, as the last pass saw them.
func (r *Reconciler) Pods(name types.NamespacedName) []observed.PodCount {
	r.tally.mu.Lock()
	defer r.tally.mu.Unlock()
	return r.tally.pods[name]
}

// NodePortsAwaited is how many ElasticWebs wait for a node port.
func (r *Reconciler) NodePortsAwaited() int { return r.ports.Waiting() }

func (t *tally) count(web client.Object, pods []plan.Pod) {
	counts := observed.CountPods(pods)
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.pods == nil {
		t.pods = map[types.NamespacedName][]observed.PodCount{}
	}
	t.pods[client.ObjectKeyFromObject(web)] = counts
}

func (t *tally) forget(name types.NamespacedName) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.pods, name)
	delete(t.changes, name)
	delete(t.rebalanceWaits, name)
	delete(t.weights, name)
}

// began takes note of when a spec changed.
func (t *tally) began(web *elasticwebv1.ElasticWeb, now time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.changes == nil {
		t.changes = map[types.NamespacedName]*change{}
	}
	t.changes[client.ObjectKeyFromObject(web)] = &change{generation: web.Generation, at: now}
}

// underWay has do look at the change of an ElasticWeb, if there is one of this very spec, and forgets it once it has ended.
func (t *tally) underWay(web *elasticwebv1.ElasticWeb, do func(*change)) {
	t.mu.Lock()
	defer t.mu.Unlock()
	name := client.ObjectKeyFromObject(web)
	known := t.changes[name]
	if known == nil || known.generation != web.Generation {
		return
	}
	if do(known); known.isDone && known.isMade || plan.IsPaused(web) { // how long somebody pauses is no measure of the operator.
		delete(t.changes, name)
	}
}

// tallyPass counts what a pass wrote. It is complete where nothing is left to write.
func (r *Reconciler) tallyPass(web *elasticwebv1.ElasticWeb, demand plan.Demand, before, after plan.Observed, isComplete bool) {
	known := r.memory.of(web)
	if after.Deployment != before.Deployment {
		r.Passes.Decided(plan.CauseOf(before.Deployment, after.Deployment, demandMoved(known.demand, demand, before.Deployment, web.Generation)))
	}
	known.demand = demand
	hasWritten := before.Service != after.Service || before.Budget != after.Budget || before.Deployment != after.Deployment ||
		before.HTTPRoute != after.HTTPRoute || before.Route != after.Route || before.Ingress != after.Ingress
	r.tally.underWay(web, func(c *change) {
		if hasWritten {
			c.wrote = r.Clock.Now()
		}
		if isComplete && !c.isMade && !c.wrote.IsZero() {
			r.Passes.Written(c.wrote.Sub(c.at))
		}
		c.isMade = c.isMade || isComplete
	})
}

// demandMoved reports whether the spec asks for something else than in the last pass. Where there was none, as after a restart, it does so
// if the Deployment was not made of this spec yet: most else that is written then is not the demand's.
func demandMoved(last, now plan.Demand, made *appsv1.Deployment, generation int64) bool {
	if record := plan.RecordOf(made); record != nil && last.IsNone() {
		return record.Generation != generation
	}
	return last != now
}

// tallyReady takes note of when a changed ElasticWeb is Ready.
func (r *Reconciler) tallyReady(web *elasticwebv1.ElasticWeb, told elasticwebv1.ElasticWebStatus) {
	if !meta.IsStatusConditionTrue(told.Conditions, elasticwebv1.ConditionReady) {
		return
	}
	r.tally.underWay(web, func(c *change) {
		if !c.isDone {
			r.Passes.Ready(r.Clock.Now().Sub(c.at))
		}
		c.isDone = true
	})
}
