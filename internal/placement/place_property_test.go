// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package placement

import (
	"encoding/json"
	"maps"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	"pgregory.net/rapid"
)

const labelZone = corev1.LabelTopologyZone

var (
	architectures = []string{"amd64", "arm64", "ppc64le", "s390x"}
	systems       = []string{"linux", "windows"}
	zones         = []string{"a", "b"}
)

// clusterNodes is a node of every kind: architecture, system, zone or none, taint or none.
func clusterNodes() []corev1.Node {
	var all []corev1.Node
	for _, architecture := range append(slices.Clone(architectures), "riscv64") {
		for _, system := range systems {
			for _, zone := range append(slices.Clone(zones), "") {
				for _, taint := range []string{"", corev1.LabelArchStable, "dedicated"} {
					node := corev1.Node{}
					node.Name = architecture + "-" + system + "-" + zone + "-" + taint
					node.Labels = map[string]string{corev1.LabelArchStable: architecture, corev1.LabelOSStable: system, "size": "4"}
					if zone != "" {
						node.Labels[labelZone] = zone
					}
					if taint != "" {
						node.Spec.Taints = []corev1.Taint{{Key: taint, Value: architecture, Effect: corev1.TaintEffectNoSchedule}}
					}
					all = append(all, node)
				}
			}
		}
	}
	return all
}

// anyInput draws what a user can set, keys that placement knows and others.
func anyInput() *rapid.Generator[Input] {
	return rapid.Custom(func(t *rapid.T) Input {
		in := Input{Selector: map[string]string{"app": "shop"}, Spreading: anySpreading().Draw(t, "spreading")}
		if rapid.IntRange(0, 9).Draw(t, "known") > 0 {
			in.Allowed = append([]string{}, rapid.SliceOfDistinct(rapid.SampledFrom(architectures), rapid.ID).Draw(t, "allowed")...)
			for _, architecture := range rapid.Permutation(in.Allowed).Draw(t, "order") {
				if len(in.Levels) == 0 || rapid.Bool().Draw(t, "lower") {
					in.Levels = append(in.Levels, nil)
				}
				last := len(in.Levels) - 1
				in.Levels[last] = append(in.Levels[last], architecture)
			}
		}
		in.Weights = rapid.MapOfN(rapid.SampledFrom(architectures), rapid.Int32Range(1, 100), 0, 2).Draw(t, "weights")
		in.NodeSelector = rapid.SampledFrom([]map[string]string{
			nil, nil, nil, {corev1.LabelArchStable: "arm64"}, {corev1.LabelArchStable: "riscv64"},
			{corev1.LabelOSStable: "linux"}, {corev1.LabelOSStable: "windows"}, {labelZone: "a"},
		}).Draw(t, "nodeSelector")
		if rapid.Bool().Draw(t, "hasAffinity") {
			in.Affinity = anyAffinity(t)
		}
		in.Tolerations = rapid.SliceOfN(anyToleration(), 0, 2).Draw(t, "tolerations")
		if rapid.Bool().Draw(t, "hasSpread") {
			in.Spread = []corev1.TopologySpreadConstraint{{MaxSkew: 1, TopologyKey: labelZone, WhenUnsatisfiable: corev1.DoNotSchedule}}
		}
		return in
	})
}

func anySpreading() *rapid.Generator[Spreading] {
	return rapid.Custom(func(t *rapid.T) Spreading {
		return Spreading{Host: rapid.Int32Range(0, 50).Draw(t, "host"), Whole: rapid.Int32Range(0, 2).Draw(t, "whole")}
	})
}

func anyAffinity(t *rapid.T) *corev1.Affinity {
	affinity := &corev1.Affinity{}
	if !rapid.Bool().Draw(t, "hasNodeAffinity") {
		return affinity
	}
	affinity.NodeAffinity = &corev1.NodeAffinity{}
	if rapid.Bool().Draw(t, "hasRequired") {
		affinity.NodeAffinity.RequiredDuringSchedulingIgnoredDuringExecution = &corev1.NodeSelector{
			NodeSelectorTerms: rapid.SliceOfN(anyTerm(), 1, 3).Draw(t, "terms"),
		}
	}
	for _, term := range rapid.SliceOfN(anyTerm(), 0, 2).Draw(t, "preferred") {
		affinity.NodeAffinity.PreferredDuringSchedulingIgnoredDuringExecution = append(
			affinity.NodeAffinity.PreferredDuringSchedulingIgnoredDuringExecution, corev1.PreferredSchedulingTerm{Weight: 7, Preference: term})
	}
	return affinity
}

