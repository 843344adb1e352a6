// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package way

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"testing"

	"github.com/elasticweb/elasticweb-operator/internal/capacity"
)

// The greatest weights of the Gateway API and of OpenShift.
const ofHTTPRoute, ofRoute int32 = 1_000_000, 256

func TestWeights(t *testing.T) {
	for name, tc := range map[string]struct {
		groups           []capacity.Group
		httpRoute, route []int32
	}{
		"none":              {},
		"half as fast":      {[]capacity.Group{{Architecture: "arm64", PodQPS: 800, Pods: 5}, {Architecture: "amd64", PodQPS: 400, Pods: 5}}, []int32{1, 2}, []int32{1, 2}},
		"three":             {[]capacity.Group{{Architecture: "arm64", PodQPS: 1000, Pods: 3}, {Architecture: "amd64", PodQPS: 700, Pods: 2}, {Architecture: "s390x", PodQPS: 400, Pods: 4}}, []int32{3, 5, 12}, []int32{3, 5, 12}},
		"many":              {[]capacity.Group{{Architecture: "arm64", PodQPS: 997, Pods: 300}, {Architecture: "amd64", PodQPS: 401, Pods: 7}}, []int32{178800, 123107}, []int32{256, 177}},
		"more than allowed": {[]capacity.Group{{Architecture: "arm64", PodQPS: 99991, Pods: 5000}, {Architecture: "amd64", PodQPS: 39983, Pods: 3001}}, []int32{937906, 1000000}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			tiers := capacity.Tiers(tc.groups)
			if got := Weights(tiers, ofHTTPRoute); !reflect.DeepEqual(got, tc.httpRoute) {
				t.Errorf("HTTPRoute: %v, want %v", got, tc.httpRoute)
			}
			if got := Weights(tiers, ofRoute); tc.route != nil && !reflect.DeepEqual(got, tc.route) {
				t.Errorf("Route: %v, want %v", got, tc.route)
			}
		})
	}
}

// Whatever the pods are, none gets more than its share but for what the kind rounds.
func TestNoPodGetsMoreThanItsShare(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	worst := map[int32]float64{}
	for range 20_000 {
		groups := make([]capacity.Group, 2+random.IntN(3))
		for i := range groups {
			groups[i] = capacity.Group{Architecture: fmt.Sprint("a", i), PodQPS: 1 + random.Int64N(5000), Pods: 1 + random.Int64N(300)}
		}
		tiers := capacity.Tiers(groups)
		for greatest, parts := range map[int32]func([]int32, []capacity.Tier) []float64{ofHTTPRoute: partsByService, ofRoute: partsByRouter} {
			weights := Weights(tiers, greatest)
			for _, weight := range weights {
				if weight < 0 || weight > greatest {
					t.Fatalf("%v: weights %v", groups, weights)
				}
			}
			if tiers != nil {
				worst[greatest] = max(worst[greatest], overload(parts(weights, tiers), tiers))
			}
		}
	}
	if worst[ofHTTPRoute] > 1.0001 || worst[ofRoute] > 1.08 {
		t.Errorf("a pod gets %v times its share", worst)
	}
	t.Log(worst)
}
