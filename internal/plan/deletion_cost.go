// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package plan

import (
	"cmp"
	"slices"

	"github.com/elasticweb/elasticweb-operator/internal/placement"
)

// deletionCosts are those to stamp on the pods of slower architectures, the slowest cheapest to delete.
// A pod is stamped once, when it is bound: at a scale-down it would be too late, since the ReplicaSet
// controller may not see it in time. Pods of the best architecture keep the default of 0.
func deletionCosts(rates []placement.Rate, pods []Pod) map[string]int32 {
	costs := map[string]int32{}
	for _, pod := range pods {
		if pod.Terminating || pod.Node == "" || pod.HasDeletionCost {
			continue
		}
		if rank := rankOf(rates, pod.Architecture); rank > 0 {
			costs[pod.Name] = -100 * rank
		}
	}
	return costs
}

// rankOf is how many different rates are above that of the architecture; 0 for one that is not known.
func rankOf(rates []placement.Rate, architecture string) int32 {
	own := slices.IndexFunc(rates, func(r placement.Rate) bool { return r.Architecture == architecture })
	if own < 0 {
		return 0
	}
	above := map[int64]struct{}{}
	for _, rate := range rates {
		if rate.QPS > rates[own].QPS {
			above[rate.QPS] = struct{}{}
		}
	}
	return int32(len(above)) //nolint:gosec // at most the number of architectures.
}

// compareRates orders by level, those without a level last, and then by falling QPS and name.
func compareRates(a, b placement.Rate, order []string) int {
	return cmp.Or(
		cmp.Compare(position(order, a.Architecture), position(order, b.Architecture)),
		cmp.Compare(b.QPS, a.QPS),
		cmp.Compare(a.Architecture, b.Architecture),
	)
}

func position(order []string, architecture string) int {
	if at := slices.Index(order, architecture); at >= 0 {
		return at
	}
	return len(order)
}
