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

// What an operator before this one, or a run before the last one, left out comes in by an exact result that is clearly worth it, or
// with the user's next rollout: nothing else restarts pods.
func TestWhatIsLeftOutComesInOnlyForGood(t *testing.T) {
	facts := &ImageFacts{Reference: shop().Spec.Image, Platforms: []string{"linux/amd64", "linux/arm64"}}
	ref := func(s *elasticwebv1.ElasticWebSpec) { s.BenchmarkRef = &elasticwebv1.BenchmarkReference{Name: "b"} }
	resolved := Image{State: ImageResolved, Facts: facts}
	first := Make(shop(ref), Observed{Image: resolved, Benchmark: map[string]Measurement{"amd64": {QPS: 1000}, "arm64": {QPS: 400}}})
	if len(first.Placement.Possible) != 1 {
		t.Fatalf("arm64 is not left out: %v", first.Placement.Possible)
	}
	for name, tc := range map[string]struct {
		amd64, arm64 Measurement
		isIn         bool
	}{
		"a lower bound, which older operators took as a rate": {Measurement{QPS: 1000}, Measurement{QPS: 400, AtLeast: true}, false},
		"a lower bound above the best":                        {Measurement{QPS: 1000}, Measurement{QPS: 4000, AtLeast: true}, false},
		"the best is a lower bound":                           {Measurement{QPS: 1000, AtLeast: true}, Measurement{QPS: 400}, false},
		"within noise":                                        {Measurement{QPS: 1000}, Measurement{QPS: 549}, false},
		"worth it":                                            {Measurement{QPS: 1000}, Measurement{QPS: 550}, true},
		"worth it, if the best is no better":                  {Measurement{QPS: 1000, AtLeast: true}, Measurement{QPS: 550}, true},
	} {
		for rollout, image := range map[string]string{"nothing rolls": shop().Spec.Image, "a rollout": shop().Spec.Image + "1"} {
			web := shop(ref, func(s *elasticwebv1.ElasticWebSpec) { s.Image = image })
			got := Make(web, Observed{
				Deployment: deploymentOf(first), Image: resolved,
				Benchmark: map[string]Measurement{"amd64": tc.amd64, "arm64": tc.arm64},
			})
			want := tc.isIn
			if rollout == "a rollout" {
				want = (tc.arm64.AtLeast || 2*tc.arm64.QPS >= tc.amd64.QPS) && 2*tc.amd64.QPS >= tc.arm64.QPS
			}
			if isIn := len(got.Placement.Possible) == 2; isIn != want {
				t.Errorf("%s, %s: possible are %v", name, rollout, got.Placement.Possible)
			}
		}
	}
}
