// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package way

import (
	"math"
	"slices"

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
	parts := partsByService
	if greatest == MaxRouteWeight {
		parts = partsByRouter
	}
	best, least := []int32(nil), math.Inf(1)
	try := func(shares []float64, factor float64) {
		weights := scaled(shares, factor)
		if over := overload(parts(weights, tiers), tiers); over < least {
			best, least = weights, over
		}
	}
	shares := floats(exact)
	if largest/divisor <= int64(greatest) {
		try(shares, 1/float64(divisor))
	}
	candidates := [][]float64{shares}
	if greatest == MaxRouteWeight {
		candidates = append(candidates, routerShares(tiers)...)
	}
	// Near the greatest weight a step more or less changes what the others are rounded to.
	for top := greatest; top > greatest-steps && top > 0 && least > closeEnough; top-- {
		for _, shares := range candidates {
			try(shares, float64(top)/slices.Max(shares))
		}
	}
	return best
}

// steps bounds how many scales are tried; one with which no pod gets more than closeEnough times its share ends that.
const (
	steps       = 256
	closeEnough = 1.002
)

func scaled(shares []float64, factor float64) []int32 {
	weights := make([]int32, len(shares))
	for i, share := range shares {
		weights[i] = int32(math.Round(share * factor))
	}
	return weights
}

func floats(exact []int64) []float64 {
	shares := make([]float64, len(exact))
	for i, share := range exact {
		shares[i] = float64(share)
	}
	return shares
}

// overload is how many times its share that pod gets which gets the most of it. parts are those of all requests that each pod of a backend gets
// by it.
func overload(parts []float64, tiers []capacity.Tier) float64 {
	var sum, worst, part float64
	for _, share := range capacity.Shares(tiers) {
		sum += float64(share)
	}
	for i := len(tiers) - 1; i >= 0; i-- {
		part += parts[i]
		worst = max(worst, part*sum/float64(tiers[i].QPS))
	}
	return worst
}

// partsByService are those where a backend is chosen by its weight, and then one of its pods.
func partsByService(weights []int32, tiers []capacity.Tier) []float64 {
	var total float64
	for _, weight := range weights {
		total += float64(weight)
	}
	parts := make([]float64, len(weights))
	for i, weight := range weights {
		parts[i] = float64(weight) / total / float64(tiers[i].Pods)
	}
	return parts
}

func gcd(a, b int64) int64 {
	for b != 0 {
		a, b = b, a%b
	}
	return a
}
