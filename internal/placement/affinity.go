// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package placement

import (
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
)

// linux is the value of the node label kubernetes.io/os that the images are for.
const linux = "linux"

// requireNodes puts the architectures and Linux into every required term. Terms are alternatives, so that
// one term without them would let pods onto any node that it matches.
func requireNodes(out *Placement, allowed []string) {
	if out.Affinity == nil {
		out.Affinity = &corev1.Affinity{}
	}
	if out.Affinity.NodeAffinity == nil {
		out.Affinity.NodeAffinity = &corev1.NodeAffinity{}
	}
	node := out.Affinity.NodeAffinity
	if node.RequiredDuringSchedulingIgnoredDuringExecution == nil {
		node.RequiredDuringSchedulingIgnoredDuringExecution = &corev1.NodeSelector{}
	}
	required := node.RequiredDuringSchedulingIgnoredDuringExecution
	if len(required.NodeSelectorTerms) == 0 {
		required.NodeSelectorTerms = []corev1.NodeSelectorTerm{{MatchExpressions: ours(nil, allowed)}}
		return
	}
	for i := range required.NodeSelectorTerms {
		term := &required.NodeSelectorTerms[i]
		if isEmpty(*term) {
			continue // matches no node: with an expression it would match some.
		}
		term.MatchExpressions = append(term.MatchExpressions, ours(term.MatchExpressions, allowed)...)
	}
}

func isEmpty(term corev1.NodeSelectorTerm) bool {
	return len(term.MatchExpressions) == 0 && len(term.MatchFields) == 0
}

// ours is what a required term lacks: a requirement of the user's own that stays within the allowed
// architectures is enough.
func ours(own []corev1.NodeSelectorRequirement, allowed []string) []corev1.NodeSelectorRequirement {
	var add []corev1.NodeSelectorRequirement
	withinAllowed := func(r corev1.NodeSelectorRequirement) bool {
		return r.Key == corev1.LabelArchStable && r.Operator == corev1.NodeSelectorOpIn && isSubset(r.Values, allowed)
	}
	switch {
	case allowed == nil || slices.ContainsFunc(own, withinAllowed):
	case len(allowed) == 0: // every kubelet sets the label, and an empty list of values is invalid.
		add = append(add, corev1.NodeSelectorRequirement{Key: corev1.LabelArchStable, Operator: corev1.NodeSelectorOpDoesNotExist})
	default:
		add = append(add, in(corev1.LabelArchStable, slices.Sorted(slices.Values(allowed))...))
	}
	isLinux := func(r corev1.NodeSelectorRequirement) bool {
		return r.Key == corev1.LabelOSStable && r.Operator == corev1.NodeSelectorOpIn && isSubset(r.Values, []string{linux})
	}
	if !slices.ContainsFunc(own, isLinux) {
		add = append(add, in(corev1.LabelOSStable, linux))
	}
	return add
}

func in(key string, values ...string) corev1.NodeSelectorRequirement {
	return corev1.NodeSelectorRequirement{Key: key, Operator: corev1.NodeSelectorOpIn, Values: values}
}

func isSubset(values, of []string) bool {
	return !slices.ContainsFunc(values, func(value string) bool { return !slices.Contains(of, value) })
}

// Possible is the allowed architectures that the user's node selector and required terms leave, in the order
// of the levels; nil where the allowed ones are not known.
func Possible(input Input) []string {
	if input.Allowed == nil {
		return nil
	}
	left := []string{}
	for _, architecture := range ordered(input) {
		if selectorAllows(input.NodeSelector, architecture) && termsAllow(input.Affinity, architecture) {
			left = append(left, architecture)
		}
	}
	return left
}

// ordered is the allowed architectures in the order of the levels, those without a level last.
func ordered(input Input) []string {
	flat := slices.DeleteFunc(input.Levels.Flat(), func(a string) bool { return !slices.Contains(input.Allowed, a) })
	for _, architecture := range slices.Sorted(slices.Values(input.Allowed)) {
		if !slices.Contains(flat, architecture) {
			flat = append(flat, architecture)
		}
	}
	return flat
}

// selectorAllows reports whether the node selector leaves Linux nodes of the architecture possible.
func selectorAllows(selector map[string]string, architecture string) bool {
	pinned, isPinned := selector[corev1.LabelArchStable]
	system, isSystemPinned := selector[corev1.LabelOSStable]
	return (!isPinned || pinned == architecture) && (!isSystemPinned || system == linux)
}

