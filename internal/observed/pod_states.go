// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package observed

import (
	"cmp"
	"slices"

	"github.com/elasticweb/elasticweb-operator/internal/plan"
)

// PodState is what a pod does, in a word.
type PodState string

const (
	// PodReady: it serves, or will once it has been ready for long enough.
	PodReady PodState = "ready"
	// PodNotReady: it has a node, and does not answer.
	PodNotReady PodState = "not_ready"
	// PodWaiting: it has no node.
	PodWaiting PodState = "waiting"
	// PodTerminating: it is about to end, or has ended.
	PodTerminating PodState = "terminating"
)

// PodCount is how many pods there are in a state on an architecture, "" where that is not known.
type PodCount struct {
	Architecture string
	State        PodState
	Pods         int
}

// CountPods sorts pods by architecture and state.
func CountPods(pods []plan.Pod) (counts []PodCount) {
	for i := range pods {
		architecture, state := pods[i].Architecture, stateOf(&pods[i])
		at := slices.IndexFunc(counts, func(c PodCount) bool { return c.Architecture == architecture && c.State == state })
		if at < 0 {
			at, counts = len(counts), append(counts, PodCount{Architecture: architecture, State: state})
		}
		counts[at].Pods++
	}
	slices.SortFunc(counts, func(a, b PodCount) int {
		return cmp.Or(cmp.Compare(a.Architecture, b.Architecture), cmp.Compare(a.State, b.State))
	})
	return slices.Clip(counts)
}

func stateOf(pod *plan.Pod) PodState {
	switch {
	case pod.Gone:
		return PodTerminating
	case pod.Node == "":
		return PodWaiting
	case pod.Ready:
		return PodReady
	}
	return PodNotReady
}
