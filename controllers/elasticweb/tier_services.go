// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package elasticweb

import (
	"context"
	"fmt"
	"slices"
	"time"

	"golang.org/x/time/rate"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	elasticwebv1 "github.com/elasticweb/elasticweb-operator/api/v1"
	"github.com/elasticweb/elasticweb-operator/controllers"
	"github.com/elasticweb/elasticweb-operator/internal/apply"
	"github.com/elasticweb/elasticweb-operator/internal/plan"
	"github.com/elasticweb/elasticweb-operator/internal/resources"
	"github.com/elasticweb/elasticweb-operator/internal/way"
)

// knownToGateways is how old a Service is before requests are sent to it: gateways learn of its pods in their own time, and answer 500
// or 503 until then.
const knownToGateways = 5 * time.Second

// weightsInterval is how far writes of a way in are apart at least, so that pods that flap make no storm: what is due then is the last
// state. weightsBurst of them may come at once.
const (
	weightsInterval = 400 * time.Millisecond
	weightsBurst    = 2
)

// tierNames are those that the Services by architecture of an ElasticWeb may have.
func tierNames(web types.NamespacedName) (names []types.NamespacedName) {
	for _, architecture := range elasticwebv1.Architectures {
		names = append(names, types.NamespacedName{Namespace: web.Namespace, Name: resources.TierServiceName(web.Name, string(architecture))})
	}
	return names
}

// observeWay reads the Services by architecture, and whether the way in is served. retry is when one of them is old enough.
func (r *Reconciler) observeWay(ctx context.Context, web *elasticwebv1.ElasticWeb, seen *plan.Observed) (retry time.Duration, err error) {
	remembered := r.memory.of(web)
	if !plan.Weighs(&web.Spec) && remembered.hasNoTiers {
		return 0, nil
	}
	seen.Way.IsInForce = isInForce(web, seen, remembered, r.Clock.Now())
	seen.Way.RefusesStamps = remembered.refusesStamps
	isAny := false
	retry, err = readWay(ctx, r.Cached, web, seen, r.Clock.Now(), func(name client.ObjectKey, read *corev1.Service) *corev1.Service {
		newest, _ := apply.Newest(r.written, kindService, name, read)
		isAny = isAny || newest != nil
		return newest
	})
	if answer, isWeighted := answerToWeights(web, seen, remembered.weightsSince); isWeighted {
		remembered.refusedWeights.note(web, way.KindOf(web), answer, r.Clock.Now())
	}
	if left := remembered.refusedWeights.left(web, r.Clock.Now()); left > 0 {
		seen.Way.IsAdmitted = false
		retry = controllers.Soonest(retry, left)
	}
	if left := remembered.weightsAt.Add(knownToGateways).Sub(r.Clock.Now()); left > 0 {
		retry = controllers.Soonest(retry, left)
	}
	remembered.hasNoTiers = err == nil && !isAny && !plan.Weighs(&web.Spec)
	return retry, err
}

// readWay does so with any reader. newest is given what was read, nil for none, and may know better.
func readWay(
	ctx context.Context, reader client.Reader, web *elasticwebv1.ElasticWeb, seen *plan.Observed, now time.Time,
	newest func(client.ObjectKey, *corev1.Service) *corev1.Service,
) (retry time.Duration, err error) {
	seen.Way.IsAdmitted = isAdmitted(web, seen)
	for _, architecture := range elasticwebv1.Architectures {
		name := client.ObjectKey{Namespace: web.Namespace, Name: resources.TierServiceName(web.Name, string(architecture))}
		service := &corev1.Service{}
		if err := reader.Get(ctx, name, service); apierrors.IsNotFound(err) {
			service = nil
		} else if err != nil {
			return 0, fmt.Errorf("read %s %s: %w", kindService, name.Name, err)
		}
		if service = newest(name, service); service == nil || !metav1.IsControlledBy(service, web) {
			continue
		}
		if seen.Tiers == nil {
			seen.Tiers, seen.Way.Services = map[string]*corev1.Service{}, map[string]bool{}
		}
		left := service.CreationTimestamp.Add(knownToGateways).Sub(now)
		seen.Tiers[string(architecture)], seen.Way.Services[string(architecture)] = service, left <= 0
		retry = controllers.Soonest(retry, max(left, 0))
	}
	return retry, nil
}

// isAdmitted reports whether whoever serves the way in says that it does, be it of a version before: weights change often.
func isAdmitted(web *elasticwebv1.ElasticWeb, seen *plan.Observed) bool {
	answer, _ := answerToWeights(web, seen, 0)
	return answer.Outcome == way.Admitted
}

// isInForce reports whether those who serve a way in go by weights. An HTTPRoute's gateways say which version they have seen; routers of OpenShift do
// not, and are given as long as for a Service. Weights that another operator wrote have been seen meanwhile.
func isInForce(web *elasticwebv1.ElasticWeb, seen *plan.Observed, remembered *remembered, now time.Time) bool {
	switch {
	case !isAdmitted(web, seen):
		return false
	case web.Spec.Expose.HTTPRoute != nil:
		return seen.HTTPRoute.IsWeighted() && seen.HTTPRoute.Of(way.ParentReferences(web), remembered.weightsSince).Outcome == way.Admitted
	default:
		return seen.Route.IsWeighted() && !now.Before(remembered.weightsAt.Add(knownToGateways))
	}
}

