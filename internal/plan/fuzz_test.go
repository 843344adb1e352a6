// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package plan

import (
	"math"
	"testing"

	"k8s.io/utils/ptr"

	elasticwebv1 "github.com/elasticweb/elasticweb-operator/api/v1"
)

// FuzzMake: whatever the numbers, the plan does not panic, stays within the limits, and has the capacity
// for the demand or says which limit keeps it from that.
func FuzzMake(f *testing.F) {
	f.Add(int32(2400), int32(800), int32(0), int32(0), int32(0), uint8(0b1), int32(0))
	f.Add(int32(math.MaxInt32), int32(1), int32(1000), int32(1), int32(5), uint8(0b11111), int32(3))
	f.Add(int32(-1), int32(0), int32(-5), int32(9), int32(1), uint8(0b10110), int32(-7))
	f.Fuzz(func(t *testing.T, total, single, headroom, least, most int32, set uint8, existing int32) {
		given := func(bit int, value int32) *int32 {
			if set&(1<<bit) == 0 {
				return nil
			}
			return &value
		}
		web := shop(func(s *elasticwebv1.ElasticWebSpec) {
			s.TotalQPS, s.HeadroomPercent, s.MinReplicas = given(0, total), given(1, headroom), given(2, least)
			s.MaxReplicas, s.Replicas, s.SinglePodsQPS = given(3, most), given(4, total), given(5, single)
		})
		observed := Observed{}
		if set&(1<<6) != 0 {
			observed.Deployment = deploymentOf(Plan{Replicas: existing})
		}
		p := Make(web, observed)
		if p.Replicas < 0 && least >= 0 && most >= 0 {
			t.Fatalf("%d replicas", p.Replicas)
		}
		if p.Demand.QPS == 0 || most < 0 || least < 0 || observed.Deployment != nil {
			return
		}
		pod := max(int64(ptr.Deref(web.Spec.SinglePodsQPS, 0)), 1)
		if p.Asked <= int64(p.Replicas) && int64(p.Replicas)*pod < p.Demand.QPS {
			t.Fatalf("%d pods of %d for %d, and no limit is named", p.Replicas, pod, p.Demand.QPS)
		}
	})
}
