// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package capacity

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"testing"
)

func TestTiers(t *testing.T) {
	for name, tc := range map[string]struct {
		groups []Group
		want   []Tier
		served int64
	}{
		"none":                     {},
		"one architecture":         {[]Group{{"arm64", 800, 5}}, nil, 4000},
		"alike":                    {[]Group{{"arm64", 800, 5}, {"amd64", 800, 5}}, nil, 8000},
		"two":                      {[]Group{{"amd64", 400, 5}, {"arm64", 800, 5}}, []Tier{{"arm64", 800, 5}, {"amd64", 400, 10}}, 6000},
		"one slow pod is no loss":  {[]Group{{"arm64", 1000, 10}, {"s390x", 400, 1}}, []Tier{{"arm64", 1000, 10}, {"s390x", 400, 11}}, 10400},
		"absent ones do not count": {[]Group{{"arm64", 800, 5}, {"amd64", 400, 0}, {"s390x", 100, -1}}, nil, 4000},
		"a single pod of the fastest counts as the next": {
			[]Group{{"arm64", 1000, 1}, {"amd64", 800, 2}, {"s390x", 400, 2}}, []Tier{{"amd64", 800, 3}, {"s390x", 400, 5}}, 3200,
		},
		"a single pod in the middle counts as it is": {
			[]Group{{"arm64", 1000, 2}, {"amd64", 800, 1}, {"s390x", 400, 2}},
			[]Tier{{"arm64", 1000, 2}, {"amd64", 800, 3}, {"s390x", 400, 5}}, 3600,
		},
		"a single pod that serves more than all": {[]Group{{"arm64", 1000, 1}, {"s390x", 100, 5}}, nil, 1000},
		"alike ones are one backend": {
			[]Group{{"arm64", 800, 2}, {"amd64", 800, 2}, {"s390x", 400, 2}}, []Tier{{"arm64", 800, 4}, {"s390x", 400, 6}}, 4000,
		},
		"too slow to have a weight": {[]Group{{"arm64", 1000, 5}, {"amd64", 500, 5}, {"s390x", 9, 50}}, []Tier{{"arm64", 1000, 5}, {"amd64", 500, 10}}, 7500},
		"so slow, and so many that the fast ones are held": {
			[]Group{{"arm64", 1000, 2}, {"amd64", 9, 300}}, []Tier{{"arm64", 900, 2}, {"amd64", 9, 302}}, 4500,
		},
		"no more backends than a Route has": {
			[]Group{{"a", 1000, 5}, {"b", 900, 1}, {"c", 500, 5}, {"d", 300, 5}, {"e", 200, 5}},
			[]Tier{{"a", 1000, 5}, {"c", 500, 11}, {"d", 300, 16}, {"e", 200, 21}}, 10500,
		},
	} {
		t.Run(name, func(t *testing.T) {
			if got := Tiers(tc.groups); !reflect.DeepEqual(got, tc.want) {
				t.Errorf("%v, want %v", got, tc.want)
			}
			if got := Weighted.Served(tc.groups); got != tc.served {
				t.Errorf("they serve %d, want %d", got, tc.served)
			}
		})
	}
}

// What there is decides what they serve, and nothing that joins makes it less: so no number of pods chases itself.
func TestWeightedNeverFalls(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for range 20_000 {
		groups := make([]Group, 1+random.IntN(6))
		var total int64
		for i := range groups {
			groups[i] = Group{fmt.Sprint("a", i), 1 + random.Int64N(1000), random.Int64N(4)}
			total += groups[i].Pods * groups[i].PodQPS
		}
		before := Weighted.Served(groups)
		if joined := Joined.Served(groups); before < joined || before > total {
			t.Fatalf("%v serve %d, want %d to %d", groups, before, joined, total)
		}
		groups[random.IntN(len(groups))].Pods++
		if after := Weighted.Served(groups); after < before {
			t.Fatalf("%v serve %d, one pod less did %d", groups, after, before)
		}
	}
}

// Of more architectures than a Route has backends those are left out that cost least together, not one after the other.
func TestWeightedNeverFallsWithManyArchitectures(t *testing.T) {
	nine := []Group{{"a", 17, 4}, {"b", 339, 2}, {"c", 5, 28}, {"d", 28, 4}, {"e", 10, 0}, {"f", 2, 5}, {"g", 35, 7}, {"h", 232, 2}, {"i", 7, 1}}
	before := Weighted.Served(nine)
	nine[0].Pods++
	if after := Weighted.Served(nine); after < before {
		t.Errorf("they serve %d, and %d with one more", before, after)
	}
	random := rand.New(rand.NewPCG(7, 9))
	for range 5_000 {
		tiers := make([]Tier, 5+random.IntN(5))
		for i := range tiers {
			tiers[i] = Tier{fmt.Sprint("a", i), int64(1000 - 90*i - random.IntN(80)), 2}
			if i > 0 {
				tiers[i].Pods = tiers[i-1].Pods + 1 + random.Int64N(40)
			}
		}
		var want int64
		for chosen := range 1 << (len(tiers) - 1) {
			var some []Tier
			for i, tier := range tiers {
				if i == len(tiers)-1 || chosen>>i&1 == 1 {
					some = append(some, tier)
				}
			}
			if len(some) <= most {
				want = max(want, weighted(some))
			}
		}
		if got := weighted(worthMost(tiers, most)); got != want {
			t.Fatalf("%v: %d, want %d", tiers, got, want)
		}
	}
}
