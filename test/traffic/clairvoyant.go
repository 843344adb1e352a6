// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"math"
	"time"

	"github.com/elasticweb/elasticweb-operator/internal/capacity"
)

// clairvoyant knows the future: the fewest pods that serve every request. Each is made as long before it is needed as it takes to
// start, and kept where it would have to be made again before it were ready.

func newClairvoyant(t traffic, s setting) []figures {
	steps := len(t.requests)
	needed := make([]int, steps)
	for i, requests := range t.requests {
		needed[i] = fewest(requests/step.Seconds(), s)
	}
	start := int(s.start / step)
	there := widened(needed, start)
	days := make([]figures, int((t.length()+day-1)/day))
	for i, requests := range t.requests {
		if now := time.Duration(i) * step; now >= settling {
			f := figures{requests: requests, podHours: float64(there[i]) * step.Hours()}
			if i > 0 && there[i] != there[i-1] {
				f.changes = 1
			}
			days[now/day] = days[now/day].plus(f)
		}
	}
	return days
}

func fewest(qps float64, s setting) int {
	pods := int(math.Ceil(qps / podQPS))
	if s.mix == (mix{}) || pods <= s.mix.room {
		return pods
	}
	fast := capacity.Group{Architecture: "fast", PodQPS: podQPS, Pods: int64(s.mix.room)}
	return int(s.spread.Size(int64(math.Ceil(qps)), 0, int64(s.mix.slowQPS), []capacity.Group{fast}))
}

// widened is the greatest that is needed from now until a pod that is asked for now is ready.
func widened(needed []int, start int) []int {
	there := make([]int, len(needed))
	for i := range needed {
		for _, n := range needed[i:min(i+start+1, len(needed))] {
			there[i] = max(there[i], n)
		}
	}
	return there
}
