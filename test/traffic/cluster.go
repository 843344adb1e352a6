// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"cmp"
	"slices"
	"time"

	"github.com/elasticweb/elasticweb-operator/internal/capacity"
)

const (
	// slowQPS is what a pod serves on the slow architecture: 60%.
	slowQPS = podQPS * 6 / 10
	// fastRoom is how many pods the fast nodes of a mixed set have room for: of those that the peak takes, a third spills.
	fastRoom = peakPods * 2 / 3
)

type pod struct {
	ready  time.Duration
	isSlow bool
}

// cluster is the pods of an application, at a time since the beginning of the trace.
type cluster struct {
	now, start time.Duration
	isMixed    bool
	pods       []pod
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
		c.pods = append(c.pods, pod{c.now + c.start, c.isMixed && c.count(false) >= fastRoom})
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
		{Architecture: "slow", PodQPS: slowQPS, Pods: int64(c.count(true))},
	}
}

// serves is what the pods that are ready serve, in requests per second.
func (c *cluster) serves() float64 {
	groups := []capacity.Group{{PodQPS: podQPS}, {PodQPS: slowQPS}}
	for _, p := range c.pods {
		switch {
		case p.ready > c.now:
		case p.isSlow:
			groups[1].Pods++
		default:
			groups[0].Pods++
		}
	}
	return float64(capacity.Served(groups))
}
