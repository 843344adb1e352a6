// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package elasticweb

import (
	"context"
	"errors"
	"maps"
	"slices"
	"time"

	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	elasticwebv1 "github.com/elasticweb/elasticweb-operator/api/v1"
	"github.com/elasticweb/elasticweb-operator/controllers"
	"github.com/elasticweb/elasticweb-operator/internal/apply"
	"github.com/elasticweb/elasticweb-operator/internal/observed"
	"github.com/elasticweb/elasticweb-operator/internal/plan"
	"github.com/elasticweb/elasticweb-operator/internal/podtemplate"
	"github.com/elasticweb/elasticweb-operator/internal/resources"
)

// rebalance decides about bringing pods back, on top of a plan that does without, and plans anew where that changes how many there are to
// be. again is when to look again though nothing tells; 0 for never.
func (r *Reconciler) rebalance(web *elasticwebv1.ElasticWeb, seen *plan.Observed, planned *plan.Plan) (scene plan.RebalanceScene, again time.Duration) {
	known := r.memory.of(web)
	scene = plan.SceneOf(web, planned, *seen)
	home := known.home()
	var step plan.RebalanceStep
	home.rebalance, again, step = plan.Rebalanced(home.rebalance, scene, r.Clock.Now())
	known.setHome(home)
	if step != "" {
		r.Passes.Rebalanced(step)
	}
	r.tally.waits(web, home.rebalance)
	if surge := home.rebalance.Surge; surge != seen.Surge {
		seen.Surge = surge
		*planned, _ = resources.PlanFor(web, seen)
	}
	return scene, controllers.Soonest(again, r.restart(web, seen, planned, &scene))
}

// restart decides about taking up what waits for a rollout, where the user allows that, and plans anew where it is. again is when to look
// again though nothing tells; 0 for never.
func (r *Reconciler) restart(web *elasticwebv1.ElasticWeb, seen *plan.Observed, planned *plan.Plan, scene *plan.RebalanceScene) (again time.Duration) {
	if scene.IsOn && !scene.IsRollingOut && plan.MayRestart(&web.Spec) && !plan.WasRestarted(&web.Spec, seen.Deployment) {
		scene.Awaits = resources.Awaits(web, *seen, planned)
	}
	known := r.memory.of(web)
	home := known.home()
	home.restart, again = home.restart.Next(*scene, home.rebalance.Surge, r.Clock.Now())
	known.setHome(home)
	if home.restart.Try != nil {
		seen.TakesUp = home.restart.Try
		*planned, _ = resources.PlanFor(web, seen)
	}
	return again
}

// noteRestart notes what became of taking up what waited for a rollout, and returns what of it is a problem. Where it is refused, the
// ElasticWeb is as well as before: that is none, and what else is to be written of the Deployment is, without it.
func (r *Reconciler) noteRestart(known *remembered, o *outcome, err error) error {
	refused, isRefused := errors.AsType[*apply.RefusedError](err)
	_, isForeign := errors.AsType[*apply.NotOwnedError](err)
	switch {
	case err == nil:
		r.Passes.Rebalanced(plan.StepRestarted)
	case isRefused && !isForeign:
		home := known.home()
		home.restart.Said = refused.Err.Error()
		known.setHome(home)
		r.Passes.Rebalanced(plan.StepRefused)
		o.retry = controllers.Soonest(o.retry, atOnce)
		return nil
	}
	return err
}

// RebalanceWait is how long an ElasticWeb waits between two tries to bring pods back; 0 where it waits for none.
func (r *Reconciler) RebalanceWait(name types.NamespacedName) time.Duration {
	r.tally.mu.Lock()
	defer r.tally.mu.Unlock()
	return r.tally.rebalanceWaits[name]
}

func (t *tally) waits(web client.Object, state plan.Rebalance) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if state.Phase != plan.RebalanceWaiting {
		delete(t.rebalanceWaits, client.ObjectKeyFromObject(web))
		return
	}
	if t.rebalanceWaits == nil {
		t.rebalanceWaits = map[types.NamespacedName]time.Duration{}
	}
	t.rebalanceWaits[client.ObjectKeyFromObject(web)] = state.Wait
}

// waitingToComeHome are the ElasticWebs that wait for their next try to bring pods back, and that more nodes take pods of than before.
func (r *Reconciler) waitingToComeHome(ctx context.Context, before, after observed.Nodes) (requests []reconcile.Request) {
	r.tally.mu.Lock()
	names := slices.Collect(maps.Keys(r.tally.rebalanceWaits))
	r.tally.mu.Unlock()
	for _, name := range names {
		cached := &elasticwebv1.ElasticWeb{}
		if err := r.Cached.Get(ctx, name, cached); err != nil {
			continue // it is gone.
		}
		web, _, _ := podtemplate.Resolved(cached)
		if after.HasMoreFor(nodeTerms(web, &plan.Observed{}), before) {
			requests = append(requests, reconcile.Request{NamespacedName: name})
		}
	}
	return requests
}
