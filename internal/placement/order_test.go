// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package placement

import (
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	"pgregory.net/rapid"
)

func said(architecture string, qps int64) Rate { return Rate{Architecture: architecture, QPS: qps} }

func measured(architecture string, qps int64) Rate {
	return Rate{Architecture: architecture, QPS: qps, Measured: true}
}

func TestRank(t *testing.T) {
	armFirst := Levels{{"arm64"}, {"amd64"}}
	alike := Levels{{"amd64", "arm64"}}
	for name, tc := range map[string]struct {
		rates    []Rate
		previous Levels
		want     Levels
	}{
		"none":                              {nil, nil, nil},
		"one":                               {[]Rate{said("amd64", 5)}, nil, Levels{{"amd64"}}},
		"by QPS":                            {[]Rate{said("amd64", 5), said("arm64", 6)}, nil, armFirst},
		"the same":                          {[]Rate{said("arm64", 5), said("amd64", 5)}, nil, alike},
		"numbers of the spec are exact":     {[]Rate{said("amd64", 1000), said("arm64", 1001)}, nil, armFirst},
		"10% of measured numbers are noise": {[]Rate{measured("amd64", 100), measured("arm64", 110)}, nil, alike},
		"more than 10% are not":             {[]Rate{measured("amd64", 100), measured("arm64", 111)}, nil, armFirst},
		"one measured: noise":               {[]Rate{said("amd64", 100), measured("arm64", 110)}, nil, alike},
		"kept: equal by measurement":        {[]Rate{measured("amd64", 100), measured("arm64", 100)}, armFirst, armFirst},
		"kept: the other way by 10%":        {[]Rate{measured("amd64", 110), measured("arm64", 100)}, armFirst, armFirst},
		"kept: farther apart":               {[]Rate{measured("amd64", 1), measured("arm64", 100)}, armFirst, armFirst},
		"kept: alike, and now 10% apart":    {[]Rate{measured("amd64", 100), measured("arm64", 110)}, alike, alike},
		"changed: the other way by more":    {[]Rate{measured("amd64", 111), measured("arm64", 100)}, armFirst, Levels{{"amd64"}, {"arm64"}}},
		"changed: alike, and now 11% apart": {[]Rate{measured("amd64", 100), measured("arm64", 111)}, alike, armFirst},
		"changed: the spec says equal":      {[]Rate{said("amd64", 100), said("arm64", 100)}, armFirst, alike},
		"changed: the spec says otherwise":  {[]Rate{said("amd64", 101), said("arm64", 100)}, armFirst, Levels{{"amd64"}, {"arm64"}}},
		"changed: one more architecture":    {[]Rate{said("amd64", 1), said("arm64", 3), said("s390x", 2)}, armFirst, Levels{{"arm64"}, {"s390x"}, {"amd64"}}},
		"changed: one less":                 {[]Rate{said("amd64", 1)}, armFirst, Levels{{"amd64"}}},
		"changed: another one":              {[]Rate{said("arm64", 3), said("s390x", 2)}, armFirst, Levels{{"arm64"}, {"s390x"}}},
		"kept: what a third one's turn leaves": {[]Rate{measured("amd64", 100), measured("arm64", 109), measured("s390x", 200)},
			Levels{{"amd64"}, {"arm64"}, {"s390x"}}, Levels{{"s390x"}, {"amd64"}, {"arm64"}}},
		"changed: a circle by noise": {[]Rate{measured("amd64", 100), measured("arm64", 108), measured("s390x", 115)},
			Levels{{"amd64"}, {"arm64"}, {"s390x"}}, Levels{{"s390x"}, {"amd64"}, {"arm64"}}},
		"a measured one does not blur the two": {[]Rate{measured("s390x", 100), said("amd64", 99), said("arm64", 98)}, nil, Levels{{"amd64", "s390x"}, {"arm64"}}},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(tc.want, Rank(tc.rates, tc.previous)); diff != "" {
				t.Errorf("levels (-want +got):\n%s", diff)
			}
		})
	}
}

func atLeast(architecture string, qps int64) Rate {
	return Rate{Architecture: architecture, QPS: qps, Measured: true, AtLeast: true}
}

