// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package way

import (
	"math"

	"github.com/elasticweb/elasticweb-operator/internal/capacity"
)

// mostOfPod is the greatest weight of a pod in OpenShift's router, which has the pods of all Services of a Route in one backend: the weight of a
// Service is divided by the number of its pods, these are scaled so that the greatest is this, and are cut to whole numbers, of 1 at least.
const mostOfPod = 256

// partsByRouter are those that OpenShift's router makes of the weights.
func partsByRouter(weights []int32, tiers []capacity.Tier) []float64 {
	ofPod, parts := make([]float32, len(weights)), make([]float64, len(weights))
	var greatest float32
	for i, weight := range weights {
		ofPod[i] = float32(weight) / float32(tiers[i].Pods)
		greatest = max(greatest, ofPod[i])
	}
	var total float64
	for i := range weights {
		if ofPod[i] > 0 {
			parts[i] = max(math.Trunc(float64(ofPod[i]*(mostOfPod/greatest))), 1)
		}
		total += parts[i] * float64(tiers[i].Pods)
	}
	for i := range parts {
		parts[i] /= total
	}
	return parts
}

// routerShares are shares of which the router makes whole numbers for a pod, next above or below what is its due, in each combination: what
// lies between is cut, and a slow pod that has 2 for 2.9 leaves a third of its requests to the others.
func routerShares(tiers []capacity.Tier) (all [][]float64) {
	steps, greatest := make([]float64, len(tiers)), 0.0
	for i, tier := range tiers {
		steps[i] = float64(tier.QPS)
		if i+1 < len(tiers) {
			steps[i] -= float64(tiers[i+1].QPS)
		}
		greatest = max(greatest, steps[i])
	}
	for above := range 1 << len(tiers) {
		shares := make([]float64, len(tiers))
		for i, tier := range tiers {
			whole := math.Floor(steps[i] / greatest * mostOfPod)
			if above>>i&1 == 1 && whole < mostOfPod {
				whole++
			}
			if whole < mostOfPod {
				whole += cutMargin
			}
			shares[i] = whole * float64(tier.Pods)
		}
		all = append(all, shares)
	}
	return all
}

// cutMargin keeps what a weight is rounded to from being cut to the number below.
const cutMargin = 0.25
