// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package elasticweb

import (
	"testing"

	"github.com/elasticweb/elasticweb-operator/internal/plan"
)

// A policy that keeps setting another cost is not fought for ever; what pods there were is forgotten.
func TestStampsAreNotRepeatedForEver(t *testing.T) {
	var s stamps
	pods := []plan.Pod{{Name: "a", DeletionCost: "100"}, {Name: "b"}}
	for i := range mostStamps {
		if s.tell(pods); pods[0].CostIsOthers {
			t.Fatalf("given up after %d stamps", i)
		}
		s.made("a", -100)
	}
	if s.tell(pods); !pods[0].CostIsOthers || pods[1].CostIsOthers {
		t.Errorf("a bears another's cost, b does not: %+v", pods)
	}
	pods[0].DeletionCost = "-100"
	if s.tell(pods); pods[0].CostIsOthers {
		t.Error("the stamp was only seen late")
	}
	pods[0].DeletionCost = "100"
	if s.made("a", -200); s["a"] != (stamp{-200, 1}) {
		t.Errorf("another cost begins anew: %v", s)
	}
	if s.tell(pods[1:]); len(s) != 0 {
		t.Errorf("a pod that is gone is remembered: %v", s)
	}
}