// Two lower bounds change no order, but make one where there is none. A bound above a rate is certain.
func TestRankOfLowerBounds(t *testing.T) {
	armFirst, amdFirst, alike := Levels{{"arm64"}, {"amd64"}}, Levels{{"amd64"}, {"arm64"}}, Levels{{"amd64", "arm64"}}
	for name, tc := range map[string]struct {
		rates    []Rate
		previous Levels
		want     Levels
	}{
		"below a rate":              {[]Rate{atLeast("arm64", 100), measured("amd64", 1000)}, nil, amdFirst},
		"below a rate, noise":       {[]Rate{atLeast("arm64", 100), measured("amd64", 110)}, nil, alike},
		"below a rate of the spec":  {[]Rate{atLeast("arm64", 100), said("amd64", 1000)}, nil, amdFirst},
		"above a rate":              {[]Rate{atLeast("arm64", 1000), measured("amd64", 100)}, nil, armFirst},
		"above a rate, noise":       {[]Rate{atLeast("arm64", 110), measured("amd64", 100)}, nil, alike},
		"two":                       {[]Rate{atLeast("arm64", 1000), atLeast("amd64", 100)}, nil, armFirst},
		"among rates that differ":   {[]Rate{atLeast("s390x", 500), measured("amd64", 100), measured("arm64", 1000)}, nil, Levels{{"arm64"}, {"s390x"}, {"amd64"}}},
		"alike, and now a rate":     {[]Rate{atLeast("arm64", 100), measured("amd64", 1000)}, alike, amdFirst},
		"alike, and now two bounds": {[]Rate{atLeast("arm64", 1000), atLeast("amd64", 100)}, alike, armFirst},
		"an order and a proof":      {[]Rate{atLeast("arm64", 1000), measured("amd64", 100)}, amdFirst, armFirst},
		"an order and two bounds":   {[]Rate{atLeast("arm64", 100), atLeast("amd64", 1000)}, armFirst, armFirst},
		"two bounds among alike ones, and one behind them": {[]Rate{atLeast("amd64", 560), atLeast("arm64", 900), atLeast("s390x", 950)},
			Levels{{"amd64", "arm64"}, {"s390x"}}, Levels{{"arm64"}, {"amd64"}, {"s390x"}}},
		"an order of bounds, and a new architecture": {[]Rate{atLeast("amd64", 500), atLeast("arm64", 900), measured("s390x", 300)},
			amdFirst, Levels{{"amd64"}, {"arm64"}, {"s390x"}}},
		"an order of bounds, and a rate between them": {[]Rate{atLeast("amd64", 500), atLeast("arm64", 900), measured("s390x", 600)},
			Levels{{"amd64"}, {"arm64"}, {"s390x"}}, Levels{{"arm64"}, {"s390x"}, {"amd64"}}},
	} {
		if diff := cmp.Diff(tc.want, Rank(tc.rates, tc.previous)); diff != "" {
			t.Errorf("%s: levels (-want +got):\n%s", name, diff)
		}
	}
}

