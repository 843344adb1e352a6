// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package elasticweb

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	clocktesting "k8s.io/utils/clock/testing"

	elasticwebv1 "github.com/elasticweb/elasticweb-operator/api/v1"
	"github.com/elasticweb/elasticweb-operator/internal/plan"
	"github.com/elasticweb/elasticweb-operator/internal/way"
)

const (
	byWeights = `[{"name": "shop-arm64", "weight": 1}, {"name": "shop-amd64", "weight": 2}]`
	byOne     = `[{"name": "shop", "weight": 1}]`
)

// routed is an ElasticWeb with an HTTPRoute of version 2 that leads to backends, and of which its Gateway said so of a version.
func routed(t *testing.T, backends, accepted string, of int) (*elasticwebv1.ElasticWeb, *plan.Observed) {
	t.Helper()
	web, route := &elasticwebv1.ElasticWeb{}, &way.HTTPRoute{}
	web.Namespace, web.Name, web.Generation = "dev", "shop", 1
	web.Spec.Expose = &elasticwebv1.ExposeSpec{HTTPRoute: &elasticwebv1.HTTPRouteSpec{ParentRefs: []elasticwebv1.GatewayReference{{Name: "public"}}}}
	text := fmt.Sprintf(`{"metadata": {"namespace": "dev", "generation": 2}, "spec": {"rules": [{"backendRefs": %s}]}, "status": {"parents": [
		{"parentRef": {"name": "public"}, "conditions": [{"type": "Accepted", "status": %q, "reason": "UnsupportedValue", "observedGeneration": %d}]}]}}`, backends, accepted, of)
	if err := json.Unmarshal([]byte(text), route); err != nil {
		t.Fatal(err)
	}
	return web, &plan.Observed{HTTPRoute: route}
}

func TestAnswerToWeights(t *testing.T) {
	for name, tc := range map[string]struct {
		backends, accepted string
		of                 int
		want               way.Outcome
		isWeighted         bool
	}{
		"refused":                  {byWeights, "False", 2, way.Refused, true},
		"refused before they came": {byWeights, "False", 1, way.Awaiting, true},
		"served":                   {byWeights, "True", 2, way.Admitted, true},
		"refused without":          {byOne, "False", 2, way.Refused, false},
	} {
		web, seen := routed(t, tc.backends, tc.accepted, tc.of)
		if answer, isWeighted := answerToWeights(web, seen, 2); answer.Outcome != tc.want || isWeighted != tc.isWeighted {
			t.Errorf("%s: %v, weighted %t", name, answer.Outcome, isWeighted)
		}
	}
}

// A gateway that takes no weights serves the way in without, so that they would be tried for ever, with a gap each time.
func TestWeightsThatAreRefusedAreTriedEverMoreSeldom(t *testing.T) {
	web, now := &elasticwebv1.ElasticWeb{}, time.Unix(1_000_000, 0)
	web.Spec.Expose = &elasticwebv1.ExposeSpec{HTTPRoute: &elasticwebv1.HTTPRouteSpec{}}
	refused, tries := refusedWeights{}, 0
	answer := way.Answer{Outcome: way.Refused, Who: "dev/public", Reason: "UnsupportedValue", Said: "one backend"}
	for end := now.Add(7 * 24 * time.Hour); now.Before(end); now = now.Add(10 * time.Second) {
		web.Generation++ // as an autoscaler makes it.
		if refused.left(web, now) == 0 {
			tries++
			refused.note(web, way.KindHTTPRoute, answer, now)
		}
		refused.note(web, way.KindHTTPRoute, answer, now.Add(time.Second)) // until it is written without.
	}
	if tries < 12 || tries > 18 {
		t.Errorf("%d tries in a week", tries)
	}
	if told := refused.told(web, now); !strings.HasPrefix(told, "the Gateway dev/public refused weights (UnsupportedValue: one backend)") {
		t.Errorf("it is told: %s", told)
	}

	web.Spec.Expose.HTTPRoute.PathPrefix = "/shop"
	if refused.left(web, now) != 0 || refused.told(web, now) != "" {
		t.Error("another way in is not tried")
	}
	refused.note(web, way.KindHTTPRoute, answer, now)
	if left := refused.left(web, now); left != firstTryOfWeights {
		t.Errorf("another way in is tried again after %s", left)
	}
	later := refused.until.Add(time.Hour) // they served meanwhile.
	refused.note(web, way.KindHTTPRoute, answer, later)
	if left := refused.left(web, later); left != firstTryOfWeights {
		t.Errorf("what has served for an hour is tried again after %s", left)
	}
	admitted := refusedWeights{}
	admitted.note(web, way.KindHTTPRoute, way.Answer{Outcome: way.Admitted}, now)
	if admitted != (refusedWeights{}) {
		t.Errorf("%+v of weights that are served", admitted)
	}
}

// A restarted operator writes the first weights: they are in force when the gateway has seen them, not before, or pods would go too early.
func TestFirstWeightsOfAnOperatorAreNotInForceAtOnce(t *testing.T) {
	backends := []way.Backend{{Service: "shop-arm64", Weight: 1}, {Service: "shop-amd64", Weight: 2}}
	for name, tc := range map[string]struct {
		wasWeighted, want bool
	}{
		"it wrote them":      {false, false},
		"another wrote them": {true, true},
	} {
		r := &Reconciler{Clock: clocktesting.NewFakePassiveClock(time.Unix(1_000_000, 0))}
		web, seen := routed(t, byWeights, "True", 1) // as the operator has just written it.
		r.noteBackends(web, seen, backends, tc.wasWeighted)
		if got := isInForce(web, seen, r.memory.of(web), r.Clock.Now()); got != tc.want {
			t.Errorf("%s: in force %t, want %t", name, got, tc.want)
		}
	}
}