// requiredTerms are those of an affinity, which may be nil.
func requiredTerms(affinity *corev1.Affinity) []corev1.NodeSelectorTerm {
	if affinity == nil || affinity.NodeAffinity == nil || affinity.NodeAffinity.RequiredDuringSchedulingIgnoredDuringExecution == nil {
		return nil
	}
	return affinity.NodeAffinity.RequiredDuringSchedulingIgnoredDuringExecution.NodeSelectorTerms
}

// termsAllow reports whether some required term leaves nodes of the architecture possible.
func termsAllow(affinity *corev1.Affinity, architecture string) bool {
	terms := requiredTerms(affinity)
	return len(terms) == 0 || slices.ContainsFunc(terms, func(term corev1.NodeSelectorTerm) bool {
		return !isEmpty(term) && !slices.ContainsFunc(term.MatchExpressions, func(r corev1.NodeSelectorRequirement) bool {
			return excludes(r, architecture)
		})
	})
}

// Names reports whether the node selector or a required term asks for nodes of the architecture by its name.
func Names(selector map[string]string, affinity *corev1.Affinity, architecture string) bool {
	if selector[corev1.LabelArchStable] == architecture {
		return true
	}
	return slices.ContainsFunc(requiredTerms(affinity), func(term corev1.NodeSelectorTerm) bool {
		return slices.ContainsFunc(term.MatchExpressions, func(r corev1.NodeSelectorRequirement) bool {
			return r.Key == corev1.LabelArchStable && r.Operator == corev1.NodeSelectorOpIn && slices.Contains(r.Values, architecture)
		})
	})
}

// excludes reports whether a requirement can match no Linux node of the architecture.
func excludes(r corev1.NodeSelectorRequirement, architecture string) bool {
	var value string
	switch r.Key {
	case corev1.LabelArchStable:
		value = architecture
	case corev1.LabelOSStable:
		value = linux
	default:
		return false
	}
	switch r.Operator {
	case corev1.NodeSelectorOpIn:
		return !slices.Contains(r.Values, value)
	case corev1.NodeSelectorOpNotIn:
		return slices.Contains(r.Values, value)
	case corev1.NodeSelectorOpDoesNotExist, corev1.NodeSelectorOpGt, corev1.NodeSelectorOpLt:
		return true // the label is there, and no number.
	default:
		return false
	}
}

// contradiction says why nothing is possible, and what to do.
func contradiction(input Input, possible []string) string {
	if len(possible) > 0 {
		return ""
	}
	allowed := strings.Join(slices.Sorted(slices.Values(input.Allowed)), ", ")
	pinned, isPinned := input.NodeSelector[corev1.LabelArchStable]
	system, isSystemPinned := input.NodeSelector[corev1.LabelOSStable]
	switch {
	case allowed == "":
		return "the image holds none of the architectures in spec.architectures, or none for Linux: list one that it holds, or use another image"
	case isSystemPinned && system != linux:
		return fmt.Sprintf("spec.nodeSelector pins %s to %s, but the pods run on %s only: remove it", corev1.LabelOSStable, system, linux)
	case isPinned && !slices.Contains(input.Allowed, pinned):
		return fmt.Sprintf("spec.nodeSelector pins %s to %s, but the pods can run on %s only: change it, or see to it that the image holds linux/%s, and spec.architectures, if it is set, lists %s",
			corev1.LabelArchStable, pinned, allowed, pinned, pinned)
	case isPinned:
		return fmt.Sprintf("spec.nodeSelector pins %s to %s, and the required terms of spec.affinity leave that out: change one of the two",
			corev1.LabelArchStable, pinned)
	default:
		return fmt.Sprintf("the required terms of spec.affinity leave out every architecture on which the pods can run (%s): allow one of them", allowed)
	}
}

// prefersArchitecture reports whether the user has a preference of architectures, which then stands alone.
func prefersArchitecture(affinity *corev1.Affinity) bool {
	if affinity == nil || affinity.NodeAffinity == nil {
		return false
	}
	preferred := affinity.NodeAffinity.PreferredDuringSchedulingIgnoredDuringExecution
	return slices.ContainsFunc(preferred, func(term corev1.PreferredSchedulingTerm) bool {
		return slices.ContainsFunc(term.Preference.MatchExpressions, func(r corev1.NodeSelectorRequirement) bool {
			return r.Key == corev1.LabelArchStable
		})
	})
}
