// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package plan

import (
	"fmt"
	"testing"

	"k8s.io/utils/ptr"

	elasticwebv1 "github.com/elasticweb/elasticweb-operator/api/v1"
)

// BenchmarkMake is what a plan costs while everything is as planned, by the number of pods.
func BenchmarkMake(b *testing.B) {
	for _, number := range []int{3, 100, 1000} {
		web := shop(func(spec *elasticwebv1.ElasticWebSpec) { spec.TotalQPS = ptr.To(int32(800 * number)) })
		observed := Observed{
			Image: Image{State: ImageResolved, Facts: &ImageFacts{
				Reference: "registry.example.com/shop:1.4", Platforms: []string{"linux/amd64", "linux/arm64", "linux/s390x"},
			}},
			Nodes: &Nodes{All: map[string]int{"amd64": 5, "arm64": 5}, Schedulable: map[string]int{"amd64": 5, "arm64": 5}},
		}
		observed.Deployment = deploymentOf(Make(web, observed))
		for i := range number {
			observed.Pods = append(observed.Pods, Pod{
				Name: fmt.Sprintf("shop-%d", i), Node: "n", Architecture: []string{"amd64", "arm64"}[i%2], Ready: true,
			})
		}
		if planned := Make(web, observed); int(planned.Replicas) != number {
			b.Fatalf("the plan is %d pods, not %d", planned.Replicas, number)
		}
		b.Run(fmt.Sprintf("%d pods", number), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				Make(web, observed)
			}
		})
	}
}
