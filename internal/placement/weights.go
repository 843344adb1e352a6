// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package placement

import (
	"maps"
	"slices"

	corev1 "k8s.io/api/core/v1"
)

// Ladders are the derived weights by rank. They are steep, since the scheduler's other scores outweigh a small difference, and not
// proportional to the QPS, so that a new measurement with the same order changes no pod template.
var (
	ofTwo   = []int32{100, 1}
	ofThree = []int32{100, 10, 1}
	ofMore  = []int32{100, 10, 3, 1}
	// older is that of older operators for more than two.
	older = []int32{100, 20, 4, 1}
)

// ladder is the one for a number of ranks.
func ladder(ranks int, spreading Spreading) []int32 {
	switch {
	case ranks <= 2:
		return ofTwo
	case spreading.IsOlder():
		return older
	case ranks == 3:
		return ofThree
	default:
		return ofMore
	}
}

// weights of the possible architectures: those that the user gave, and for the others the rank's. It is
// empty where there is nothing to prefer: one architecture, or all of them alike.
func weights(in Input, possible []string) map[string]int32 {
	left := in.Levels.Of(func(name string) bool { return slices.Contains(possible, name) })
	steps, result := ladder(len(left), in.Spreading), map[string]int32{}
	for rank, level := range left {
		for _, architecture := range level {
			result[architecture] = steps[min(rank, len(steps)-1)]
			if weight, isGiven := in.Weights[architecture]; isGiven {
				result[architecture] = weight
			}
		}
	}
	if allAlike(result) {
		return nil
	}
	return result
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
	weighted := weights(in, possible)
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
