// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package plan

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"

	elasticwebv1 "github.com/elasticweb/elasticweb-operator/api/v1"
)

// What was measured at less than half of the best is left out, but never against what the user asks for.
func TestWorthwhile(t *testing.T) {
	for name, tc := range map[string]struct {
		change   func(*elasticwebv1.ElasticWebSpec)
		s390x    int64
		possible []string
	}{
		"half of the best": {func(*elasticwebv1.ElasticWebSpec) {}, 500, []string{"arm64", "s390x"}},
		"less than half":   {func(*elasticwebv1.ElasticWebSpec) {}, 499, []string{"arm64"}},
		"less than half, pinned": {func(s *elasticwebv1.ElasticWebSpec) {
			s.NodeSelector = map[string]string{corev1.LabelArchStable: "s390x"}
		}, 1, []string{"s390x"}},
		"less than half, listed": {func(s *elasticwebv1.ElasticWebSpec) {
			s.Architectures = []elasticwebv1.ArchitectureSpec{{Name: "arm64"}, {Name: "s390x"}}
		}, 1, []string{"arm64", "s390x"}},
	} {
		t.Run(name, func(t *testing.T) {
			ref := func(s *elasticwebv1.ElasticWebSpec) { s.BenchmarkRef = &elasticwebv1.BenchmarkReference{Name: "b"} }
			got := Make(shop(ref, tc.change), Observed{
				Image:     Image{State: ImageResolved, Facts: &ImageFacts{Reference: "registry.example.com/shop:1.4", Platforms: []string{"linux/arm64", "linux/s390x"}}},
				Benchmark: map[string]Measurement{"arm64": {QPS: 1000}, "s390x": {QPS: tc.s390x}},
			})
			if diff := cmp.Diff(tc.possible, got.Placement.Possible); diff != "" {
				t.Errorf("possible (-want +got):\n%s", diff)
			}
			if got.Placement.Contradiction != "" {
				t.Error(got.Placement.Contradiction)
			}
		})
	}
}
