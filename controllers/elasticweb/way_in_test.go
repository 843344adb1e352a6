// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package elasticweb

import (
	"testing"
	"time"

	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	clocktesting "k8s.io/utils/clock/testing"

	elasticwebv1 "github.com/elasticweb/elasticweb-operator/api/v1"
	"github.com/elasticweb/elasticweb-operator/internal/apply"
	"github.com/elasticweb/elasticweb-operator/internal/plan"
	"github.com/elasticweb/elasticweb-operator/internal/way"
)

// One that a gateway's finalizer still keeps is about to go, when the spec asks for it again: the other one serves until it is made anew.
func TestAWayInStaysWhileTheOneThatIsAskedForEnds(t *testing.T) {
	clock := clocktesting.NewFakePassiveClock(time.Unix(1_000_000, 0))
	r := &Reconciler{applier: apply.New(nil, nil, "", apply.NewWritten(clock), clock)}
	there, ending := &way.HTTPRoute{}, &way.HTTPRoute{}
	ending.DeletionTimestamp = &metav1.Time{Time: clock.Now()}
	for name, tc := range map[string]struct {
		route *way.HTTPRoute
		asks  bool
		want  int
	}{
		"it is not made":        {nil, true, 0},
		"it ends":               {ending, true, 0},
		"it is there":           {there, true, 1},
		"none is asked for":     {nil, false, 1},
		"none is, and one ends": {ending, false, 2},
	} {
		web, seen := &elasticwebv1.ElasticWeb{}, &plan.Observed{HTTPRoute: tc.route, Ingress: &networkingv1.Ingress{}}
		if tc.asks {
			web.Spec.Expose = &elasticwebv1.ExposeSpec{HTTPRoute: &elasticwebv1.HTTPRouteSpec{}}
		}
		if got := len(r.removeWaysIn(t.Context(), web, seen, nil)); got != tc.want {
			t.Errorf("%s: %d are removed, want %d", name, got, tc.want)
		}
	}
}