func anyTerm() *rapid.Generator[corev1.NodeSelectorTerm] {
	return rapid.Custom(func(t *rapid.T) corev1.NodeSelectorTerm {
		term := corev1.NodeSelectorTerm{MatchExpressions: rapid.SliceOfN(anyRequirement(), 0, 3).Draw(t, "expressions")}
		if rapid.IntRange(0, 4).Draw(t, "field") == 0 {
			term.MatchFields = []corev1.NodeSelectorRequirement{{
				Key: "metadata.name", Operator: corev1.NodeSelectorOpIn, Values: []string{"arm64-linux-a-"},
			}}
		}
		return term
	})
}

func anyRequirement() *rapid.Generator[corev1.NodeSelectorRequirement] {
	values := map[string][]string{
		corev1.LabelArchStable: append(slices.Clone(architectures), "riscv64"),
		corev1.LabelOSStable:   systems, labelZone: zones, "size": {"2", "4"},
	}
	return rapid.Custom(func(t *rapid.T) corev1.NodeSelectorRequirement {
		r := corev1.NodeSelectorRequirement{
			Key: rapid.SampledFrom([]string{corev1.LabelArchStable, corev1.LabelArchStable, corev1.LabelOSStable, labelZone, "size"}).Draw(t, "key"),
			Operator: rapid.SampledFrom([]corev1.NodeSelectorOperator{
				corev1.NodeSelectorOpIn, corev1.NodeSelectorOpIn, corev1.NodeSelectorOpIn, corev1.NodeSelectorOpNotIn, corev1.NodeSelectorOpNotIn,
				corev1.NodeSelectorOpExists, corev1.NodeSelectorOpDoesNotExist, corev1.NodeSelectorOpGt, corev1.NodeSelectorOpLt,
			}).Draw(t, "operator"),
		}
		switch r.Operator {
		case corev1.NodeSelectorOpIn, corev1.NodeSelectorOpNotIn:
			r.Values = rapid.SliceOfNDistinct(rapid.SampledFrom(values[r.Key]), 1, 2, rapid.ID).Draw(t, "values")
		case corev1.NodeSelectorOpGt, corev1.NodeSelectorOpLt:
			r.Values = []string{"3"}
		case corev1.NodeSelectorOpExists, corev1.NodeSelectorOpDoesNotExist:
		}
		return r
	})
}

func anyToleration() *rapid.Generator[corev1.Toleration] {
	return rapid.SampledFrom([]corev1.Toleration{
		{Operator: corev1.TolerationOpExists},
		{Key: "dedicated", Operator: corev1.TolerationOpExists, Effect: corev1.TaintEffectNoSchedule},
		{Key: corev1.LabelArchStable, Operator: corev1.TolerationOpExists},
		{Key: corev1.LabelArchStable, Value: "arm64", Effect: corev1.TaintEffectNoSchedule},
		{Key: corev1.LabelArchStable, Operator: corev1.TolerationOpEqual, Value: "arm64", Effect: corev1.TaintEffectNoExecute},
	})
}

func runsOn(in Input, node corev1.Node) bool {
	return node.Labels[corev1.LabelOSStable] == "linux" &&
		(in.Allowed == nil || slices.Contains(in.Allowed, node.Labels[corev1.LabelArchStable]))
}

