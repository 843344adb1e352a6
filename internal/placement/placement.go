// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

// Package placement works out on which nodes the pods of an image may run, and which they prefer, in the
// terms of the pod template alone: node affinity, tolerations and a spread constraint. It does no I/O.
package placement

import (
	"slices"

	corev1 "k8s.io/api/core/v1"
)

// Input is what a placement is worked out from. Nothing in it is changed.
type Input struct {
	// Allowed are the architectures on which the image runs and the spec wants it; nil where they are not
	// known, and then no architecture is required or preferred.
	Allowed []string
	// Levels orders the allowed architectures, the best first.
	Levels Levels
	// Weights that the user gave, by architecture, from 1 to 100.
	Weights map[string]int32
	// Spreading is how the derived spread constraints weigh, see SpreadingFor.
	Spreading Spreading
	// Selector of the pods, for the spread constraints.
	Selector map[string]string

	// NodeSelector, Affinity, Tolerations and Spread are the user's own terms.
	NodeSelector map[string]string
	Affinity     *corev1.Affinity
	Tolerations  []corev1.Toleration
	Spread       []corev1.TopologySpreadConstraint
}

// Placement is the part of a pod template that decides about nodes.
type Placement struct {
	NodeSelector map[string]string
	Affinity     *corev1.Affinity
	Tolerations  []corev1.Toleration
	Spread       []corev1.TopologySpreadConstraint
	// Weights of the preferred terms by architecture; empty where there is nothing to prefer.
	Weights map[string]int32
	// Possible are the allowed architectures that the user's own terms leave, in the order of Levels; nil
	// where the allowed ones are not known.
	Possible []string
	// Contradiction says why no node can ever match, and the remedy; "" where there is none.
	Contradiction string
}

// Place works out the placement. The result never allows a node on which the image cannot run, and never
// forbids what the user demands and is possible.
func Place(in Input) Placement {
	out := Placement{
		NodeSelector: in.NodeSelector,
		Affinity:     in.Affinity.DeepCopy(),
		Tolerations:  tolerations(in.Tolerations, in.Allowed),
		Spread:       in.Spread,
		Possible:     Possible(in),
	}
	requireNodes(&out, in.Allowed)
	if in.Allowed == nil {
		return out
	}
	out.Contradiction = contradiction(in, out.Possible)
	if prefersArchitecture(in.Affinity) {
		return out
	}
	out.Weights = weights(in, out.Possible)
	if len(out.Weights) > 0 {
		out.Affinity.NodeAffinity.PreferredDuringSchedulingIgnoredDuringExecution = append(
			out.Affinity.NodeAffinity.PreferredDuringSchedulingIgnoredDuringExecution,
			preferredTerms(out.Weights, out.Possible)...)
		out.Spread = spread(in)
	}
	return out
}

// tolerations adds those for the taints with which some clouds mark the nodes of an architecture.
func tolerations(own []corev1.Toleration, allowed []string) []corev1.Toleration {
	all := slices.Clone(own)
	for _, architecture := range slices.Sorted(slices.Values(allowed)) {
		taint := corev1.Taint{Key: corev1.LabelArchStable, Value: architecture, Effect: corev1.TaintEffectNoSchedule}
		if !slices.ContainsFunc(own, func(t corev1.Toleration) bool { return Tolerates(t, taint) }) {
			all = append(all, corev1.Toleration{
				Key: taint.Key, Operator: corev1.TolerationOpEqual, Value: taint.Value, Effect: taint.Effect,
			})
		}
	}
	return all
}

// Tolerates reports whether pods with the toleration may be bound in spite of the taint.
func Tolerates(toleration corev1.Toleration, taint corev1.Taint) bool {
	if toleration.Effect != "" && toleration.Effect != taint.Effect {
		return false
	}
	if toleration.Operator == corev1.TolerationOpExists {
		return toleration.Key == "" || toleration.Key == taint.Key
	}
	return toleration.Key == taint.Key && toleration.Value == taint.Value
}
