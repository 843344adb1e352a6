// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package placement

import (
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Spreading is how the derived spread constraints weigh. docs/placement.md holds the arithmetic, and the runs against the real scheduler
// and the real Karpenter that the numbers were chosen by.
type Spreading struct {
	// Host is the maxSkew of the constraint on the host name, which spreads the pods.
	Host int32
	// Whole is the maxSkew of the constraint on the operating system, which all nodes have in common: it counts all pods on every node
	// alike, and so weighs the other one down the more of them there are. Templates of older operators have none: 0.
	Whole int32
}

// IsOlder reports whether it is that of an older operator, whose Host followed the number of pods at the last rollout.
func (s Spreading) IsOlder() bool { return s.Whole == 0 }

// IsForKarpenter reports whether it was made where Karpenter makes nodes.
func (s Spreading) IsForKarpenter() bool { return s.Host == full && !s.IsOlder() }

const (
	// few pods go to different nodes, be one of them emptier than the others.
	few int32 = 5
	// full is how many pods a kubelet takes by default. Karpenter makes another node rather than have one hold more than maxSkew pods.
	full int32 = 110
	// even has the constraint on the operating system weigh by the number of pods alone.
	even int32 = 1
	// only has neither constraint weigh anything, whatever the number of pods.
	only int32 = 10_000
)

// SpreadingFor is that of a rollout. It does not follow the number of pods, so that a template holds for every number. nodes counts the
// nodes that take pods by architecture; nil where that is not known. Where a single node is of the best architecture there is nothing to
// spread over: the constraint on the host name could only pull pods to slower nodes. Where the user has constraints, none is derived, and
// it only tells that the weights are not an older operator's.
func SpreadingFor(in Input, nodes map[string]int, hasKarpenter bool) Spreading {
	spreading := Spreading{Host: few, Whole: even}
	if len(in.Spread) > 0 {
		return spreading
	}
	if hasKarpenter {
		spreading.Host = full
	}
	if countBest(in, nodes) == 1 {
		spreading.Whole = only
	}
	return spreading
}

// countBest gives the number of nodes of the architectures with the highest weight of those that there are.
func countBest(in Input, nodes map[string]int) int {
	possible := Possible(in)
	weights, highest, best := weights(in, possible), int32(0), 0
	for _, architecture := range possible {
		here := nodes[architecture]
		switch weight := weights[architecture]; {
		case here == 0 || weight < highest:
		case weight > highest:
			highest, best = weight, here
		default:
			best += here
		}
	}
	return best
}

// spread is the user's constraints, else our own. Constraints of the template's own switch off the scheduler's default ones, which pull
// pods to the emptier nodes of a slower architecture. They name what every node has only: with a zone, nodes without a zone label would
// score 0.
func spread(in Input) []corev1.TopologySpreadConstraint {
	if len(in.Spread) > 0 {
		return in.Spread
	}
	constraint := func(key string, maxSkew int32) corev1.TopologySpreadConstraint {
		return corev1.TopologySpreadConstraint{
			MaxSkew: max(maxSkew, 1), TopologyKey: key, WhenUnsatisfiable: corev1.ScheduleAnyway,
			LabelSelector: &metav1.LabelSelector{MatchLabels: in.Selector},
		}
	}
	derived := []corev1.TopologySpreadConstraint{constraint(corev1.LabelHostname, in.Spreading.Host)}
	if !in.Spreading.IsOlder() {
		derived = append(derived, constraint(corev1.LabelOSStable, in.Spreading.Whole))
	}
	return derived
}

// ReadSpreading is that of a template with these constraints, where they hold derived ones.
func ReadSpreading(constraints []corev1.TopologySpreadConstraint) Spreading {
	var read Spreading
	for _, constraint := range constraints {
		if constraint.WhenUnsatisfiable != corev1.ScheduleAnyway {
			continue
		}
		switch constraint.TopologyKey {
		case corev1.LabelHostname:
			read.Host = constraint.MaxSkew
		case corev1.LabelOSStable:
			read.Whole = constraint.MaxSkew
		}
	}
	return read
}
