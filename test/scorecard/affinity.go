// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
)

// checkAffinity holds the node affinity of the CSV's deployments against its
// labels: required are those architectures and Linux, in every term, and each
// architecture is preferred with a weight of its own.
func checkAffinity(_ context.Context, o options) ([]string, error) {
	bundle, err := loadBundle(o.bundle)
	if err != nil {
		return nil, err
	}
	specs, err := deployments(bundle.CSV)
	if err != nil {
		return nil, err
	}
	claimed := claimedArchitectures(bundle.CSV)
	var mistakes []string
	for _, name := range slices.Sorted(maps.Keys(specs)) {
		affinity := specs[name].Template.Spec.Affinity
		if affinity == nil || affinity.NodeAffinity == nil {
			mistakes = append(mistakes, fmt.Sprintf("the deployment %s has no node affinity", name))
			continue
		}
		for _, mistake := range slices.Concat(requiredMistakes(affinity.NodeAffinity, claimed), preferredMistakes(affinity.NodeAffinity, claimed)) {
			mistakes = append(mistakes, fmt.Sprintf("the deployment %s: %s", name, mistake))
		}
	}
	return mistakes, nil
}

func requiredMistakes(affinity *corev1.NodeAffinity, claimed []string) []string {
	required := affinity.RequiredDuringSchedulingIgnoredDuringExecution
	if required == nil || len(required.NodeSelectorTerms) == 0 {
		return []string{"its node affinity requires nothing: require " + corev1.LabelArchStable + " and " + corev1.LabelOSStable}
	}
	var mistakes []string
	for i, term := range required.NodeSelectorTerms {
		// Terms are alternatives: what one of them leaves open, is open.
		for key, want := range map[string][]string{corev1.LabelArchStable: claimed, corev1.LabelOSStable: {"linux"}} {
			if got := valuesIn(term, key); !slices.Equal(got, want) {
				mistakes = append(mistakes, fmt.Sprintf("required term %d has %s In [%s], want [%s], as the labels of the CSV have it",
					i, key, strings.Join(got, " "), strings.Join(want, " ")))
			}
		}
	}
	slices.Sort(mistakes)
	return mistakes
}

func preferredMistakes(affinity *corev1.NodeAffinity, claimed []string) []string {
	var mistakes, preferred []string
	byWeight := map[int32]string{}
	for _, term := range affinity.PreferredDuringSchedulingIgnoredDuringExecution {
		values := valuesIn(term.Preference, corev1.LabelArchStable)
		if len(values) != 1 {
			mistakes = append(mistakes, fmt.Sprintf("the preferred term of weight %d names [%s], want one architecture", term.Weight, strings.Join(values, " ")))
			continue
		}
		if other, taken := byWeight[term.Weight]; taken {
			mistakes = append(mistakes, fmt.Sprintf("%s and %s have the same weight, %d", other, values[0], term.Weight))
		}
		if term.Weight < 1 || term.Weight > 100 {
			mistakes = append(mistakes, fmt.Sprintf("%s has weight %d, want 1 to 100", values[0], term.Weight))
		}
		byWeight[term.Weight] = values[0]
		preferred = append(preferred, values[0])
	}
	for _, name := range without(claimed, preferred) {
		mistakes = append(mistakes, "no preferred term has a weight for "+name)
	}
	for _, name := range without(preferred, claimed) {
		mistakes = append(mistakes, "a preferred term has a weight for "+name+", which no label of the CSV claims")
	}
	return mistakes
}

// valuesIn are those that a term allows for a label with the operator In, sorted; none if it has another.
func valuesIn(term corev1.NodeSelectorTerm, key string) []string {
	for _, requirement := range term.MatchExpressions {
		if requirement.Key == key && requirement.Operator == corev1.NodeSelectorOpIn {
			return slices.Sorted(slices.Values(requirement.Values))
		}
	}
	return nil
}
