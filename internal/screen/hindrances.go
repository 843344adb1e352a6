// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package screen

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"github.com/elasticweb/elasticweb-operator/internal/plan"
)

// mostHindrances are told: pods differ in them only a little.
const mostHindrances = 3

// Hindrance is what keeps a pod from running, as far as that is told: "" where it may just take its time.
func Hindrance(pod *plan.Pod) string {
	switch {
	case pod.Gone || pod.Ready:
		return ""
	case pod.Failure != nil:
		return "container " + pod.Failure.Container + ": " + pod.Failure.Reason + ": " + pod.Failure.Message
	case pod.Node == "" && pod.Unschedulable != "":
		nodes, _, _ := strings.Cut(pod.Unschedulable, ". preemption: ") // which says the same once more.
		return nodes
	}
	return ""
}

// Hindrances says what keeps pods from running, that of the most pods first. The conditions tell of the gravest trouble alone.
func Hindrances(pods []plan.Pod) (texts []string) {
	count := map[string]int{}
	for i := range pods {
		if text := Hindrance(&pods[i]); text != "" {
			count[text]++
		}
	}
	all := slices.SortedFunc(maps.Keys(count), func(a, b string) int { return cmp.Or(count[b]-count[a], cmp.Compare(a, b)) })
	for _, text := range all[:min(len(all), mostHindrances)] {
		texts = append(texts, Counted(int64(count[text]), "pod")+": "+text)
	}
	if more := len(all) - len(texts); more > 0 {
		texts = append(texts, "and "+Counted(int64(more), "cause")+" more")
	}
	return texts
}
