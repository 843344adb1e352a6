// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package capacity

import (
	"cmp"
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

func TestJoin(t *testing.T) {
	for name, tc := range map[string]struct {
		groups          []Group
		slowest, served int64
	}{
		"none":                              {nil, 0, 0},
		"one architecture":                  {[]Group{{"arm64", 1000, 3}}, 1000, 3000},
		"one slow pod waits":                {[]Group{{"arm64", 1000, 10}, {"s390x", 400, 1}}, 1000, 10_000},
		"as many as make it alike":          {[]Group{{"arm64", 1000, 10}, {"s390x", 400, 15}}, 400, 10_000},
		"enough that it pays":               {[]Group{{"arm64", 1000, 10}, {"s390x", 400, 16}}, 400, 10_400},
		"in any order":                      {[]Group{{"s390x", 400, 1}, {"arm64", 1000, 10}}, 1000, 10_000},
		"the middle one alone joins":        {[]Group{{"arm64", 1000, 4}, {"amd64", 800, 3}, {"s390x", 100, 2}}, 800, 5600},
		"the middle one is skipped by none": {[]Group{{"arm64", 1000, 4}, {"amd64", 500, 1}, {"s390x", 450, 9}}, 450, 6300},
		"absent ones do not count":          {[]Group{{"arm64", 1000, 0}, {"s390x", 400, 1}}, 400, 400},
		"no overflow":                       {[]Group{{"arm64", math.MaxInt64 / 2, 3}, {"s390x", 1, 1}}, math.MaxInt64 / 2, math.MaxInt64},
	} {
		if slowest, served := Join(tc.groups); slowest != tc.slowest || served != tc.served {
			t.Errorf("%s: those at %d join and serve %d, want %d and %d", name, slowest, served, tc.slowest, tc.served)
		}
	}
}

func TestSums(t *testing.T) {
	mixed := []Group{{"amd64", 800, 5}, {"arm64", 400, 5}}
	for spread, want := range map[Spread]int64{Even: 4000, Joined: 4000, LeastRequest: 5400, Weighted: 6000} {
		if got := spread.Served(mixed); got != want {
			t.Errorf("%d: %d, want %d", spread, got, want)
		}
	}
	if got := LeastRequest.Served([]Group{{"amd64", 800, 3}}); got != 2400 {
		t.Errorf("a set that is not mixed serves %d by least requests, want 2400: there is no margin to keep", got)
	}
	huge := []Group{{"a", math.MaxInt64 / 2, 3}, {"b", math.MaxInt64 / 2, 3}}
	if got := Weighted.Served(huge); got != math.MaxInt64 {
		t.Errorf("overflows to %d", got)
	}
}

func anyGroups(t *rapid.T) (groups []Group) {
	for range rapid.IntRange(0, 5).Draw(t, "groups") {
		groups = append(groups, Group{PodQPS: rapid.Int64Range(1, 2000).Draw(t, "podQPS"), Pods: rapid.Int64Range(0, 40).Draw(t, "pods")})
	}
	return groups
}

// A pod more never makes less of them, wherever it is.
func TestNothingFallsWhereAPodIsAdded(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		groups := anyGroups(t)
		added := Group{PodQPS: rapid.Int64Range(1, 2000).Draw(t, "added"), Pods: 1}
		for _, spread := range []Spread{Joined, LeastRequest, Weighted} {
			before, after := spread.Served(groups), spread.Served(append(groups[:len(groups):len(groups)], added))
			if after < before {
				t.Fatalf("%d: %v serve %d, and with one at %d they serve %d", spread, groups, before, added.PodQPS, after)
			}
			if least := Even.Served(groups); before < least {
				t.Fatalf("%d: %v serve %d, and evenly %d", spread, groups, before, least)
			}
		}
	})
}

// Size is the least number of pods that serve the demand, counted one by one.
func TestSizeIsTheLeastThatServes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		groups, demand := anyGroups(t), rapid.Int64Range(1, 60_000).Draw(t, "demand")
		least, next := rapid.Int64Range(0, 30).Draw(t, "least"), rapid.Int64Range(1, 2000).Draw(t, "next")
		for _, spread := range []Spread{Even, Joined, LeastRequest, Weighted} {
			got, want := spread.Size(demand, least, next, groups), max(least, 1)
			for spread.Served(firstPods(groups, want, next)) < demand {
				want++
			}
			if present := Pods(groups); spread == Even && present < least {
				want = max(want, least)
			}
			if got != want {
				t.Fatalf("%d: %d pods of %v for %d, want %d", spread, got, groups, demand, want)
			}
		}
	})
}

// firstPods are so many of the pods that are kept longest, and others where there are not as many.
func firstPods(groups []Group, pods, next int64) (first []Group) {
	for _, group := range groups {
		group.Pods = min(group.Pods, pods)
		pods -= group.Pods
		first = append(first, group)
	}
	return append(first, Group{PodQPS: next, Pods: pods})
}

// To let pods wait costs no pod, and lets no number swing that would not by itself: where what serves less goes first, as pods are kept,
// no other number comes out, and whatever goes first, none that is greater. More demand never makes it fall.
func TestWaitingChangesNoNumber(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		groups, least := anyGroups(t), rapid.Int64Range(0, 30).Draw(t, "least")
		demand := rapid.Int64Range(1, 60_000).Draw(t, "demand")
		size := func(spread Spread, demand, least int64, groups []Group) int64 {
			return spread.Size(demand, least, slowestOf(groups), groups)
		}
		if joined, even := size(Joined, demand, least, groups), size(Even, demand, least, groups); joined > even {
			t.Fatalf("%v for %d: %d pods where some wait, %d where none does", groups, demand, joined, even)
		}
		falling := fallingGroups(groups)
		if joined, even := size(Joined, demand, 1, falling), size(Even, demand, 1, falling); joined != even {
			t.Fatalf("%v for %d: %d pods where some wait, %d where none does", falling, demand, joined, even)
		}
		for _, spread := range []Spread{Even, Joined, LeastRequest} {
			if fewer, more := size(spread, demand, least, groups), size(spread, demand+1, least, groups); fewer > more {
				t.Fatalf("%d: %v: %d pods for %d, and %d for one more", spread, groups, fewer, demand, more)
			}
		}
	})
}

func fallingGroups(groups []Group) []Group {
	return slices.SortedFunc(slices.Values(groups), func(a, b Group) int { return cmp.Compare(b.PodQPS, a.PodQPS) })
}
