// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package elasticweb

import (
	"testing"

	"github.com/elasticweb/elasticweb-operator/internal/plan"
)

// A policy that keeps setting another cost is not fought for ever; another cost is, and what pods there were is forgotten.
func TestStampsAreNotRepeatedForEver(t *testing.T) {
	var s stamps
	pods := []plan.Pod{{Name: "a"}, {Name: "b"}}
	stamped := 0
	stamp := func(costs map[string]int32) {
		for name, cost := range s.due(costs, pods) {
			s.made(name, cost)
			stamped++
		}
	}
	for range 20 {
		s.due(map[string]int32{"a": -100}, pods) // refused: it is tried again.
	}
	for range 20 {
		stamp(map[string]int32{"a": -100})
	}
	if stamped != mostStamps {
		t.Errorf("stamped %d times, want %d", stamped, mostStamps)
	}
	if stamp(map[string]int32{"a": -200, "b": -100}); stamped != mostStamps+2 {
		t.Errorf("another cost, and that of another pod, are due; %d stamps", stamped)
	}
	if s.due(nil, pods[1:]); len(s) != 1 {
		t.Errorf("a pod that is gone is remembered: %v", s)
	}
	if due := s.due(map[string]int32{"a": -200}, pods); len(due) != 1 {
		t.Error("a new pod of the same name is not stamped")
	}
}
