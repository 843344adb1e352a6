// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package placement

import (
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
	left := levels.Of(func(name string) bool { return slices.Contains(possible, name) })
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

// Preference is the architectures of the rates in the order in which they are filled, and kept: those possible by the weights of the
// preferred terms, be they the user's own, and behind them, by what they serve, those that have pods but are no longer allowed. Those of
// the same weight are filled alike, and kept alike, and so are all where none is required. What is on a node that is not known, "", is in
// no order.
func Preference(in Input, rates []Rate) Levels {
	possible := Possible(in)
	weighted := weights(in.Levels, in.Weights, possible)
	if prefersArchitecture(in.Affinity) {
		weighted = ownWeights(in.Affinity, possible)
	}
	byWeight := map[int32][]string{}
	for _, architecture := range possible {
		byWeight[-weighted[architecture]] = append(byWeight[-weighted[architecture]], architecture)
	}
	var preference Levels
	for _, weight := range slices.Sorted(maps.Keys(byWeight)) {
		preference = append(preference, byWeight[weight])
	}
	others := Rank(slices.DeleteFunc(slices.Clone(rates), func(rate Rate) bool {
		return rate.Architecture == "" || slices.Contains(possible, rate.Architecture)
	}), nil)
	if in.Allowed == nil && len(others) > 0 {
		return Levels{others.Flat()}
	}
	return append(preference, others...)
}

// ownWeights is what the user's own preferred terms add up to for nodes of each architecture.
func ownWeights(affinity *corev1.Affinity, possible []string) map[string]int32 {
	weights := map[string]int32{}
	for _, term := range affinity.NodeAffinity.PreferredDuringSchedulingIgnoredDuringExecution {
		for _, architecture := range possible {
			if !slices.ContainsFunc(term.Preference.MatchExpressions, func(r corev1.NodeSelectorRequirement) bool { return excludes(r, architecture) }) {
				weights[architecture] += term.Weight
			}
		}
	}
	return weights
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
