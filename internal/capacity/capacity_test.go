// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package capacity

import (
	"math"
	"testing"
)

func TestPodsFor(t *testing.T) {
	for name, tc := range map[string]struct{ demand, podQPS, want int64 }{
		"walk-through":              {2400, 800, 3},
		"one more":                  {2401, 800, 4},
		"rounded up":                {600, 500, 2},
		"less than a pod":           {1, 800, 1},
		"none":                      {0, 800, 0},
		"negative":                  {-5, 800, 0},
		"pod without capacity":      {10, 0, 10},
		"greatest demand":           {math.MaxInt32, 1, math.MaxInt32},
		"greatest of both":          {math.MaxInt32, math.MaxInt32, 1},
		"greatest demand, headroom": {WithHeadroom(math.MaxInt32, 1000), 1, 23622320117},
	} {
		t.Run(name, func(t *testing.T) {
			if got := PodsFor(tc.demand, tc.podQPS); got != tc.want {
				t.Errorf("PodsFor(%d, %d) = %d, want %d", tc.demand, tc.podQPS, got, tc.want)
			}
		})
	}
}

func TestWithHeadroom(t *testing.T) {
	for name, tc := range map[string]struct {
		total, percent int32
		want           int64
	}{
		"none":         {2400, 0, 2400},
		"a fifth":      {2400, 20, 2880},
		"rounded up":   {1, 1, 2},
		"no demand":    {0, 50, 0},
		"negative":     {-1, -1, 0},
		"the greatest": {math.MaxInt32, 100, 2 * math.MaxInt32},
	} {
		t.Run(name, func(t *testing.T) {
			if got := WithHeadroom(tc.total, tc.percent); got != tc.want {
				t.Errorf("WithHeadroom(%d, %d) = %d, want %d", tc.total, tc.percent, got, tc.want)
			}
		})
	}
}

func TestServed(t *testing.T) {
	for name, tc := range map[string]struct {
		groups []Group
		want   int64
	}{
		"none":                             {nil, 0},
		"one architecture":                 {[]Group{{"arm64", 1000, 3}}, 3000},
		"the slowest counts for all":       {[]Group{{"arm64", 1000, 2}, {"amd64", 500, 1}}, 1500},
		"an absent one does not count":     {[]Group{{"arm64", 1000, 2}, {"s390x", 1, 0}}, 2000},
		"no overflow":                      {[]Group{{"arm64", math.MaxInt64 / 2, 3}}, math.MaxInt64},
		"a negative number does not count": {[]Group{{"arm64", 1000, -1}}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			if got := Even.Served(tc.groups); got != tc.want {
				t.Errorf("Served(%v) = %d, want %d", tc.groups, got, tc.want)
			}
		})
	}
}

func TestSize(t *testing.T) {
	for name, tc := range map[string]struct {
		demand int64
		groups []Group
		want   int64
	}{
		"all on the best":                      {3000, []Group{{"arm64", 1000, 3}}, 3},
		"spilled: counted with the slower one": {3000, []Group{{"arm64", 1000, 2}, {"amd64", 500, 1}}, 6},
		"spilled and settled":                  {3000, []Group{{"arm64", 1000, 2}, {"amd64", 500, 4}}, 6},
		"demand fell to what the best serves":  {2000, []Group{{"arm64", 1000, 2}, {"amd64", 500, 4}}, 2},
		"one more than the best serves":        {2001, []Group{{"arm64", 1000, 2}, {"amd64", 500, 4}}, 5},
		"one slow pod among a hundred":         {100_000, []Group{{"arm64", 1000, 100}, {"s390x", 100, 1}}, 100},
		"the middle one suffices":              {2400, []Group{{"arm64", 1000, 1}, {"amd64", 800, 2}, {"s390x", 100, 5}}, 3},
		"the middle one does not":              {2401, []Group{{"arm64", 1000, 1}, {"amd64", 800, 2}, {"s390x", 100, 5}}, 25},
		"the slower one is kept longest":       {1600, []Group{{"amd64", 800, 2}, {"arm64", 1000, 2}}, 2},
		"and is what the faster one counts as": {3200, []Group{{"amd64", 800, 2}, {"arm64", 1000, 2}}, 4},
		"absent ones do not count":             {2000, []Group{{"s390x", 1, 0}, {"arm64", 1000, 1}, {"amd64", 500, 0}}, 2},
		"no demand":                            {0, []Group{{"arm64", 1000, 2}}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			if got := Even.Size(tc.demand, 0, slowestOf(tc.groups), tc.groups); got != tc.want {
				t.Errorf("Size(%d, %v) = %d, want %d", tc.demand, tc.groups, got, tc.want)
			}
		})
	}
}

// What is kept anyway counts, the slower ones included.
func TestSizeOfAtLeast(t *testing.T) {
	spilled := []Group{{"arm64", 1000, 2}, {"amd64", 500, 1}}
	for least, want := range map[int64]int64{0: 2, 2: 2, 3: 4, 5: 5} {
		if got := Even.Size(2000, least, 500, spilled); got != want {
			t.Errorf("Size(2000, %d, %v) = %d, want %d", least, spilled, got, want)
		}
	}
}

func TestSlowest(t *testing.T) {
	for name, tc := range map[string]struct {
		groups []Group
		want   string
		isAny  bool
	}{
		"none":                {nil, "", false},
		"none with pods":      {[]Group{{"arm64", 1000, 0}, {"amd64", 1, -1}}, "", false},
		"the least QPS":       {[]Group{{"arm64", 1000, 1}, {"amd64", 500, 1}, {"s390x", 700, 1}}, "amd64", true},
		"with pods":           {[]Group{{"arm64", 1000, 1}, {"amd64", 500, 0}}, "arm64", true},
		"of equal ones, last": {[]Group{{"amd64", 500, 1}, {"s390x", 500, 1}, {"arm64", 500, 1}}, "s390x", true},
	} {
		t.Run(name, func(t *testing.T) {
			if got, isAny := Slowest(tc.groups); got.Architecture != tc.want || isAny != tc.isAny {
				t.Errorf("Slowest(%v) = %v, %t; want %s, %t", tc.groups, got, isAny, tc.want, tc.isAny)
			}
		})
	}
}

func TestPods(t *testing.T) {
	if got := Pods([]Group{{"arm64", 1000, 2}, {"amd64", 500, -7}, {"s390x", 1, 3}}); got != 5 {
		t.Errorf("%d pods, want 5", got)
	}
}

func slowestOf(groups []Group) int64 {
	slowest, _ := Slowest(groups)
	return slowest.PodQPS
}
