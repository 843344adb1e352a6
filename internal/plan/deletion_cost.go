// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package plan

import (
	"slices"
	"strconv"

	"github.com/elasticweb/elasticweb-operator/internal/placement"
)

// deletionCosts are those to stamp on pods, by name. A pod is stamped when it is bound: at a scale-down it would be too late, since the
// ReplicaSet controller may not see it in time.
func deletionCosts(preferred placement.Levels, pods []Pod) map[string]int32 {
	costs := map[string]int32{}
	for _, pod := range pods {
		if cost := dueCost(preferred, pod); !pod.Gone && pod.Node != "" && cost != costOf(pod) {
			costs[pod.Name] = cost
		}
	}
	return costs
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