func TestPreference(t *testing.T) {
	levels := Levels{{"arm64", "ppc64le"}, {"amd64"}, {"s390x"}}
	all := levels.Flat()
	for name, tc := range map[string]struct {
		in   Input
		want Levels
	}{
		"by level":                         {Input{Allowed: all, Levels: levels}, levels},
		"by weight":                        {Input{Allowed: all, Levels: levels, Weights: map[string]int32{"s390x": 100, "arm64": 1, "ppc64le": 1, "amd64": 50}}, Levels{{"s390x"}, {"amd64"}, {"arm64", "ppc64le"}}},
		"some given":                       {Input{Allowed: all, Levels: levels, Weights: map[string]int32{"ppc64le": 2}}, Levels{{"arm64"}, {"amd64"}, {"s390x"}, {"ppc64le"}}},
		"the same weight: alike":           {Input{Allowed: all, Levels: levels, Weights: map[string]int32{"s390x": 100}}, Levels{{"arm64", "ppc64le", "s390x"}, {"amd64"}}},
		"only what is possible":            {Input{Allowed: all, Levels: levels, NodeSelector: map[string]string{corev1.LabelArchStable: "amd64"}}, Levels{{"amd64"}}},
		"all of one weight":                {Input{Allowed: []string{"arm64", "amd64"}, Levels: Levels{{"arm64"}, {"amd64"}}, Weights: map[string]int32{"arm64": 7, "amd64": 7}}, Levels{{"arm64", "amd64"}}},
		"what is not known is in no order": {Input{Levels: levels}, nil},
		"the user's own terms":             {Input{Allowed: all, Levels: levels, Weights: map[string]int32{"s390x": 100, "arm64": 1}, Affinity: preferringOwn()}, Levels{{"s390x"}, {"amd64"}, {"arm64", "ppc64le"}}},
	} {
		if diff := cmp.Diff(tc.want, Preference(tc.in, nil)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

// What has pods and is not possible comes last, by its rate; without an image nothing is preferred.
func TestPreferenceOfWhatHasPods(t *testing.T) {
	rates := []Rate{said("s390x", 1000), said("arm64", 500), said("ppc64le", 800), said("amd64", 300), said("", 300)}
	known := Input{Allowed: []string{"arm64", "amd64"}, Levels: Levels{{"arm64"}, {"amd64"}}}
	if diff := cmp.Diff(Levels{{"arm64"}, {"amd64"}, {"s390x"}, {"ppc64le"}}, Preference(known, rates)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(Levels{{"s390x", "ppc64le", "arm64", "amd64"}}, Preference(Input{}, rates)); diff != "" {
		t.Errorf("with an unknown image (-want +got):\n%s", diff)
	}
}

func preferringOwn() *corev1.Affinity {
	return &corev1.Affinity{NodeAffinity: &corev1.NodeAffinity{PreferredDuringSchedulingIgnoredDuringExecution: []corev1.PreferredSchedulingTerm{
		{Weight: 1, Preference: corev1.NodeSelectorTerm{MatchExpressions: []corev1.NodeSelectorRequirement{in(corev1.LabelArchStable, "s390x")}}},
		{Weight: 50, Preference: corev1.NodeSelectorTerm{MatchExpressions: []corev1.NodeSelectorRequirement{in("disk", "ssd")}}},
		{Weight: 1, Preference: corev1.NodeSelectorTerm{MatchExpressions: []corev1.NodeSelectorRequirement{in(corev1.LabelArchStable, "s390x", "amd64"), in("disk", "ssd")}}},
	}}}
}

// The order can be read back from the template that was made with it: where the weights are derived, it is the first reading.
func TestReadings(t *testing.T) {
	var allowed []string
	of := func(placed Placement) []Levels {
		return Readings(corev1.PodSpec{Affinity: placed.Affinity, Tolerations: placed.Tolerations}, allowed)
	}
	for name, levels := range map[string]Levels{
		"one":          {{"arm64"}},
		"alike":        {{"amd64", "arm64"}},
		"in order":     {{"arm64"}, {"amd64"}},
		"three levels": {{"arm64"}, {"amd64", "ppc64le"}, {"s390x"}},
	} {
		allowed = levels.Flat()
		placed := Place(Input{Allowed: allowed, Levels: levels})
		if diff := cmp.Diff(levels, of(placed)[0]); diff != "" {
			t.Errorf("%s (-made with +read):\n%s", name, diff)
		}
	}
	if of(Placement{}) != nil || of(Placement{Affinity: &corev1.Affinity{}}) != nil || len(of(Place(Input{}))[0]) > 0 {
		t.Error("a template that names no architecture has an order")
	}
	for terms, want := range map[int]int{9: 256, 10: 1, 64: 1} {
		var many Levels
		for i := range terms {
			many = append(many, []string{fmt.Sprint("a", i)})
		}
		allowed = many.Flat()
		if readings := of(Place(Input{Allowed: allowed, Levels: many})); len(readings) != want || len(readings[0].Flat()) != terms {
			t.Errorf("%d readings of a template with %d terms", len(readings), terms)
		}
	}
	allowed = []string{"arm64"}
	foreign := Place(Input{Allowed: []string{"amd64", "arm64"}, Levels: Levels{{"amd64"}, {"arm64"}}})
	if diff := cmp.Diff([]Levels{{{"arm64"}}}, of(foreign)); diff != "" {
		t.Errorf("names of a template that are not allowed (-want +got):\n%s", diff)
	}
	// Terms of the user's own can be enough: then the tolerations alone tell what is allowed, beside such of the user's for other taints.
	allowed = []string{"amd64", "arm64"}
	own := Place(Input{
		Allowed: []string{"amd64", "arm64"}, Levels: Levels{{"amd64", "arm64"}}, Affinity: requiring(term(in(corev1.LabelArchStable, "arm64"))),
		Tolerations: []corev1.Toleration{{Key: "team", Value: "shop"}, {Key: corev1.LabelArchStable, Operator: corev1.TolerationOpExists, Effect: corev1.TaintEffectNoExecute}},
	})
	if diff := cmp.Diff([]Levels{{{"arm64"}}, {{"amd64", "arm64"}}}, of(own)); diff != "" {
		t.Errorf("the user's own terms (-want +got):\n%s", diff)
	}
}

// Whatever weights the user gives, one of the readings makes the same template again.
func TestAReadingMakesTheTemplate(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		levels := Rank(anyRates().Draw(t, "rates"), nil)
		given := rapid.MapOf(rapid.SampledFrom(architectures), rapid.SampledFrom([]int32{1, 4, 20, 50, 100})).Draw(t, "weights")
		spreading := anySpreading().Draw(t, "spreading")
		made := Place(Input{Allowed: levels.Flat(), Levels: levels, Weights: given, Spreading: spreading}).Affinity
		readings := Readings(corev1.PodSpec{Affinity: made}, levels.Flat())
		if len(made.NodeAffinity.PreferredDuringSchedulingIgnoredDuringExecution) == 0 {
			t.Skip("where all weights come out alike, the template tells no order")
		}
		for _, reading := range readings {
			if cmp.Equal(made, Place(Input{Allowed: levels.Flat(), Levels: reading, Weights: given, Spreading: spreading}).Affinity) {
				return
			}
		}
		t.Fatalf("none of the readings of %v with weights %v makes the template again", levels, given)
	})
}

func anyRates() *rapid.Generator[[]Rate] {
	return rapid.Custom(func(t *rapid.T) []Rate {
		// Of few different numbers, so that equal ones and those within 10% are frequent.
		qps := rapid.SampledFrom([]int64{1, 50, 90, 91, 99, 100, 101, 105, 109, 110, 111, 121, 1000})
		kind := rapid.SampledFrom([]string{"said", "measured", "mixed"}).Draw(t, "kind")
		var rates []Rate
		for _, name := range rapid.SliceOfDistinct(rapid.SampledFrom(append(architectures, "riscv64")), rapid.ID).Draw(t, "names") {
			isMeasured := kind == "measured" || kind == "mixed" && rapid.Bool().Draw(t, "measured")
			isBound := isMeasured && rapid.Bool().Draw(t, "atLeast")
			rates = append(rates, Rate{Architecture: name, QPS: qps.Draw(t, "qps"), Measured: isMeasured, AtLeast: isBound})
		}
		return rates
	})
}

func TestRankProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rates := anyRates().Draw(t, "rates")
		var previous Levels
		if rapid.Bool().Draw(t, "hasPrevious") {
			previous = Rank(anyRates().Draw(t, "before"), nil)
		}
		levels := Rank(rates, previous)
		if diff := cmp.Diff(levels, Rank(rapid.Permutation(rates).Draw(t, "permutation"), previous)); diff != "" {
			t.Fatalf("another order of the same rates gives other levels:\n%s", diff)
		}
		if diff := cmp.Diff(levels, Rank(rates, levels)); diff != "" {
			t.Fatalf("the levels do not hold for the rates that they were made from:\n%s", diff)
		}
		var names []string
		for _, rate := range rates {
			names = append(names, rate.Architecture)
		}
		slices.Sort(names)
		if flat := slices.Sorted(slices.Values(levels.Flat())); !slices.Equal(flat, names) {
			t.Fatalf("levels name %v, the rates %v", flat, names)
		}
		at := levelOf(levels)
		for _, a := range rates {
			for _, b := range rates {
				if better(a, b) && at[a.Architecture] >= at[b.Architecture] {
					t.Fatalf("%v is better than %v, and not above it in %v", a, b, levels)
				}
			}
		}
	})
}

// A new measurement that turns no pair around by more than noise changes nothing.
func TestRankKeepsTheOrderThroughNoise(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rates := anyRates().Draw(t, "rates")
		levels := Rank(rates, nil)
		at := levelOf(levels)
		again := slices.Clone(rates)
		for i := range again {
			again[i].Measured = true
			again[i].QPS = again[i].QPS * rapid.Int64Range(95, 105).Draw(t, "percent")
		}
		for _, a := range again {
			for _, b := range again {
				if at[a.Architecture] > at[b.Architecture] && better(a, b) || at[a.Architecture] == at[b.Architecture] && ahead(a, b) {
					t.Skip("turned around by more than noise")
				}
			}
		}
		if diff := cmp.Diff(levels, Rank(again, levels)); diff != "" {
			t.Fatalf("noise changed the levels (-before +after):\n%s", diff)
		}
	})
}

func levelOf(levels Levels) map[string]int {
	at := map[string]int{}
	for i, level := range levels {
		for _, name := range level {
			at[name] = i
		}
	}
	return at
}
