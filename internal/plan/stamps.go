// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package plan

import (
	"slices"
	"strconv"

	"github.com/elasticweb/elasticweb-operator/internal/placement"
)

// Stamp is what a pod is to bear that it does not; what is nil or "" stays as it is.
type Stamp struct {
	// Cost is the value of the annotation controller.kubernetes.io/pod-deletion-cost.
	Cost *int32
	// Architecture and Joined are the values of the labels elasticweb.example.com/architecture and /joined.
	Architecture, Joined string
	// Tiers are the labels of the backends of a weighted way in, see FormatTiers.
	Tiers string
}

// On is the pod as it is once it bears the stamp.
func (s Stamp) On(pod Pod) Pod {
	if s.Cost != nil {
		pod.DeletionCost = strconv.Itoa(int(*s.Cost))
	}
	if s.Architecture != "" {
		pod.ArchitectureLabel = s.Architecture
	}
	if s.Joined != "" {
		pod.JoinedLabel = s.Joined
	}
	if s.Tiers != "" {
		pod.Tiers = s.Tiers
	}
	return pod
}

// stamps are those to put on pods, by name. A pod is stamped when it is bound: for its cost it would be too late at a scale-down, since the
// ReplicaSet controller may not see it in time, and for what it joins once it is ready. Its architecture is told where there are several.
func stamps(preferred placement.Levels, pods []Pod, isMixed bool, joins func(Pod) bool, weighed []string, rates []placement.Rate) map[string]Stamp {
	due := map[string]Stamp{}
	for _, pod := range pods {
		if pod.Gone || pod.Node == "" {
			continue
		}
		var stamp Stamp
		if cost := dueCost(preferred, pod); cost != costOf(pod) {
			stamp.Cost = new(cost)
		}
		if isMixed && !pod.LabelsAreOthers && pod.ArchitectureLabel != pod.Architecture {
			stamp.Architecture = pod.Architecture
		}
		if isJoined := joins(pod); pod.JoinedLabel != "" && !pod.LabelsAreOthers && pod.IsJoined() != isJoined {
			stamp.Joined = strconv.FormatBool(isJoined)
		}
		if tiers := tierLabels(weighed, rates, pod); tiers != "" && !pod.LabelsAreOthers && pod.Tiers != tiers {
			stamp.Tiers = tiers
		}
		if stamp != (Stamp{}) {
			due[pod.Name] = stamp
		}
	}
	return due
}

// dueCost is what a pod is to bear: the less, the less its architecture is preferred. Pods of the most preferred one need none, but
// must not bear one that lets them go first. Where somebody else has the say, it is theirs.
func dueCost(preferred placement.Levels, pod Pod) int32 {
	rank := slices.IndexFunc(preferred, func(level []string) bool { return slices.Contains(level, pod.Architecture) })
	switch has := costOf(pod); {
	case pod.CostIsOthers || rank < 0:
		return has
	case rank == 0:
		return max(has, 0)
	default:
		return int32(-100 * rank) //nolint:gosec // at most the number of architectures.
	}
}

// costOf is what the ReplicaSet controller makes of the annotation: 0 of what is not there, or no number as it writes them.
func costOf(pod Pod) int32 {
	cost, err := strconv.ParseInt(pod.DeletionCost, 10, 32)
	if err != nil || strconv.FormatInt(cost, 10) != pod.DeletionCost {
		return 0
	}
	return int32(cost)
}
