// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package placement

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

func notIn(key string, values ...string) corev1.NodeSelectorRequirement {
	return corev1.NodeSelectorRequirement{Key: key, Operator: corev1.NodeSelectorOpNotIn, Values: values}
}

func arch(values ...string) corev1.NodeSelectorRequirement {
	return in(corev1.LabelArchStable, values...)
}

func onLinux() corev1.NodeSelectorRequirement { return in(corev1.LabelOSStable, "linux") }

func term(requirements ...corev1.NodeSelectorRequirement) corev1.NodeSelectorTerm {
	return corev1.NodeSelectorTerm{MatchExpressions: requirements}
}

func requiring(terms ...corev1.NodeSelectorTerm) *corev1.Affinity {
	return &corev1.Affinity{NodeAffinity: &corev1.NodeAffinity{
		RequiredDuringSchedulingIgnoredDuringExecution: &corev1.NodeSelector{NodeSelectorTerms: terms},
	}}
}

func preferring(weight int32, requirements ...corev1.NodeSelectorRequirement) *corev1.Affinity {
	return &corev1.Affinity{NodeAffinity: &corev1.NodeAffinity{
		PreferredDuringSchedulingIgnoredDuringExecution: []corev1.PreferredSchedulingTerm{{Weight: weight, Preference: term(requirements...)}},
	}}
}

// armFirst is an image for two architectures, of which arm64 is the better one.
func armFirst(changes ...func(*Input)) Input {
	input := Input{
		Allowed: []string{"amd64", "arm64"}, Levels: Levels{{"arm64"}, {"amd64"}},
		Spreading: Spreading{Host: 5, Whole: 1}, Selector: map[string]string{"app": "shop"},
	}
	for _, change := range changes {
		change(&input)
	}
	return input
}

func TestPlaceRequires(t *testing.T) {
	field := corev1.NodeSelectorTerm{MatchFields: []corev1.NodeSelectorRequirement{in("metadata.name", "n1")}}
	for name, tc := range map[string]struct {
		own  *corev1.Affinity
		want []corev1.NodeSelectorTerm
	}{
		"nothing of the user's": {nil, []corev1.NodeSelectorTerm{term(arch("amd64", "arm64"), onLinux())}},
		"every term": {
			requiring(term(in(labelZone, "a")), term(in("disk", "ssd"))),
			[]corev1.NodeSelectorTerm{
				term(in(labelZone, "a"), arch("amd64", "arm64"), onLinux()),
				term(in("disk", "ssd"), arch("amd64", "arm64"), onLinux()),
			}},
		"an architecture of the user's own is enough": {
			requiring(term(arch("arm64"))), []corev1.NodeSelectorTerm{term(arch("arm64"), onLinux())}},
		"one that the image lacks beside one that it has": {
			requiring(term(arch("arm64", "s390x"))),
			[]corev1.NodeSelectorTerm{term(arch("arm64", "s390x"), arch("amd64", "arm64"), onLinux())}},
		"an exclusion": {
			requiring(term(notIn(corev1.LabelArchStable, "amd64"), onLinux())),
			[]corev1.NodeSelectorTerm{term(notIn(corev1.LabelArchStable, "amd64"), onLinux(), arch("amd64", "arm64"))}},
		"fields": {
			requiring(field),
			[]corev1.NodeSelectorTerm{{MatchFields: field.MatchFields, MatchExpressions: term(arch("amd64", "arm64"), onLinux()).MatchExpressions}}},
		"a term that matches nothing goes on matching nothing": {
			requiring(term(), term(in(labelZone, "a"))),
			[]corev1.NodeSelectorTerm{{}, term(in(labelZone, "a"), arch("amd64", "arm64"), onLinux())}},
	} {
		t.Run(name, func(t *testing.T) {
			got := Place(armFirst(func(input *Input) { input.Affinity = tc.own }))
			required := got.Affinity.NodeAffinity.RequiredDuringSchedulingIgnoredDuringExecution.NodeSelectorTerms
			if diff := cmp.Diff(tc.want, required); diff != "" {
				t.Errorf("required terms (-want +got):\n%s", diff)
			}
		})
	}
}

