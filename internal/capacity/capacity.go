// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

// Package capacity works out how many pods a demand calls for, and what pods serve together.
//
// A Service spreads connections evenly over its endpoints, so that the slowest pod saturates first: n pods
// on a set of architectures serve n times the least QPS of a pod in that set. So pods join it only where the whole gets better for them.
// What else spreads requests is worth more, see Spread. Everything is computed in int64.
package capacity

import "cmp"

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

func ceilDiv(dividend, divisor int64) int64 {
	quotient := dividend / divisor
	if dividend%divisor > 0 {
		quotient++
	}
	return quotient
}
