// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package plan

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/utils/ptr"

	elasticwebv1 "github.com/elasticweb/elasticweb-operator/api/v1"
	"github.com/elasticweb/elasticweb-operator/internal/placement"
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
			if rollout == "nothing rolls" && !slices.Contains(got.Placement.Possible, "amd64") {
				t.Errorf("%s: what is in use is gone: %v, %s", name, got.Placement.Possible, got.Placement.Contradiction)
			}
		}
	}
}

// A number of the spec is no measurement: it leaves out nothing that was measured.
func TestAGuessLeavesOutNothing(t *testing.T) {
	web := shop(func(s *elasticwebv1.ElasticWebSpec) { s.BenchmarkRef = &elasticwebv1.BenchmarkReference{Name: "b"} })
	facts := &ImageFacts{Reference: web.Spec.Image, Platforms: []string{"linux/amd64", "linux/arm64", "linux/s390x"}}
	observed := Observed{Image: Image{State: ImageResolved, Facts: facts}, Benchmark: map[string]Measurement{"amd64": {QPS: 300}, "arm64": {QPS: 350}}}
	if got := Make(web, observed).Placement.Possible; len(got) != 3 {
		t.Errorf("of amd64 (300), arm64 (350) and s390x, which nobody measured and the spec guesses at 800, possible are %v", got)
	}
}

// What is in use, but not possible any longer, holds nothing up.
func TestWhatIsNotPossibleHoldsNothing(t *testing.T) {
	term := corev1.NodeSelectorRequirement{Key: corev1.LabelArchStable, Operator: corev1.NodeSelectorOpNotIn, Values: []string{"amd64"}}
	web := shop(func(s *elasticwebv1.ElasticWebSpec) {
		s.BenchmarkRef = &elasticwebv1.BenchmarkReference{Name: "b"}
		s.Affinity = &corev1.Affinity{NodeAffinity: &corev1.NodeAffinity{RequiredDuringSchedulingIgnoredDuringExecution: &corev1.NodeSelector{
			NodeSelectorTerms: []corev1.NodeSelectorTerm{{MatchExpressions: []corev1.NodeSelectorRequirement{term}}}}}}
	})
	holding := func(platforms ...string) Image {
		return Image{State: ImageResolved, Facts: &ImageFacts{Reference: web.Spec.Image, Platforms: platforms}}
	}
	first := Make(web, Observed{Image: holding("linux/amd64", "linux/arm64")})
	got := Make(web, Observed{Deployment: deploymentOf(first), Image: holding("linux/amd64", "linux/s390x")})
	if diff := cmp.Diff([]string{"s390x"}, got.Placement.Possible); diff != "" {
		t.Errorf("possible (-want +got):\n%s", diff)
	}
}

// While a benchmark has no result, the numbers that the spec has of its own order, and what has none stays as it is.
func TestOrderWithoutResults(t *testing.T) {
	arm, amd := elasticwebv1.ArchitectureSpec{Name: "arm64"}, elasticwebv1.ArchitectureSpec{Name: "amd64"}
	named := func(s *elasticwebv1.ElasticWebSpec) { s.BenchmarkRef = &elasticwebv1.BenchmarkReference{Name: "b"} }
	armFirst := Make(shop(listing(arm, amd), named), Observed{Benchmark: map[string]Measurement{"arm64": {QPS: 1000}, "amd64": {QPS: 400}}})
	live := Observed{Deployment: deploymentOf(armFirst)}
	if got := Make(shop(listing(arm, amd), named), live).Record.Levels; !cmp.Equal(got, armFirst.Record.Levels) {
		t.Errorf("with no result and no number the order became %v", got)
	}
	live.Benchmark = map[string]Measurement{"s390x": {QPS: 100}} // which the pods may not run on.
	if got := Make(shop(listing(arm, amd), named), live).Record.Levels; !cmp.Equal(got, armFirst.Record.Levels) {
		t.Errorf("with a result for another architecture alone the order became %v", got)
	}
	live.Benchmark = nil
	arm.SinglePodsQPS, amd.SinglePodsQPS = ptr.To[int32](400), ptr.To[int32](1000)
	if got := Make(shop(listing(arm, amd), named), live).Record.Levels; !cmp.Equal(got, placement.Levels{{"amd64"}, {"arm64"}}) {
		t.Errorf("by the numbers of the spec the order became %v", got)
	}
}