func TestPlacePrefers(t *testing.T) {
	ownSpread := []corev1.TopologySpreadConstraint{{MaxSkew: 1, TopologyKey: labelZone, WhenUnsatisfiable: corev1.DoNotSchedule}}
	derived := func(key string, maxSkew int32) corev1.TopologySpreadConstraint {
		return corev1.TopologySpreadConstraint{
			MaxSkew: maxSkew, TopologyKey: key, WhenUnsatisfiable: corev1.ScheduleAnyway,
			LabelSelector: &metav1.LabelSelector{MatchLabels: map[string]string{"app": "shop"}},
		}
	}
	derivedSpread := []corev1.TopologySpreadConstraint{derived(corev1.LabelHostname, 5), derived(corev1.LabelOSStable, 1)}
	prefers := func(weight int32, architecture string) corev1.PreferredSchedulingTerm {
		return corev1.PreferredSchedulingTerm{Weight: weight, Preference: term(arch(architecture))}
	}
	for name, tc := range map[string]struct {
		input      Input
		wantTerms  []corev1.PreferredSchedulingTerm
		wantSpread []corev1.TopologySpreadConstraint
	}{
		"the best first": {
			armFirst(), []corev1.PreferredSchedulingTerm{prefers(100, "arm64"), prefers(1, "amd64")}, derivedSpread},
		"as an older operator did": {
			armFirst(func(input *Input) { input.Spreading = Spreading{Host: 7} }),
			[]corev1.PreferredSchedulingTerm{prefers(100, "arm64"), prefers(1, "amd64")}, []corev1.TopologySpreadConstraint{derived(corev1.LabelHostname, 7)}},
		"all alike: nothing": {
			armFirst(func(input *Input) { input.Levels = Levels{{"amd64", "arm64"}} }), nil, nil},
		"all alike, but for the weights of the user": {
			armFirst(func(input *Input) {
				input.Levels, input.Weights = Levels{{"amd64", "arm64"}}, map[string]int32{"amd64": 3, "arm64": 60}
			}),
			[]corev1.PreferredSchedulingTerm{prefers(3, "amd64"), prefers(60, "arm64")}, derivedSpread},
		"one architecture: nothing": {
			armFirst(func(input *Input) { input.Allowed, input.Levels = []string{"arm64"}, Levels{{"arm64"}} }), nil, nil},
		"one pinned: nothing": {
			armFirst(func(input *Input) { input.NodeSelector = map[string]string{corev1.LabelArchStable: "amd64"} }), nil, nil},
		"one required: nothing": {
			armFirst(func(input *Input) { input.Affinity = requiring(term(arch("amd64"))) }), nil, nil},
		"nothing is known: nothing": {
			armFirst(func(input *Input) { input.Allowed, input.Levels = nil, nil }), nil, nil},
		"the user prefers an architecture: only that": {
			armFirst(func(input *Input) { input.Affinity = preferring(7, arch("amd64")) }),
			[]corev1.PreferredSchedulingTerm{prefers(7, "amd64")}, nil},
		"the user prefers something else: beside it": {
			armFirst(func(input *Input) { input.Affinity = preferring(7, in("disk", "ssd")) }),
			[]corev1.PreferredSchedulingTerm{{Weight: 7, Preference: term(in("disk", "ssd"))}, prefers(100, "arm64"), prefers(1, "amd64")}, derivedSpread},
		"the user spreads: only so": {
			armFirst(func(input *Input) { input.Spread = ownSpread }),
			[]corev1.PreferredSchedulingTerm{prefers(100, "arm64"), prefers(1, "amd64")}, ownSpread},
	} {
		t.Run(name, func(t *testing.T) {
			got := Place(tc.input)
			if diff := cmp.Diff(tc.wantTerms, preferredOf(got.Affinity)); diff != "" {
				t.Errorf("preferred terms (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(tc.wantSpread, got.Spread); diff != "" {
				t.Errorf("spread constraints (-want +got):\n%s", diff)
			}
		})
	}
}

func TestPlaceTolerates(t *testing.T) {
	ofArch := func(value string) corev1.Toleration {
		return corev1.Toleration{Key: corev1.LabelArchStable, Operator: corev1.TolerationOpEqual, Value: value, Effect: corev1.TaintEffectNoSchedule}
	}
	everything := corev1.Toleration{Operator: corev1.TolerationOpExists}
	everyArch := corev1.Toleration{Key: corev1.LabelArchStable, Operator: corev1.TolerationOpExists}
	execute := corev1.Toleration{Key: corev1.LabelArchStable, Value: "arm64", Effect: corev1.TaintEffectNoExecute}
	for name, tc := range map[string]struct {
		own, want []corev1.Toleration
	}{
		"the taints of the allowed architectures": {nil, []corev1.Toleration{ofArch("amd64"), ofArch("arm64")}},
		"beside the user's own":                   {[]corev1.Toleration{execute}, []corev1.Toleration{execute, ofArch("amd64"), ofArch("arm64")}},
		"everything is tolerated already":         {[]corev1.Toleration{everything}, []corev1.Toleration{everything}},
		"every architecture already":              {[]corev1.Toleration{everyArch}, []corev1.Toleration{everyArch}},
		"one of them already":                     {[]corev1.Toleration{ofArch("arm64")}, []corev1.Toleration{ofArch("arm64"), ofArch("amd64")}},
	} {
		t.Run(name, func(t *testing.T) {
			got := Place(armFirst(func(input *Input) { input.Tolerations = tc.own }))
			if diff := cmp.Diff(tc.want, got.Tolerations); diff != "" {
				t.Errorf("tolerations (-want +got):\n%s", diff)
			}
		})
	}
}

func TestPlaceNamesTheContradiction(t *testing.T) {
	pin := func(key, value string) func(*Input) {
		return func(input *Input) { input.NodeSelector = map[string]string{key: value} }
	}
	for name, tc := range map[string]struct {
		input Input
		want  string
	}{
		"none": {armFirst(pin(corev1.LabelArchStable, "arm64")), ""},
		"nothing is allowed": {
			armFirst(func(input *Input) { input.Allowed, input.Levels = []string{}, nil }),
			"the image holds none of the architectures in spec.architectures, or none for Linux: list one that it holds, or use another image"},
		"pinned to what the image lacks": {
			armFirst(pin(corev1.LabelArchStable, "s390x")),
			"spec.nodeSelector pins kubernetes.io/arch to s390x, but the pods can run on amd64, arm64 only: change it, or see to it that the image holds linux/s390x, and spec.architectures, if it is set, lists s390x"},
		"pinned to another system": {
			armFirst(pin(corev1.LabelOSStable, "windows")),
			"spec.nodeSelector pins kubernetes.io/os to windows, but the pods run on linux only: remove it"},
		"pinned to one, and another one required": {
			armFirst(pin(corev1.LabelArchStable, "arm64"), func(input *Input) { input.Affinity = requiring(term(arch("amd64"))) }),
			"spec.nodeSelector pins kubernetes.io/arch to arm64, and the required terms of spec.affinity leave that out: change one of the two"},
		"required what the image lacks": {
			armFirst(func(input *Input) {
				input.Affinity = requiring(term(arch("s390x")), term(in(corev1.LabelOSStable, "windows")))
			}),
			"the required terms of spec.affinity leave out every architecture on which the pods can run (amd64, arm64): allow one of them"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := Place(tc.input).Contradiction; got != tc.want {
				t.Errorf("contradiction:\n got %s\nwant %s", got, tc.want)
			}
		})
	}
}

