// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package capacity

import (
	"cmp"
	"math"
	"slices"
)

// most is the number of backends that every kind of way in can have: a Route of OpenShift has 4.
const most = 4

// ratio is how many times as much as the slowest pod the fastest may get: OpenShift's router knows weights of 1 to 256 for each pod, and
// would round the slowest up.
const ratio = 100

// fewest is the number of pods in a backend of fewer than all architectures: with a single one, its end would be an empty backend for
// as long as it takes to tell the gateway.
const fewest = 2

// Tier is a backend: the pods of all architectures that are as fast as one, or faster.
type Tier struct {
	// Architecture is the slowest that is in it.
	Architecture string
	// QPS is what a pod of that serves, in requests per second.
	QPS int64
	// Pods is the number of all that are in it.
	Pods int64
}

// Tiers are the backends that the groups are worth most with, the fastest first; none where the plain Service serves as much.
//
// They are nested: with the architectures by falling QPS, the first has the pods of the fastest, the second those of the first two, and
// so on; the last has all. With K(j) pods in backend j, and q(j) what its slowest pod serves, the share of backend j is
// K(j) x (q(j) - q(j+1)), that of the last K(m) x q(m). A pod of architecture i is in the backends i to m, and each of K(j) pods gets an
// equal part of backend j: q(i) - q(i+1) + ... + q(m) = q(i), what it serves. Of all ways to give each pod its share by sets of pods
// this has the fewest that can be empty: a backend has no pods only where all that are faster are gone too, and whatever is lost of
// the slower ones no request finds an empty backend.
func Tiers(groups []Group) []Tier {
	best := bestTiers(groups)
	if len(best) < 2 {
		return nil
	}
	return best
}

// bestTiers are those of as many architectures, from the fastest on, as are worth most: where one adds nothing it gets no requests. It adds
// less than nothing where the faster ones would be held to so much less for it, see ratio.
func bestTiers(groups []Group) (best []Tier) {
	sorted := slices.DeleteFunc(slices.Clone(groups), func(group Group) bool { return group.Pods <= 0 || group.PodQPS <= 0 })
	slices.SortFunc(sorted, func(a, b Group) int {
		return cmp.Or(cmp.Compare(b.PodQPS, a.PodQPS), cmp.Compare(a.Architecture, b.Architecture))
	})
	for i := range sorted {
		if tiers := tiersOf(held(sorted[:i+1])); weighted(tiers) > weighted(best) {
			best = tiers
		}
	}
	return best
}

// held is the groups, of which the last is the slowest, with no more for each than ratio times that.
func held(sorted []Group) []Group {
	most := times(ratio, sorted[len(sorted)-1].PodQPS)
	groups := slices.Clone(sorted)
	for i := range groups {
		groups[i].PodQPS = min(groups[i].PodQPS, most)
	}
	return groups
}

// tiersOf are those of groups that are sorted by falling QPS.
func tiersOf(sorted []Group) (tiers []Tier) {
	var pods int64
	for i, group := range sorted {
		pods = plus(pods, group.Pods)
		if i > 0 && sorted[i-1].PodQPS == group.PodQPS {
			tiers = tiers[:len(tiers)-1]
		}
		tiers = append(tiers, Tier{Architecture: group.Architecture, QPS: group.PodQPS, Pods: pods})
	}
	for len(tiers) > 1 && tiers[0].Pods < fewest {
		tiers = tiers[1:]
	}
	if len(tiers) > most {
		return worthMost(tiers, most)
	}
	return tiers
}

// worthMost are so many of the tiers at most, the last among them, that are worth most: the pods of one that is left out get what those of the
// next one do.
func worthMost(tiers []Tier, most int) []Tier {
	last := len(tiers) - 1
	best := tiers[last:]
	for i := 0; i < last && most > 1; i++ {
		if with := slices.Concat(worthMost(tiers[:i+1], most-1), tiers[last:]); weighted(with) > weighted(best) {
			best = with
		}
	}
	return best
}

// Shares are what the backends serve by the pods in them, in requests per second: together the sum of the pods.
func Shares(tiers []Tier) []int64 {
	result := make([]int64, len(tiers))
	for i, tier := range tiers {
		next := int64(0)
		if i+1 < len(tiers) {
			next = tiers[i+1].QPS
		}
		result[i] = times(tier.Pods, tier.QPS-next)
	}
	return result
}

func weighted(tiers []Tier) (total int64) {
	for _, share := range Shares(tiers) {
		total = plus(total, share)
	}
	return total
}

// plus does not overflow.
func plus(a, b int64) int64 {
	if a > math.MaxInt64-b {
		return math.MaxInt64
	}
	return a + b
}