func TestPlaceAllowsNoNodeTooManyAndNoneTooFew(t *testing.T) {
	all := clusterNodes()
	rapid.Check(t, func(t *rapid.T) {
		in := anyInput().Draw(t, "input")
		out := Place(in)
		for _, node := range all {
			goes := admits(node, out.NodeSelector, out.Affinity, out.Tolerations)
			wished := selects(node, in.NodeSelector, in.Affinity)
			if goes && !runsOn(in, node) {
				t.Fatalf("%s: pods may go there, and the image cannot run there", node.Name)
			}
			if goes && !wished {
				t.Fatalf("%s: pods may go there against the user's own terms", node.Name)
			}
			if !goes && runsOn(in, node) && admits(node, in.NodeSelector, in.Affinity, in.Tolerations) {
				t.Fatalf("%s: the user allows it, the image runs there, and no pod may go there", node.Name)
			}
			if goes && out.Contradiction != "" {
				t.Fatalf("%s: pods may go there, in spite of the contradiction %q", node.Name, out.Contradiction)
			}
			architecture := node.Labels[corev1.LabelArchStable]
			if goes && in.Allowed != nil && !slices.Contains(out.Possible, architecture) {
				t.Fatalf("%s: pods may go there, and %s is not among the possible %v", node.Name, architecture, out.Possible)
			}
			tainted := len(node.Spec.Taints) > 0 && node.Spec.Taints[0].Key == corev1.LabelArchStable
			if tainted && !goes && runsOn(in, node) && wished && in.Allowed != nil {
				t.Fatalf("%s: the taint of its architecture keeps pods off", node.Name)
			}
		}
		if in.Allowed != nil && (out.Contradiction == "") != (len(out.Possible) > 0) {
			t.Fatalf("possible %v, contradiction %q", out.Possible, out.Contradiction)
		}
	})
}

// Where the user's terms speak of nothing but architectures and systems, what is possible is known exactly.
func TestPossibleIsExactForArchitecturesAlone(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		in := anyInput().Filter(func(in Input) bool { return in.Allowed != nil && !speaksOfMore(in) }).Draw(t, "input")
		out := Place(in)
		for _, architecture := range architectures {
			node := corev1.Node{}
			node.Labels = map[string]string{corev1.LabelArchStable: architecture, corev1.LabelOSStable: "linux"}
			goes := admits(node, out.NodeSelector, out.Affinity, out.Tolerations)
			if isPossible := slices.Contains(out.Possible, architecture); goes != isPossible {
				t.Errorf("%s: pods may go there: %t; said to be possible: %t", architecture, goes, isPossible)
			}
		}
	})
}

func speaksOfMore(in Input) bool {
	if _, isThere := in.NodeSelector[labelZone]; isThere {
		return true
	}
	if in.Affinity == nil || in.Affinity.NodeAffinity == nil || in.Affinity.NodeAffinity.RequiredDuringSchedulingIgnoredDuringExecution == nil {
		return false
	}
	return slices.ContainsFunc(in.Affinity.NodeAffinity.RequiredDuringSchedulingIgnoredDuringExecution.NodeSelectorTerms,
		func(term corev1.NodeSelectorTerm) bool {
			return len(term.MatchFields) > 0 || slices.ContainsFunc(term.MatchExpressions, func(r corev1.NodeSelectorRequirement) bool {
				return r.Key != corev1.LabelArchStable && r.Key != corev1.LabelOSStable
			})
		})
}

func TestPlaceKeepsWhatTheUserSet(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		in := anyInput().Draw(t, "input")
		before := text(t, in)
		out := Place(in)
		if after := text(t, in); after != before {
			t.Fatalf("the input was changed: %s", cmp.Diff(before, after))
		}
		if again := text(t, Place(in)); again != text(t, out) {
			t.Fatalf("another result the second time: %s", cmp.Diff(text(t, out), again))
		}
		own := preferredOf(in.Affinity)
		if got := preferredOf(out.Affinity); len(own) > 0 && !cmp.Equal(got[:len(own)], own) {
			t.Fatalf("preferred terms: %v, want to begin with %v", got, own)
		}
		if prefersArchitecture(in.Affinity) && len(preferredOf(out.Affinity)) != len(own) {
			t.Fatal("a preference was added to the user's own")
		}
		if len(in.Spread) > 0 && !cmp.Equal(in.Spread, out.Spread) {
			t.Fatalf("spread constraints: %s", cmp.Diff(in.Spread, out.Spread))
		}
		if len(in.Tolerations) > 0 && !cmp.Equal(out.Tolerations[:len(in.Tolerations)], in.Tolerations) {
			t.Fatalf("tolerations: %v, want to begin with %v", out.Tolerations, in.Tolerations)
		}
		for _, weight := range slices.Collect(maps.Values(out.Weights)) {
			if weight < 1 || weight > 100 {
				t.Fatalf("weight %d", weight)
			}
		}
	})
}

func preferredOf(affinity *corev1.Affinity) []corev1.PreferredSchedulingTerm {
	if affinity == nil || affinity.NodeAffinity == nil {
		return nil
	}
	return affinity.NodeAffinity.PreferredDuringSchedulingIgnoredDuringExecution
}

func text(t *rapid.T, value any) string {
	bytes, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	return string(bytes)
}
