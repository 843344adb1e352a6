// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package elasticweb

import (
	"context"
	"errors"
	"maps"
	"slices"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"sigs.k8s.io/controller-runtime/pkg/client"

	elasticwebv1 "github.com/elasticweb/elasticweb-operator/api/v1"
	"github.com/elasticweb/elasticweb-operator/controllers"
	"github.com/elasticweb/elasticweb-operator/internal/apply"
	"github.com/elasticweb/elasticweb-operator/internal/plan"
	"github.com/elasticweb/elasticweb-operator/internal/resources"
	"github.com/elasticweb/elasticweb-operator/internal/status"
	"github.com/elasticweb/elasticweb-operator/internal/way"
)

// observeWaysIn reads the ways in that there are, of the kinds that are watched: also those that the spec does not ask for any more.
func (r *Reconciler) observeWaysIn(ctx context.Context, web *elasticwebv1.ElasticWeb, seen *plan.Observed) error {
	return errors.Join(
		ownedWayIn(ctx, r, way.KindHTTPRoute, web, &seen.HTTPRoute),
		ownedWayIn(ctx, r, way.KindRoute, web, &seen.Route),
		ownedWayIn(ctx, r, way.KindIngress, web, &seen.Ingress))
}

func ownedWayIn[T children, P childOf[T]](ctx context.Context, r *Reconciler, kind string, web *elasticwebv1.ElasticWeb, object *P) error {
	reader, _ := r.waysIn.readerOf(kind)
	if reader == nil {
		return nil
	}
	return ownedIn(ctx, r, reader, kind, web, object)
}

// makeWayIn makes what spec.expose asks for, if anything.
func (r *Reconciler) makeWayIn(
	ctx context.Context, web *elasticwebv1.ElasticWeb, p *plan.Plan, seen *plan.Observed, withheld map[string]error, confirm confirmation, result *outcome,
) {
	kind := way.KindOf(web)
	if kind == "" {
		return
	}
	if err := withheld[kind]; err != nil { // it counts already.
		result.tellWayIn(err)
		return
	}
	if reader, why := r.waysIn.readerOf(kind); reader == nil {
		r.waysIn.ask(kind)
		result.wayIn = notWatched(kind, why)
		if result.wayIn == nil {
			result.isUnfinished = true
		} else {
			result.problems = append(result.problems, *result.wayIn)
		}
		return
	}
	backends := resources.Backends(web, p)
	if retry, tooSoon := r.isTooSoon(web, backends); tooSoon {
		result.retry = controllers.Soonest(result.retry, retry)
		return
	}
	wasWeighted := isWeighted(seen)
	err := r.applyWayIn(ctx, web, seen, kind, backends, confirm)
	if err == nil {
		result.retry = controllers.Soonest(result.retry, r.noteBackends(web, seen, backends, wasWeighted))
	}
	result.add(err)
	result.tellWayIn(err)
}

func (r *Reconciler) applyWayIn(
	ctx context.Context, web *elasticwebv1.ElasticWeb, seen *plan.Observed, kind string, backends []way.Backend, confirm confirmation,
) error {
	switch intent := (apply.Intent{Kind: kind, Confirm: confirm}); kind {
	case way.KindHTTPRoute:
		intent.Configuration = resources.HTTPRoute(web, resources.ServicePort(web, seen.Service), backends)
		return applyObject(ctx, r, web, intent, &seen.HTTPRoute)
	case way.KindRoute:
		intent.Configuration = resources.Route(web, backends)
		return applyObject(ctx, r, web, intent, &seen.Route)
	default:
		intent.Configuration = resources.Ingress(web)
		return applyObject(ctx, r, web, intent, &seen.Ingress)
	}
}

// notWatched is the problem of a kind that is not watched; nil where it is not known yet why: whoever wants it is woken then.
func notWatched(kind string, why error) *status.Problem {
	if why == nil {
		return nil
	}
	problem := status.KindNotServed(kind)
	if apierrors.IsForbidden(why) {
		problem = status.KindUnreadable(kind, why)
	}
	return &problem
}

// removeWaysIn removes those that the spec does not ask for, once the one that it does ask for is there, and does not end: until then they serve.
func (r *Reconciler) removeWaysIn(ctx context.Context, web *elasticwebv1.ElasticWeb, seen *plan.Observed, confirm confirmation) []error {
	asked, made := way.KindOf(web), waysInOf(seen)
	if asked != "" && (made[asked] == nil || made[asked].GetDeletionTimestamp() != nil) {
		return nil
	}
	var errs []error
	for _, kind := range slices.Sorted(maps.Keys(made)) {
		if kind != asked {
			errs = append(errs, r.applier.Delete(ctx, kind, web.UID, made[kind], confirm))
		}
	}
	return errs
}

// waysInOf are the ways in that there are, by kind.
func waysInOf(seen *plan.Observed) map[string]client.Object {
	made := map[string]client.Object{}
	if seen.HTTPRoute != nil {
		made[way.KindHTTPRoute] = seen.HTTPRoute
	}
	if seen.Route != nil {
		made[way.KindRoute] = seen.Route
	}
	if seen.Ingress != nil {
		made[way.KindIngress] = seen.Ingress
	}
	return made
}
