// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package placement

import (
	"slices"
	"strconv"

	corev1 "k8s.io/api/core/v1"
)

// admits is what a scheduler makes of the terms, by brute force: the oracle of the property tests.
func admits(node corev1.Node, nodeSelector map[string]string, affinity *corev1.Affinity, tolerations []corev1.Toleration) bool {
	for _, taint := range node.Spec.Taints {
		tolerated := slices.ContainsFunc(tolerations, func(t corev1.Toleration) bool {
			return (t.Effect == "" || t.Effect == taint.Effect) &&
				(t.Operator == corev1.TolerationOpExists && (t.Key == "" || t.Key == taint.Key) ||
					t.Operator != corev1.TolerationOpExists && t.Key == taint.Key && t.Value == taint.Value)
		})
		if taint.Effect != corev1.TaintEffectPreferNoSchedule && !tolerated {
			return false
		}
	}
	return selects(node, nodeSelector, affinity)
}

// selects leaves taints aside.
func selects(node corev1.Node, nodeSelector map[string]string, affinity *corev1.Affinity) bool {
	for key, value := range nodeSelector {
		if have, isThere := node.Labels[key]; !isThere || have != value {
			return false
		}
	}
	if affinity == nil || affinity.NodeAffinity == nil ||
		affinity.NodeAffinity.RequiredDuringSchedulingIgnoredDuringExecution == nil {
		return true
	}
	terms := affinity.NodeAffinity.RequiredDuringSchedulingIgnoredDuringExecution.NodeSelectorTerms
	return slices.ContainsFunc(terms, func(term corev1.NodeSelectorTerm) bool { return matches(node, term) })
}

// matches follows the API's words: an empty term matches nothing, and NotIn matches a node without the label.
func matches(node corev1.Node, term corev1.NodeSelectorTerm) bool {
	if len(term.MatchExpressions)+len(term.MatchFields) == 0 {
		return false
	}
	for _, r := range term.MatchExpressions {
		value, isThere := node.Labels[r.Key]
		if !meets(r, value, isThere) {
			return false
		}
	}
	for _, r := range term.MatchFields {
		if !meets(r, node.Name, r.Key == "metadata.name") {
			return false
		}
	}
	return true
}

func meets(r corev1.NodeSelectorRequirement, value string, isThere bool) bool {
	switch r.Operator {
	case corev1.NodeSelectorOpIn:
		return isThere && slices.Contains(r.Values, value)
	case corev1.NodeSelectorOpNotIn:
		return !isThere || !slices.Contains(r.Values, value)
	case corev1.NodeSelectorOpExists:
		return isThere
	case corev1.NodeSelectorOpDoesNotExist:
		return !isThere
	default:
		have, err := strconv.Atoi(value)
		bound, boundErr := strconv.Atoi(r.Values[0])
		return isThere && err == nil && boundErr == nil &&
			(r.Operator == corev1.NodeSelectorOpGt && have > bound || r.Operator == corev1.NodeSelectorOpLt && have < bound)
	}
}
