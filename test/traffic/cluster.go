// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"cmp"
	"slices"
	"time"

	"github.com/elasticweb/elasticweb-operator/internal/capacity"
)

// mix is a set of two architectures; its zero value is one.
type mix struct {
	// room is how many pods the fast nodes have room for, and slowQPS what one serves on the slow architecture.
	room, slowQPS int
}

// mixed is the set that is compared: of the pods that the peak takes a third spills, to where one serves 60%.
var mixed = mix{room: peakPods * 2 / 3, slowQPS: podQPS * 6 / 10}

type pod struct {
	ready  time.Duration
	isSlow bool
}

// cluster is the pods of an application, at a time since the beginning of the trace.
type cluster struct {
	now, start time.Duration
	mix        mix
	pods       []pod
	// spread is how requests are spread over them.
	spread capacity.Spread
	// changes is how often the number was changed.
	changes int
}

// scale makes pods, on fast nodes while they have room, or lets some go: those that are not ready, then the slow ones, then the youngest.
func (c *cluster) scale(replicas int) {
	if replicas == len(c.pods) {
		return
	}
	c.changes++
	if replicas < len(c.pods) {
		slices.SortStableFunc(c.pods, func(a, b pod) int { return cmp.Compare(c.rank(a), c.rank(b)) })
		c.pods = c.pods[:replicas]
		return
	}
	for len(c.pods) < replicas {
		c.pods = append(c.pods, pod{c.now + c.start, c.mix != mix{} && c.count(false) >= c.mix.room})
	}
}

// rank orders what stays before what goes.
func (c *cluster) rank(p pod) time.Duration {
	const after = 1000 * time.Hour
	switch {
	case p.ready > c.now:
		return 2*after + p.ready
	case p.isSlow:
		return after + p.ready
	}
	return p.ready
}

func (c *cluster) count(isSlow bool) (pods int) {
	for _, p := range c.pods {
		if p.isSlow == isSlow {
			pods++
		}
	}
	return pods
}

// groups are the pods by architecture, in the order in which they are kept.
func (c *cluster) groups() []capacity.Group {
	return []capacity.Group{
		{Architecture: "fast", PodQPS: podQPS, Pods: int64(c.count(false))},
		{Architecture: "slow", PodQPS: int64(c.mix.slowQPS), Pods: int64(c.count(true))},
	}
}

// serves is what the pods that are ready serve, in requests per second.
func (c *cluster) serves() float64 {
	groups := []capacity.Group{{PodQPS: podQPS}, {PodQPS: int64(c.mix.slowQPS)}}
	for _, p := range c.pods {
		switch {
		case p.ready > c.now:
		case p.isSlow:
			groups[1].Pods++
		default:
			groups[0].Pods++
		}
	}
	return float64(c.spread.Served(groups))
}
