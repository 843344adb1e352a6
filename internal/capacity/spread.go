// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package capacity

import (
	"cmp"
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
	// Weighted: each pod gets its share by what it serves: the sum.
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
		return sum(groups)
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
		first, serves := max(1, least-kept), func(pods int64) bool { return s.Served(with(groups[:j], group, pods)) >= demand }
		if first <= group.Pods && serves(group.Pods) {
			return kept + first + search(group.Pods-first, func(more int64) bool { return serves(first + more) })
		}
		kept += max(group.Pods, 0)
	}
	slowest := Group{PodQPS: max(next, 1)}
	if present, isAny := Slowest(groups); isAny {
		slowest.PodQPS = min(slowest.PodQPS, max(present.PodQPS, 1))
	}
	more := search(PodsFor(demand, slowest.PodQPS), func(pods int64) bool {
		return s.Served(with(groups, Group{PodQPS: max(next, 1)}, pods)) >= demand
	})
	return max(least, kept+more)
}

// Join says which pods the requests are to go to, where they are spread evenly: those that serve slowest or more each, the prefix of
// the groups in falling QPS whose pods serve the most together. Of prefixes that serve the same the longest joins.
func Join(groups []Group) (slowest, served int64) {
	ordered := slices.DeleteFunc(slices.Clone(groups), func(group Group) bool { return group.Pods <= 0 })
	slices.SortFunc(ordered, func(a, b Group) int { return cmp.Compare(b.PodQPS, a.PodQPS) })
	var pods int64
	for _, group := range ordered {
		pods += group.Pods
		if value := times(pods, group.PodQPS); value >= served {
			slowest, served = group.PodQPS, value
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

// with is the groups and so many pods of another.
func with(groups []Group, group Group, pods int64) []Group {
	group.Pods = pods
	return append(slices.Clone(groups), group)
}

// search is the least number up to most for which is holds, which holds for all above it; most where it holds for none below.
func search(most int64, is func(int64) bool) int64 {
	return int64(sort.Search(int(most), func(i int) bool { return is(int64(i)) }))
}