func TestWeights(t *testing.T) {
	for name, tc := range map[string]struct {
		levels   Levels
		given    map[string]int32
		possible []string
		want     map[string]int32
	}{
		"none":      {nil, nil, nil, nil},
		"one":       {Levels{{"a"}}, nil, []string{"a"}, nil},
		"one given": {Levels{{"a"}}, map[string]int32{"a": 7}, []string{"a"}, nil},
		"two":       {Levels{{"a"}, {"b"}}, nil, []string{"a", "b"}, map[string]int32{"a": 100, "b": 1}},
		"three":     {Levels{{"a"}, {"b"}, {"c"}}, nil, []string{"a", "b", "c"}, map[string]int32{"a": 100, "b": 10, "c": 1}},
		"five": {Levels{{"a"}, {"b"}, {"c"}, {"d"}, {"e"}}, nil, []string{"a", "b", "c", "d", "e"},
			map[string]int32{"a": 100, "b": 10, "c": 3, "d": 1, "e": 1}},
		"two of a level": {Levels{{"a", "b"}, {"c"}}, nil, []string{"a", "b", "c"}, map[string]int32{"a": 100, "b": 100, "c": 1}},
		"the best one is not possible": {
			Levels{{"a"}, {"b"}, {"c"}}, nil, []string{"b", "c"}, map[string]int32{"b": 100, "c": 1}},
		"given ones are used as they are": {
			Levels{{"a"}, {"b"}, {"c"}}, map[string]int32{"c": 77, "x": 5}, []string{"a", "b", "c"}, map[string]int32{"a": 100, "b": 10, "c": 77}},
		"given alike": {Levels{{"a"}, {"b"}}, map[string]int32{"a": 9, "b": 9}, []string{"a", "b"}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(tc.want, weights(Input{Levels: tc.levels, Weights: tc.given, Spreading: Spreading{Host: 5, Whole: 1}}, tc.possible)); diff != "" {
				t.Errorf("weights (-want +got):\n%s", diff)
			}
		})
	}
}

