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
			if got := Served(tc.groups); got != tc.want {
				t.Errorf("Served(%v) = %d, want %d", tc.groups, got, tc.want)
			}
		})
	}
}

func TestSize(t *testing.T) {
	best := Group{Architecture: "arm64", PodQPS: 1000}
	for name, tc := range map[string]struct {
		demand    int64
		scheduled []Group
		want      int64
		basis     string
	}{
		"nothing scheduled": {3000, nil, 3, "arm64"},
		"all on the best":   {3000, []Group{{"arm64", 1000, 3}}, 3, "arm64"},
		"spilled: counted with the slower one": {
			3000, []Group{{"arm64", 1000, 2}, {"amd64", 500, 1}}, 6, "amd64"},
		"spilled and settled": {3000, []Group{{"arm64", 1000, 2}, {"amd64", 500, 4}}, 6, "amd64"},
		"demand fell to what the best serves": {
			2000, []Group{{"arm64", 1000, 2}, {"amd64", 500, 4}}, 2, "arm64"},
		"one slow pod among a hundred": {
			100_000, []Group{{"arm64", 1000, 100}, {"s390x", 100, 1}}, 100, "arm64"},
		"the middle one suffices": {
			2400, []Group{{"arm64", 1000, 1}, {"amd64", 800, 2}, {"s390x", 100, 5}}, 3, "amd64"},
		"equal architectures count together": {
			3000, []Group{{"arm64", 1000, 2}, {"amd64", 1000, 1}}, 3, "arm64"},
		"no demand": {0, []Group{{"arm64", 1000, 2}}, 0, "arm64"},
	} {
		t.Run(name, func(t *testing.T) {
			got := Size(tc.demand, best, tc.scheduled)
			if got.Pods != tc.want || got.Basis.Architecture != tc.basis {
				t.Errorf("Size(%d, %v) = %d by %s, want %d by %s",
					tc.demand, tc.scheduled, got.Pods, got.Basis.Architecture, tc.want, tc.basis)
			}
		})
	}
}
