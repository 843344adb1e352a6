// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package capacity

import (
	"math"
	"slices"
	"sort"
)

// Spread is how requests are spread over pods, which decides what these serve together.
type Spread int

const (
	// Even: each pod gets as many as any other, and is full with the slowest: n pods serve n times the least QPS among them.
	Even Spread = iota
	// Joined: evenly over those pods alone that make the whole better, see Join. The others wait, and get none.
	Joined
	// LeastRequest: to the pods with the fewest requests under way, so that each gets about what it serves: the sum, less LeastRequestMargin, and
	// never less than Joined.
	LeastRequest
	// Weighted: each pod gets its share by what it serves, see Tiers: the sum.
	Weighted
)

// LeastRequestMargin is how much of the sum is not counted on where something else sends requests to the least loaded pods, in percent.
const LeastRequestMargin = 10

// Served is what the pods of all groups serve together, in requests per second. But for Even it never falls where a pod is added.
func (s Spread) Served(groups []Group) int64 {
	switch s {
	case Joined:
		_, served := Join(groups)
		return served
	case LeastRequest:
		_, joined := Join(groups)
		total := sum(groups)
		return max(joined, total-ceilDiv(total, 100/LeastRequestMargin))
	case Weighted:
		return weighted(bestTiers(groups))
	default:
		return even(groups)
	}
}

// Size works out the number of pods for a demand in requests per second from the pods that are there. The groups are in the order in which
// they are kept: the last ones leave first. It is the least number of them that serve the demand, the others go. Where all of them do not,
// more come, which serve next each. There is at least one pod where there is demand. No fewer than least are kept, be they slow.
func (s Spread) Size(demand, least, next int64, groups []Group) int64 {
	if demand <= 0 {
		return max(least, 0)
	}
	var kept int64
	for j, group := range groups {
		// Within one group more pods never serve less, so that the number can be searched for.
		serves, first := s.serving(demand, groups[:j], group), max(1, least-kept)
		if first <= group.Pods && serves(group.Pods) {
			return kept + first + search(group.Pods-first, func(more int64) bool { return serves(first + more) })
		}
		kept += max(group.Pods, 0)
	}
	further := Group{PodQPS: max(next, 1)}
	slowest := further.PodQPS
	if present, isAny := Slowest(groups); isAny {
		slowest = min(slowest, max(present.PodQPS, 1))
	}
	return max(least, kept+search(PodsFor(demand, slowest), s.serving(demand, groups, further)))
}

// serving reports for numbers of pods of a group whether they and those of the others serve the demand.
func (s Spread) serving(demand int64, others []Group, group Group) func(pods int64) bool {
	all := append(slices.Clone(others), group)
	return func(pods int64) bool {
		all[len(others)].Pods = pods
		return s.Served(all) >= demand
	}
}

// Join says which pods the requests are to go to, where they are spread evenly: those that serve slowest or more each, the prefix of
// the groups in falling QPS whose pods serve the most together. Of prefixes that serve the same the longest joins.
func Join(groups []Group) (slowest, served int64) {
	for _, last := range groups {
		if last.Pods <= 0 {
			continue
		}
		var pods int64
		for _, group := range groups {
			if group.PodQPS >= last.PodQPS {
				pods += max(group.Pods, 0)
			}
		}
		if value := times(pods, last.PodQPS); value > served || value == served && (slowest == 0 || last.PodQPS < slowest) {
			slowest, served = last.PodQPS, value
		}
	}
	return slowest, served
}

func even(groups []Group) int64 {
	slowest, _ := Slowest(groups)
	return times(Pods(groups), slowest.PodQPS)
}

func sum(groups []Group) (total int64) {
	for _, group := range groups {
		served := times(max(group.Pods, 0), group.PodQPS)
		if total > math.MaxInt64-served {
			return math.MaxInt64
		}
		total += served
	}
	return total
}

// times does not overflow.
func times(pods, podQPS int64) int64 {
	if pods > 0 && podQPS > math.MaxInt64/pods {
		return math.MaxInt64
	}
	return pods * podQPS
}

// search is the least number up to most for which is holds, which holds for all above it; most where it holds for none below.
func search(most int64, is func(int64) bool) int64 {
	return int64(sort.Search(int(most), func(i int) bool { return is(int64(i)) }))
}
