// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package way

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/elasticweb/elasticweb-operator/internal/capacity"
	"github.com/elasticweb/elasticweb-operator/internal/way"
)

// overloadByRouter is how many times its share that pod gets which gets the most of it, by OpenShift's router.
func overloadByRouter(tiers []capacity.Tier) float64 {
	var services []Service
	for i, weight := range way.Weights(tiers, way.MaxRouteWeight) {
		services = append(services, Service{Weight: weight, Pods: make([]string, tiers[i].Pods)})
	}
	weights := RouterWeights(services)
	var sum, total, worst, own float64
	for i, share := range capacity.Shares(tiers) {
		sum += float64(share)
		total += float64(weights[i]) * float64(tiers[i].Pods)
	}
	for i := len(tiers) - 1; i >= 0; i-- {
		own += float64(weights[i])
		worst = max(worst, own/total*sum/float64(tiers[i].QPS))
	}
	return worst
}

// The router has whole numbers for pods: the further apart these are in what they serve, the more it rounds.
func TestRouterRoundsWithinBounds(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	for _, tc := range []struct {
		ratio, pods int64
		bound       float64
	}{{10, 300, 1.015}, {10, 10_000, 1.015}, {100, 300, 1.04}, {100, 10_000, 1.04}} {
		worst, of := 0.0, []capacity.Tier(nil)
		for range 1_000 {
			groups := make([]capacity.Group, 2+random.IntN(3))
			for i := range groups {
				groups[i] = capacity.Group{Architecture: fmt.Sprint("a", i), PodQPS: 50 + random.Int64N(50*(tc.ratio-1)), Pods: 1 + random.Int64N(tc.pods)}
				if random.IntN(2) == 0 {
					groups[i].Pods = 1 + random.Int64N(9)
				}
			}
			if tiers := capacity.Tiers(groups); tiers != nil {
				if over := overloadByRouter(tiers); over > worst {
					worst, of = over, tiers
				}
			}
		}
		t.Logf("up to %d times as fast, up to %d pods: %.3f, %v", tc.ratio, tc.pods, worst, of)
		if worst > tc.bound {
			t.Errorf("a pod gets %.3f times its share, %.3f is the bound", worst, tc.bound)
		}
	}
}