func TestSpreadingFor(t *testing.T) {
	for name, tc := range map[string]struct {
		nodes        map[string]int
		hasKarpenter bool
		want         Spreading
	}{
		"nodes are not known":                       {nil, false, Spreading{5, 1}},
		"several best nodes":                        {map[string]int{"amd64": 1, "arm64": 3}, false, Spreading{5, 1}},
		"one best node takes all":                   {map[string]int{"amd64": 5, "arm64": 1}, false, Spreading{5, 10_000}},
		"one node of the best that there is":        {map[string]int{"amd64": 1}, false, Spreading{5, 10_000}},
		"other architectures do not count":          {map[string]int{"amd64": 3, "arm64": 1, "s390x": 90}, false, Spreading{5, 10_000}},
		"Karpenter":                                 {map[string]int{"amd64": 3, "arm64": 3}, true, Spreading{110, 1}},
		"Karpenter with no nodes yet":               {map[string]int{}, true, Spreading{110, 1}},
		"Karpenter with one best node at this time": {map[string]int{"arm64": 1}, true, Spreading{110, 10_000}},
	} {
		t.Run(name, func(t *testing.T) {
			if got := SpreadingFor(armFirst(), tc.nodes, tc.hasKarpenter); got != tc.want {
				t.Errorf("%+v, want %+v", got, tc.want)
			}
		})
	}
}

// What a template was made with can be read from it, beside constraints that others added.
func TestReadSpreading(t *testing.T) {
	for _, want := range []Spreading{{Host: 7}, {5, 1}, {110, 10_000}} {
		made := Place(armFirst(func(input *Input) { input.Spreading = want })).Spread
		made = append(made, corev1.TopologySpreadConstraint{MaxSkew: 2, TopologyKey: corev1.LabelHostname, WhenUnsatisfiable: corev1.DoNotSchedule})
		if got := ReadSpreading(made); got != want {
			t.Errorf("read %+v, made with %+v", got, want)
		}
	}
}

func TestNames(t *testing.T) {
	for name, tc := range map[string]struct {
		selector map[string]string
		affinity *corev1.Affinity
		want     bool
	}{
		"nothing":                    {nil, nil, false},
		"pinned":                     {map[string]string{corev1.LabelArchStable: "s390x"}, nil, true},
		"another one pinned":         {map[string]string{corev1.LabelArchStable: "amd64"}, nil, false},
		"required in one term":       {nil, requiring(term(in(labelZone, "a")), term(arch("amd64", "s390x"))), true},
		"another one required":       {nil, requiring(term(arch("amd64"))), false},
		"left out":                   {nil, requiring(term(notIn(corev1.LabelArchStable, "s390x"))), false},
		"preferred is not asked for": {nil, preferring(5, arch("s390x")), false},
	} {
		t.Run(name, func(t *testing.T) {
			if got := Names(tc.selector, tc.affinity, "s390x"); got != tc.want {
				t.Errorf("Names = %t, want %t", got, tc.want)
			}
		})
	}
}

// BenchmarkPlace has two allowed architectures, and terms of the user's own.
func BenchmarkPlace(b *testing.B) {
	for name, input := range map[string]Input{
		"derived": armFirst(),
		"terms":   armFirst(func(in *Input) { in.Affinity = requiring(term(arch("arm64", "s390x")), term(notIn("zone", "a"))) }),
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				Place(input)
			}
		})
	}
}
