// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package way

import (
	"math/rand/v2"
	"testing"

	"github.com/elasticweb/elasticweb-operator/internal/capacity"
)

func TestWeightsNeedFewPodsMoreThanTheOptimum(t *testing.T) {
	for _, world := range Worlds {
		weighted, _ := world.Needed(capacity.Weighted, 10_000)
		if optimum := world.Optimum(10_000); float64(weighted) > 1.05*float64(optimum) || weighted < optimum {
			t.Errorf("%v: %d pods, the optimum is %d", world, weighted, optimum)
		}
	}
}

// Whatever the world and the demand: the number settles, and what is there serves it.
func TestNumbersOfPodsSettle(t *testing.T) {
	random := rand.New(rand.NewPCG(5, 6))
	for range 5000 {
		world := make(World, 1+random.IntN(4))
		for i, podQPS := 0, int64(1000); i < len(world); i++ {
			world[i] = capacity.Group{Architecture: string(rune('a' + i)), PodQPS: podQPS, Pods: random.Int64N(20)}
			podQPS = max(20, podQPS-random.Int64N(500))
		}
		demand := 1 + random.Int64N(20_000)
		pods, placed := world.Needed(capacity.Weighted, demand)
		if pods < 0 || capacity.Weighted.Served(placed) < demand {
			t.Fatalf("%v, %d requests per second: %d pods, %v", world, demand, pods, placed)
		}
		if joined, _ := world.Needed(capacity.Joined, demand); pods > joined {
			t.Fatalf("%v, %d requests per second: %d pods with weights, %d without", world, demand, pods, joined)
		}
	}
}
