// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package elasticweb

import (
	"encoding/json"
	"errors"
	"fmt"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime/schema"
	clocktesting "k8s.io/utils/clock/testing"

	elasticwebv1 "github.com/elasticweb/elasticweb-operator/api/v1"
	"github.com/elasticweb/elasticweb-operator/internal/apply"
	"github.com/elasticweb/elasticweb-operator/internal/plan"
	"github.com/elasticweb/elasticweb-operator/internal/way"
)

// 100 pods that flap change the weights at each look: few of them are written, the wait ends within a second, and the last ones are.
func TestWeightsOfPodsThatFlapAreFewWrites(t *testing.T) {
	clock := clocktesting.NewFakePassiveClock(time.Unix(1_000_000, 0))
	r, web := &Reconciler{Clock: clock}, &elasticwebv1.ElasticWeb{}
	web.Namespace, web.Name = "dev", "shop"
	backends := func(weight int32) []way.Backend { return []way.Backend{{Service: "shop-arm64", Weight: weight}} }
	remembered := r.memory.of(web)
	remembered.backends = backends(0)
	const seconds = 60
	writes := 0
	for i := range 100 * seconds {
		clock.SetTime(clock.Now().Add(time.Second / 100))
		wanted := backends(1 + int32(i%100)) //nolint:gosec // below 100.
		wait, tooSoon := r.isTooSoon(web, wanted)
		switch {
		case tooSoon && (wait <= 0 || wait > time.Second):
			t.Fatalf("it is to wait for %s", wait)
		case !tooSoon:
			remembered.backends = wanted
			writes++
		}
	}
	if perSecond := float64(writes) / seconds; perSecond > 3 || perSecond < 2 {
		t.Errorf("%.1f writes a second", perSecond)
	}
	if wait, tooSoon := r.isTooSoon(web, remembered.backends); tooSoon {
		t.Errorf("what was written is held back for %s", wait)
	}
	last := backends(1000)
	if wait, tooSoon := r.isTooSoon(web, last); tooSoon {
		clock.SetTime(clock.Now().Add(wait))
		if _, tooSoon = r.isTooSoon(web, last); tooSoon {
			t.Error("the last state is held back for longer than was said")
		}
	}
}

// A Service goes only when no gateway leads requests to it any more.
func TestServicesStayWhileTheWayInLeadsThere(t *testing.T) {
	const weighted, plain = `[{"name": "shop-arm64", "weight": 1}, {"name": "shop-amd64", "weight": 2}]`, `[{"name": "shop", "weight": 1}]`
	said := func(status string, generation int) string {
		return fmt.Sprintf(`[{"parentRef": {"name": "public"}, "controllerName": "example.com/c", "conditions": [
			{"type": "Accepted", "status": %[1]q, "observedGeneration": %[2]d}, {"type": "ResolvedRefs", "status": "True", "observedGeneration": %[2]d}]}]`, status, generation)
	}
	for name, tc := range map[string]struct {
		backends, parents string
		isAsked, want     bool
	}{
		"by weights":                          {weighted, said("True", 2), true, true},
		"by weights, and not asked for":       {weighted, said("True", 2), false, true},
		"the gateway has not seen the change": {plain, said("True", 1), true, true},
		"it has":                              {plain, said("True", 2), true, false},
		"nobody serves it":                    {plain, `[]`, true, false},
		"it is refused":                       {plain, said("False", 1), true, false},
		"not asked for":                       {plain, said("True", 1), false, false},
	} {
		t.Run(name, func(t *testing.T) {
			route := &way.HTTPRoute{}
			text := fmt.Sprintf(`{"metadata": {"namespace": "dev", "generation": 2}, "spec": {"rules": [{"backendRefs": %s}]}, "status": {"parents": %s}}`, tc.backends, tc.parents)
			if err := json.Unmarshal([]byte(text), route); err != nil {
				t.Fatal(err)
			}
			web := &elasticwebv1.ElasticWeb{}
			if tc.isAsked {
				web.Spec.Expose = &elasticwebv1.ExposeSpec{HTTPRoute: &elasticwebv1.HTTPRouteSpec{ParentRefs: []elasticwebv1.GatewayReference{{Name: "public"}}}}
			}
			if got := leadsByWeights(web, &plan.Observed{HTTPRoute: route}); got != tc.want {
				t.Errorf("%t, want %t", got, tc.want)
			}
		})
	}
	if leadsByWeights(&elasticwebv1.ElasticWeb{}, &plan.Observed{}) {
		t.Error("nothing leads by weights")
	}
}

// While nobody can tell whether a way in leads there, no Service goes.
func TestServicesStayWhileAKindIsNotKnown(t *testing.T) {
	clock := clocktesting.NewFakePassiveClock(time.Unix(1_000_000, 0))
	ofRoutes := schema.GroupResource{Group: "route.openshift.io", Resource: "routes"}
	for name, tc := range map[string]struct {
		why  error
		want bool
	}{
		"not looked for yet":           {nil, false},
		"the operator may not read it": {errNotServed{apierrors.NewForbidden(ofRoutes, "", nil)}, false},
		"its server is away":           {apierrors.NewServiceUnavailable("away"), false},
		"the cluster does not have it": {errors.Join(errNotServed{apierrors.NewNotFound(ofRoutes, "")}, nil), true},
	} {
		kinds := &waysIn{byKind: map[string]*wayKind{way.KindRoute: {why: tc.why}}}
		if got := kinds.areKnown(); got != tc.want {
			t.Errorf("%s: %t, want %t", name, got, tc.want)
		}
		web, service := &elasticwebv1.ElasticWeb{}, &corev1.Service{}
		r := &Reconciler{waysIn: kinds, applier: apply.New(nil, nil, "", apply.NewWritten(clock), clock)}
		seen := &plan.Observed{Tiers: map[string]*corev1.Service{"arm64": service}}
		if errs := r.removeTierServices(t.Context(), web, &plan.Plan{}, seen, nil); (len(errs) > 0) != tc.want {
			t.Errorf("%s: %d Services removed", name, len(errs))
		}
	}
}
