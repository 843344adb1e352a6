// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package way

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/elasticweb/elasticweb-operator/internal/capacity"
)

// tail simulates requests at random moments to pods that serve one after the other, at 95% of what all of them serve, and is how long one in a
// hundred waits at least, in seconds.
func tail(rates []float64, next func() int) float64 {
	const requests, warmUp = 400_000, 40_000
	random := rand.New(rand.NewPCG(3, 4)) //nolint:gosec // no secret.
	sum := 0.0
	for _, rate := range rates {
		sum += rate
	}
	now, free, waits := 0.0, make([]float64, len(rates)), []float64{}
	for i := range requests {
		now += random.ExpFloat64() / (0.95 * sum)
		pod := next()
		begins := max(now, free[pod])
		free[pod] = begins + 1/rates[pod]
		if i >= warmUp {
			waits = append(waits, begins-now)
		}
	}
	slices.Sort(waits)
	return waits[len(waits)*99/100]
}

// turns is a weighted round robin over so many, as gateways do it: the one whose turn is due first.
func turns(weights ...float64) func() int {
	due := make([]float64, len(weights))
	for i, weight := range weights {
		due[i] = 1 / weight
	}
	return func() int {
		first := 0
		for i := range due {
			if due[i] < due[first] {
				first = i
			}
		}
		due[first] += 1 / weights[first]
		return first
	}
}

// chance is one for all: choices that follow each other in the same way would not be by chance.
var chance = rand.New(rand.NewPCG(5, 6)) //nolint:gosec // no secret.

// lots chooses by chance.
func lots(weights ...float64) func() int {
	sum := 0.0
	for _, weight := range weights {
		sum += weight
	}
	return func() int {
		at := chance.Float64() * sum
		for i, weight := range weights {
			if at -= weight; at < 0 {
				return i
			}
		}
		return len(weights) - 1
	}
}

// The backends of 5 fast and 5 slow pods by weights, behind a gateway that takes turns: one in a hundred waits little longer than before 8 fast ones that have
// the same part of their sum to do. Behind one that chooses by chance all wait many times as long, mixed or not, and those at the slow pods the longest.
func TestTail(t *testing.T) {
	const fast, slow = 800.0, 400.0
	unmixed, mixed := slices.Repeat([]float64{fast}, 8), append(slices.Repeat([]float64{fast}, 5), slices.Repeat([]float64{slow}, 5)...)
	tiers := capacity.Tiers([]capacity.Group{{Architecture: "arm64", PodQPS: fast, Pods: 5}, {Architecture: "amd64", PodQPS: slow, Pods: 5}})
	var weights []float64
	for i, tier := range tiers { // as in a route: what its pods get beyond the next tier's.
		beyond := float64(tier.QPS)
		if i+1 < len(tiers) {
			beyond -= float64(tiers[i+1].QPS)
		}
		weights = append(weights, float64(tier.Pods)*beyond)
	}
	nested := func(choose func(...float64) func() int) func() int {
		backend, pods := choose(weights...), []func() int{choose(1, 1, 1, 1, 1), choose(slices.Repeat([]float64{1}, 10)...)}
		return func() int { return pods[backend()]() }
	}
	alike := slices.Repeat([]float64{1}, 8)
	inTurns := tail(mixed, nested(turns)) / tail(unmixed, turns(alike...))
	byChance := tail(mixed, nested(lots)) / tail(unmixed, lots(alike...))
	worse := tail(unmixed, lots(alike...)) / tail(unmixed, turns(alike...))
	t.Logf("p99 by weights beside the unmixed set: %.2f where a gateway takes turns, %.2f where it chooses by chance, which is %.1f times as long for the unmixed set", inTurns, byChance, worse)
	if inTurns > 1.2 || math.IsNaN(inTurns) {
		t.Errorf("where a gateway takes turns it is %.2f, want no more than 1.2", inTurns)
	}
}
