// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package way

import (
	"math"

	"github.com/elasticweb/elasticweb-operator/internal/capacity"
)

// Weights are those of the tiers' backends, of which none is above the greatest: exact where the numbers are small enough, else the
// ones with which the pod that gets too much gets the least too much.
func Weights(tiers []capacity.Tier, greatest int32) []int32 {
	exact := capacity.Shares(tiers)
	divisor, largest := int64(0), int64(0)
	for _, share := range exact {
		divisor, largest = gcd(divisor, share), max(largest, share)
	}
	if divisor == 0 {
		return nil
	}
	if largest/divisor <= int64(greatest) {
		return scaled(exact, 1/float64(divisor))
	}
	// Near the greatest weight a step more or less changes what the others are rounded to.
	var best []int32
	least := math.Inf(1)
	for top := greatest; top > greatest/2 && top > greatest-steps; top-- {
		weights := scaled(exact, float64(top)/float64(largest))
		if over := overload(exact, weights, tiers); over < least {
			best, least = weights, over
		}
	}
	return best
}

// steps bounds how many scales are tried.
const steps = 256

func scaled(exact []int64, factor float64) []int32 {
	weights := make([]int32, len(exact))
	for i, share := range exact {
		weights[i] = int32(math.Round(float64(share) * factor)) //nolint:gosec // at most the greatest weight of a kind.
	}
	return weights
}

// overload is how many times its share that pod gets which gets the most of it.
func overload(exact []int64, weights []int32, tiers []capacity.Tier) float64 {
	var total, sum float64
	for i, weight := range weights {
		total, sum = total+float64(weight), sum+float64(exact[i])
	}
	var worst, part float64
	for i := len(tiers) - 1; i >= 0; i-- {
		part += float64(weights[i]) / total / float64(tiers[i].Pods)
		worst = max(worst, part*sum/float64(tiers[i].QPS))
	}
	return worst
}

func gcd(a, b int64) int64 {
	for b != 0 {
		a, b = b, a%b
	}
	return a
}