// noteBackends remembers what a way in was written with, and since which version and when that is weights. What another operator left without
// weights has none that gateways know.
func (r *Reconciler) noteBackends(web *elasticwebv1.ElasticWeb, seen *plan.Observed, backends []way.Backend, wasWeighted bool) (retry time.Duration) {
	remembered := r.memory.of(web)
	begins := len(backends) > 1 && (len(remembered.backends) == 1 || !wasWeighted)
	remembered.backends = backends
	switch {
	case begins && seen.HTTPRoute != nil:
		remembered.weightsSince = seen.HTTPRoute.Generation
	case begins && seen.Route != nil:
		remembered.weightsAt = r.Clock.Now()
		return knownToGateways
	}
	return 0
}

// makeTierServices makes the Services by architecture, each whatever became of the others.
func (r *Reconciler) makeTierServices(
	ctx context.Context, web *elasticwebv1.ElasticWeb, p *plan.Plan, seen *plan.Observed, withheld map[string]error, confirm confirmation, result *outcome,
) {
	port := resources.ServicePort(web, seen.Service)
	for _, architecture := range p.WeighedArchitectures {
		name := resources.TierServiceName(web.Name, architecture)
		if withheld[childKey(web, kindService, name)] != nil { // it counts already.
			continue
		}
		intent := apply.Intent{
			Kind: kindService, Configuration: resources.TierService(web, architecture, port), Confirm: confirm,
			Namespace: web.Namespace, Name: name, Owner: web.UID, Into: &corev1.Service{},
		}
		var known client.Object
		if service := seen.Tiers[architecture]; service != nil {
			known = service
		}
		applied, err := r.applier.Apply(ctx, intent, known)
		result.addTier(err)
		service, isService := applied.(*corev1.Service)
		if err != nil || !isService {
			continue
		}
		if seen.Tiers == nil {
			seen.Tiers = map[string]*corev1.Service{}
		}
		seen.Tiers[architecture] = service
		if known == nil {
			result.retry = controllers.Soonest(result.retry, knownToGateways) // nothing tells.
		}
	}
}

// removeTierServices removes those that nothing leads to any more.
func (r *Reconciler) removeTierServices(ctx context.Context, web *elasticwebv1.ElasticWeb, p *plan.Plan, seen *plan.Observed, confirm confirmation) []error {
	if plan.Weighs(&web.Spec) && (len(p.Tiers) > 0 || len(p.WeighedArchitectures) == 0) {
		return nil // the template may be on its way; they cost nothing.
	}
	if leadsByWeights(web, seen) || !r.waysIn.areKnown() {
		return nil // requests would find none. What changes that is an event.
	}
	var errs []error
	for architecture, service := range seen.Tiers {
		if !slices.Contains(p.WeighedArchitectures, architecture) {
			errs = append(errs, r.applier.Delete(ctx, kindService, web.UID, service, confirm))
		}
	}
	return errs
}

// leadsByWeights reports whether a way in leads to Services by architecture, as far as those who serve it have been heard.
func leadsByWeights(web *elasticwebv1.ElasticWeb, seen *plan.Observed) bool {
	if isWeighted(seen) {
		return true
	}
	if seen.HTTPRoute == nil || web.Spec.Expose == nil || web.Spec.Expose.HTTPRoute == nil {
		return false
	}
	parents := way.ParentReferences(web)
	return seen.HTTPRoute.Of(parents, 0).Outcome == way.Admitted && seen.HTTPRoute.Of(parents, seen.HTTPRoute.Generation).Outcome != way.Admitted
}

// isWeighted reports whether a way in leads to several Services.
func isWeighted(seen *plan.Observed) bool {
	return seen.HTTPRoute != nil && seen.HTTPRoute.IsWeighted() || seen.Route != nil && seen.Route.IsWeighted()
}

// isTooSoon reports whether the way in was written not long ago, and is to have other backends now. It has them when it is looked at again.
func (r *Reconciler) isTooSoon(web *elasticwebv1.ElasticWeb, backends []way.Backend) (retry time.Duration, tooSoon bool) {
	remembered := r.memory.of(web)
	if remembered.backends == nil || slices.Equal(remembered.backends, backends) {
		return 0, false
	}
	if remembered.weightsPace == nil {
		remembered.weightsPace = rate.NewLimiter(rate.Every(weightsInterval), weightsBurst)
	}
	reservation := remembered.weightsPace.ReserveN(r.Clock.Now(), 1)
	if wait := reservation.DelayFrom(r.Clock.Now()); wait > 0 {
		reservation.CancelAt(r.Clock.Now())
		return wait, true
	}
	return 0, false
}
