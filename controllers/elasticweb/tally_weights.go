// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package elasticweb

import (
	"slices"

	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	elasticwebv1 "github.com/elasticweb/elasticweb-operator/api/v1"
	"github.com/elasticweb/elasticweb-operator/internal/metrics"
	"github.com/elasticweb/elasticweb-operator/internal/plan"
	"github.com/elasticweb/elasticweb-operator/internal/resources"
	"github.com/elasticweb/elasticweb-operator/internal/way"
)

// Weights are those of the way in of an ElasticWeb; nil where it leads to one Service, and is meant to, where there is none, and while it is paused.
func (r *Reconciler) Weights(name types.NamespacedName) *metrics.Weights {
	r.tally.mu.Lock()
	defer r.tally.mu.Unlock()
	return r.tally.weights[name]
}

// tallyWeights takes note of the weights of a way in once a pass has written what it could.
func (r *Reconciler) tallyWeights(web *elasticwebv1.ElasticWeb, p *plan.Plan, seen *plan.Observed) {
	var told *metrics.Weights
	isThere := seen.HTTPRoute != nil || seen.Route != nil
	if plan.Weighs(&web.Spec) && isThere && !plan.IsPaused(web) { // while it is paused nothing follows, and nothing is to.
		told = weightsOf(web, r.memory.of(web).backends, resources.Backends(web, p), seen)
	}
	r.tally.mu.Lock()
	defer r.tally.mu.Unlock()
	if told == nil {
		delete(r.tally.weights, client.ObjectKeyFromObject(web))
		return
	}
	if r.tally.weights == nil {
		r.tally.weights = map[types.NamespacedName]*metrics.Weights{}
	}
	r.tally.weights[client.ObjectKeyFromObject(web)] = told
}

func weightsOf(web *elasticwebv1.ElasticWeb, written, due []way.Backend, seen *plan.Observed) *metrics.Weights {
	if len(written) < 2 && len(due) < 2 {
		return nil
	}
	told := &metrics.Weights{ByArchitecture: map[string]int32{}, IsStale: !slices.Equal(written, due) || !isTakenUp(web, seen)}
	for _, architecture := range elasticwebv1.Architectures {
		service := resources.TierServiceName(web.Name, string(architecture))
		if at := slices.IndexFunc(written, func(backend way.Backend) bool { return backend.Service == service }); at >= 0 {
			told.ByArchitecture[string(architecture)] = written[at].Weight
		}
	}
	return told
}

// isTakenUp reports whether whoever serves a way in says that it does so as it is now. Routers of OpenShift do not say which version they mean.
func isTakenUp(web *elasticwebv1.ElasticWeb, seen *plan.Observed) bool {
	if seen.HTTPRoute == nil || web.Spec.Expose.HTTPRoute == nil {
		return seen.Route != nil && seen.Route.Of().Outcome == way.Admitted
	}
	return seen.HTTPRoute.Of(way.ParentReferences(web), seen.HTTPRoute.Generation).Outcome == way.Admitted
}
