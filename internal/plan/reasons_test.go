// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package plan

import (
	"reflect"
	"testing"

	"k8s.io/utils/ptr"
)

// What a number was worked out from: one row for each basis. It changes nothing of the plan.
func TestReasons(t *testing.T) {
	on := func(arm64, s390x int) map[string]int { return map[string]int{"arm64": arm64, "s390x": s390x} }
	for name, tc := range map[string]struct {
		scene
		basis Basis
	}{
		"nothing has a node":         {scene{demand: 10_000, waiting: 3}, BasisFirst},
		"on the move":                {scene{demand: 10_000, pods: on(7, 6), moving: true}, BasisMoving},
		"some wait":                  {scene{demand: 10_000, pods: on(5, 2), waiting: 3}, BasisWaiting},
		"more, where they are":       {scene{demand: 12_000, pods: on(11, 0)}, BasisCounted},
		"fewer, where they are":      {scene{demand: 10_000, pods: on(10, 1)}, BasisCounted},
		"one slow pod may be chance": {scene{demand: 10_000, pods: on(9, 1)}, BasisTried},
		"the fast ones may go first": {scene{demand: 2000, pods: on(2, 18), costless: true}, BasisKept},
	} {
		t.Run(name, func(t *testing.T) {
			web := modelWeb(tc.demand, map[string]int32{"arm64": 1000, "s390x": 100}, "arm64", "s390x")
			observed := tc.observed(web)
			planned, reasons := Explained(web, observed)
			if reasons.Basis != tc.basis || reasons.Rolls || reasons.RecordLost {
				t.Errorf("%+v", reasons)
			}
			if !reflect.DeepEqual(planned, Make(web, observed)) {
				t.Error("the plan is another one")
			}
			web.Spec.TotalQPS, web.Spec.Replicas, web.Spec.Image = nil, ptr.To[int32](2), "another:1"
			observed.Deployment.Annotations = nil
			if _, reasons := Explained(web, observed); reasons.Basis != BasisPods || !reasons.RecordLost {
				t.Errorf("a number of pods, and no record: %+v", reasons)
			}
		})
	}
}
