// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package placement

import (
	"cmp"
	"maps"
	"slices"

	corev1 "k8s.io/api/core/v1"
)

// Rate is what one pod serves on an architecture.
type Rate struct {
	// Architecture as in the node label kubernetes.io/arch.
	Architecture string
	// QPS of one pod, in requests per second.
	QPS int64
	// Measured numbers are noisy: those within 10% of each other are alike. Numbers of the spec are exact.
	Measured bool
	// AtLeast numbers are lower bounds, since something else than the application was the limit: two of them change no order.
	AtLeast bool
}

// Levels are architectures in order of falling performance; those of one level are alike.
type Levels [][]string

// Rank orders architectures by what a pod serves on them. previous, the levels that the live pod template
// was made with, stay as long as they name the same architectures and no number contradicts them by more
// than noise: a new measurement with the same order must restart no pod. Those that are alike, and where nothing is in use yet, are
// told apart by what they count for, even by lower bounds: pods that land anywhere count for no more than the lowest.
func Rank(rates []Rate, previous Levels) Levels {
	if previous.holds(rates) {
		return previous
	}
	sorted := slices.Clone(rates)
	slices.SortFunc(sorted, func(a, b Rate) int {
		return cmp.Or(cmp.Compare(b.QPS, a.QPS), cmp.Compare(a.Architecture, b.Architecture))
	})
	var levels Levels
	var lowest []Rate // those of the last level.
	for _, rate := range sorted {
		isWorse := func(above Rate) bool { return ahead(above, rate) }
		if len(levels) == 0 || slices.ContainsFunc(lowest, isWorse) {
			levels, lowest = append(levels, nil), nil
		}
		last := len(levels) - 1
		levels[last], lowest = append(levels[last], rate.Architecture), append(lowest, rate)
	}
	for _, level := range levels {
		slices.Sort(level)
	}
	return levels
}

// Flat is the architectures of all levels, the best first.
func (l Levels) Flat() []string {
	return slices.Concat(l...)
}

// holds reports whether the levels name the architectures of rates, and no others, in an order that the
// numbers do not contradict.
func (l Levels) holds(rates []Rate) bool {
	level := map[string]int{}
	for i, names := range l {
		for _, name := range names {
			level[name] = i
		}
	}
	if len(level) == 0 || len(level) != len(rates) {
		return false
	}
	for _, a := range rates {
		levelOfA, known := level[a.Architecture]
		if !known {
			return false
		}
		for _, b := range rates {
			levelOfB, known := level[b.Architecture]
			if !known || levelOfA == levelOfB && ahead(b, a) || levelOfA < levelOfB && contradicts(a, b) {
				return false
			}
		}
	}
	return true
}

// contradicts reports whether the numbers say that a does not stand before b.
func contradicts(a, b Rate) bool {
	return better(b, a) || !a.Measured && !b.Measured && a.QPS == b.QPS
}

// ahead reports whether a counts for more than b by more than noise: any difference between numbers of the spec, see IsNoise where
// one is measured.
func ahead(a, b Rate) bool {
	isMeasured := a.Measured || b.Measured
	return a.QPS > b.QPS && (!isMeasured || !IsNoise(a.QPS, b.QPS))
}

// better reports whether a certainly serves more than b does, as far as b is known. Two lower bounds say nothing of each other.
func better(a, b Rate) bool { return ahead(a, b) && (!a.AtLeast || !b.AtLeast) }

// IsNoise reports whether two measurements differ by 10% of the smaller one at most: such a difference says nothing.
func IsNoise(a, b int64) bool {
	return max(a, b)*10 <= min(a, b)*11
}

// LevelsOf reads from a template's affinity the order that it was made with: by the weights of the preferred terms that name one
// architecture, and where there are none, those required, alike.
func LevelsOf(affinity *corev1.Affinity) Levels {
	if affinity == nil || affinity.NodeAffinity == nil {
		return nil
	}
	byWeight := map[int32][]string{}
	for _, term := range affinity.NodeAffinity.PreferredDuringSchedulingIgnoredDuringExecution {
		for _, r := range term.Preference.MatchExpressions {
			if r.Key == corev1.LabelArchStable && len(r.Values) == 1 {
				byWeight[-term.Weight] = append(byWeight[-term.Weight], r.Values...)
			}
		}
	}
	var levels Levels
	for _, weight := range slices.Sorted(maps.Keys(byWeight)) {
		slices.Sort(byWeight[weight])
		levels = append(levels, byWeight[weight])
	}
	if required := affinity.NodeAffinity.RequiredDuringSchedulingIgnoredDuringExecution; len(levels) == 0 && required != nil {
		for _, term := range required.NodeSelectorTerms {
			for _, r := range term.MatchExpressions {
				if r.Key == corev1.LabelArchStable && r.Operator == corev1.NodeSelectorOpIn {
					levels = Levels{slices.Sorted(slices.Values(r.Values))}
				}
			}
		}
	}
	return levels
}
