// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package placement

import (
	"cmp"
	"maps"
	"slices"

	corev1 "k8s.io/api/core/v1"
)

// ladder is the derived weights by rank, for more than two ranks. It is steep, since the scheduler's other
// scores outweigh a small difference, and not proportional to the QPS, so that a new measurement with the
// same order changes no pod template.
var ladder = []int32{100, 20, 4, 1}

// weights of the possible architectures: those that the user gave, and for the others the rank's. It is
// empty where there is nothing to prefer: one architecture, or all of them alike.
func weights(levels Levels, given map[string]int32, possible []string) map[string]int32 {
	left := restrict(levels, possible)
	result := map[string]int32{}
	for rank, level := range left {
		for _, architecture := range level {
			result[architecture] = rankWeight(rank, len(left))
			if weight, isGiven := given[architecture]; isGiven {
				result[architecture] = weight
			}
		}
	}
	if allAlike(result) {
		return nil
	}
	return result
}

func rankWeight(rank, ranks int) int32 {
	if ranks == 2 && rank == 1 {
		return ladder[len(ladder)-1]
	}
	return ladder[min(rank, len(ladder)-1)]
}

func allAlike(weights map[string]int32) bool {
	distinct := map[int32]struct{}{}
	for _, weight := range weights {
		distinct[weight] = struct{}{}
	}
	return len(distinct) < 2
}

// Preference is the possible architectures in the order in which they are filled, and kept: those with the higher weight
// first, and of the same weight those of the higher level. Where the user prefers architectures in own terms, and where the
// weights prefer none, the levels decide.
func Preference(in Input) Levels {
	left := restrict(in.Levels, Possible(in))
	if prefersArchitecture(in.Affinity) {
		return left
	}
	weighted := weights(in.Levels, in.Weights, left.Flat())
	var preference Levels
	for _, level := range left {
		byWeight := map[int32][]string{}
		for _, architecture := range level {
			byWeight[weighted[architecture]] = append(byWeight[weighted[architecture]], architecture)
		}
		for _, weight := range slices.Sorted(maps.Keys(byWeight)) {
			preference = append(preference, byWeight[weight])
		}
	}
	slices.SortStableFunc(preference, func(a, b []string) int { return cmp.Compare(weighted[b[0]], weighted[a[0]]) })
	return preference
}

// restrict leaves out the architectures that are not possible, and the levels that are empty then.
func restrict(levels Levels, possible []string) Levels {
	var left Levels
	for _, level := range levels {
		names := slices.DeleteFunc(slices.Clone(level), func(a string) bool { return !slices.Contains(possible, a) })
		if len(names) > 0 {
			left = append(left, names)
		}
	}
	return left
}

// preferredTerms is one term per architecture, in the order of order.
func preferredTerms(weights map[string]int32, order []string) []corev1.PreferredSchedulingTerm {
	var terms []corev1.PreferredSchedulingTerm
	for _, architecture := range order {
		weight, isWeighted := weights[architecture]
		if !isWeighted {
			continue
		}
		terms = append(terms, corev1.PreferredSchedulingTerm{
			Weight: weight,
			Preference: corev1.NodeSelectorTerm{
				MatchExpressions: []corev1.NodeSelectorRequirement{in(corev1.LabelArchStable, architecture)},
			},
		})
	}
	return terms
}
