// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

// Package capacity works out how many pods a demand calls for, and what pods serve together.
//
// A Service spreads connections evenly over its endpoints, so that the slowest pod saturates first: n pods
// on a set of architectures serve n times the least QPS of a pod in that set. Everything is computed in
// int64; the inputs are int32, so that no product overflows.
package capacity

import (
	"cmp"
	"math"
	"slices"
)

// Group is the pods on one architecture.
type Group struct {
	// Architecture as in the node label kubernetes.io/arch; "" where the node is not known.
	Architecture string
	// PodQPS is what one of the pods serves, in requests per second, at least 1.
	PodQPS int64
	// Pods is their number.
	Pods int64
}

// WithHeadroom is totalQPS and headroomPercent of it on top, in requests per second, rounded up.
// A negative argument counts as 0.
func WithHeadroom(totalQPS, headroomPercent int32) int64 {
	return ceilDiv(int64(max(totalQPS, 0))*(100+int64(max(headroomPercent, 0))), 100)
}

// PodsFor is the number of pods that serve demand, in requests per second, at podQPS each: 2400 at 800 are
// 3, 600 at 500 are 2. It is 0 where there is no demand; a podQPS below 1 counts as 1.
func PodsFor(demand, podQPS int64) int64 {
	if demand <= 0 {
		return 0
	}
	return ceilDiv(demand, max(podQPS, 1))
}

// Served is what the pods of all groups serve together, in requests per second: their number times the
// least PodQPS among the groups that have pods.
func Served(groups []Group) int64 {
	var pods int64
	least := int64(math.MaxInt64)
	for _, group := range groups {
		if group.Pods <= 0 {
			continue
		}
		pods += group.Pods
		least = min(least, group.PodQPS)
	}
	if pods == 0 {
		return 0
	}
	if least > math.MaxInt64/pods {
		return math.MaxInt64
	}
	return pods * least
}

// Slowest is the group with pods whose pods serve the least; false where no group has pods.
func Slowest(groups []Group) (Group, bool) {
	sorted := fastestFirst(groups)
	if len(sorted) == 0 {
		return Group{}, false
	}
	return sorted[len(sorted)-1], true
}

// Pods is the number of the pods of all groups.
func Pods(groups []Group) int64 {
	var pods int64
	for _, group := range groups {
		pods += max(group.Pods, 0)
	}
	return pods
}

// Sizing is a number of pods, and the architecture whose QPS it was worked out with.
type Sizing struct {
	// Pods that the demand calls for.
	Pods int64
	// Basis is the group whose PodQPS divided the demand.
	Basis Group
}

// Size works out the number of pods for a demand in requests per second from the pods that are scheduled.
// With the architectures in order of falling QPS, and K(j) the pods on the first j of them, it takes the
// smallest j for which K(j) pods at q(j) serve the demand: the slower pods are not needed, and go. Where
// no such j exists it counts with the slowest scheduled architecture. best is what is counted with while
// nothing is scheduled.
func Size(demand int64, best Group, scheduled []Group) Sizing {
	sorted := fastestFirst(scheduled)
	if len(sorted) == 0 {
		return Sizing{Pods: PodsFor(demand, best.PodQPS), Basis: best}
	}
	if j, ok := sufficient(demand, sorted); ok {
		return Sizing{Pods: PodsFor(demand, sorted[j].PodQPS), Basis: sorted[j]}
	}
	slowest := sorted[len(sorted)-1]
	return Sizing{Pods: PodsFor(demand, slowest.PodQPS), Basis: slowest}
}

// sufficient finds the first architecture up to which the pods serve the demand.
func sufficient(demand int64, sorted []Group) (int, bool) {
	var pods int64
	for j, group := range sorted {
		pods += group.Pods
		if pods >= PodsFor(demand, group.PodQPS) {
			return j, true
		}
	}
	return 0, false
}

// fastestFirst leaves out groups without pods, and orders equal QPS by name, so that the same set always
// gives the same answer.
func fastestFirst(groups []Group) []Group {
	sorted := make([]Group, 0, len(groups))
	for _, group := range groups {
		if group.Pods > 0 {
			sorted = append(sorted, group)
		}
	}
	slices.SortFunc(sorted, func(a, b Group) int {
		return cmp.Or(cmp.Compare(b.PodQPS, a.PodQPS), cmp.Compare(a.Architecture, b.Architecture))
	})
	return sorted
}

func ceilDiv(dividend, divisor int64) int64 {
	quotient := dividend / divisor
	if dividend%divisor > 0 {
		quotient++
	}
	return quotient
}
