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

// Slowest is the group with pods whose pods serve the least, of equal ones the last by name; false where no group has
// pods.
func Slowest(groups []Group) (slowest Group, isAny bool) {
	for _, group := range groups {
		if group.Pods > 0 && (!isAny || cmp.Or(cmp.Compare(group.PodQPS, slowest.PodQPS), cmp.Compare(slowest.Architecture, group.Architecture)) < 0) {
			slowest, isAny = group, true
		}
	}
	return slowest, isAny
}

// Pods is the number of the pods of all groups.
func Pods(groups []Group) int64 {
	var pods int64
	for _, group := range groups {
		pods += max(group.Pods, 0)
	}
	return pods
}

// Size works out the number of pods for a demand in requests per second from the pods that are there. The groups are in
// the order in which they are kept: the last ones leave first. With K(j) the pods of the first j groups, and q(j) what the
// slowest of them serve, it takes the smallest j for which K(j) pods at q(j) serve the demand: the other groups are not
// needed, and go. Where no such j exists it counts with the slowest of all. There is at least one pod. No fewer than least are kept: pods
// that stay for that count, be they slow.
func Size(demand, least int64, groups []Group) int64 {
	for j := range groups {
		slowest, isAny := Slowest(groups[:j+1])
		if needed := max(least, PodsFor(demand, slowest.PodQPS)); isAny && Pods(groups[:j+1]) >= needed {
			return needed
		}
	}
	slowest, _ := Slowest(groups)
	return max(least, PodsFor(demand, slowest.PodQPS))
}

func ceilDiv(dividend, divisor int64) int64 {
	quotient := dividend / divisor
	if dividend%divisor > 0 {
		quotient++
	}
	return quotient
}
