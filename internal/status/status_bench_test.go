// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package status

import (
	"fmt"
	"testing"

	"k8s.io/apimachinery/pkg/api/equality"

	"github.com/elasticweb/elasticweb-operator/internal/plan"
)

// BenchmarkMake is what a status costs that is as it was, by the number of pods.
func BenchmarkMake(b *testing.B) {
	for _, number := range []int{3, 100, 1000} {
		in := planned()
		in.Observed.Pods = nil
		for i := range number {
			in.Observed.Pods = append(in.Observed.Pods, plan.Pod{
				Name: fmt.Sprintf("shop-%d", i), Node: "n", Architecture: []string{"arm64", "s390x"}[i%2], Ready: true,
			})
		}
		in.Web.Status = statusOf(in)
		if again := statusOf(in); !equality.Semantic.DeepEqual(again, in.Web.Status) {
			b.Fatalf("the status changes from %+v to %+v", in.Web.Status, again)
		}
		b.Run(fmt.Sprintf("%d pods", number), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				statusOf(in)
			}
		})
	}
}
