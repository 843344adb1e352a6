// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package way

import "github.com/elasticweb/elasticweb-operator/internal/capacity"

// World is a cluster that has room for so many pods on each architecture, the first filled first. There is room for any number on the last.
type World []capacity.Group

// Worlds are clusters of many shapes, by what a pod serves and how many fit.
var Worlds = []World{
	{{Architecture: "arm64", PodQPS: 1000, Pods: 5}, {Architecture: "amd64", PodQPS: 800}},
	{{Architecture: "arm64", PodQPS: 800, Pods: 6}, {Architecture: "amd64", PodQPS: 400}},
	{{Architecture: "arm64", PodQPS: 1000, Pods: 9}, {Architecture: "amd64", PodQPS: 500}},
	{{Architecture: "arm64", PodQPS: 1000, Pods: 4}, {Architecture: "amd64", PodQPS: 700, Pods: 4}, {Architecture: "s390x", PodQPS: 400}},
	{{Architecture: "arm64", PodQPS: 950, Pods: 3}, {Architecture: "amd64", PodQPS: 900, Pods: 3}, {Architecture: "ppc64le", PodQPS: 310}},
	{{Architecture: "arm64", PodQPS: 500, Pods: 12}, {Architecture: "amd64", PodQPS: 125}},
	{{Architecture: "amd64", PodQPS: 333, Pods: 20}, {Architecture: "arm64", PodQPS: 271}},
	{{Architecture: "s390x", PodQPS: 2500, Pods: 2}, {Architecture: "amd64", PodQPS: 600, Pods: 5}, {Architecture: "arm64", PodQPS: 450}},
	{{Architecture: "arm64", PodQPS: 120, Pods: 40}, {Architecture: "amd64", PodQPS: 80}},
	{
		{Architecture: "arm64", PodQPS: 1000, Pods: 2}, {Architecture: "amd64", PodQPS: 800, Pods: 3}, {Architecture: "ppc64le", PodQPS: 650, Pods: 4},
		{Architecture: "s390x", PodQPS: 300},
	},
}

// Needed is how many pods an application ends with that must serve so much, and what they are: it begins with what the fastest
// architecture would need, and follows where they land until nothing changes.
func (w World) Needed(spread capacity.Spread, demand int64) (pods int64, placed []capacity.Group) {
	pods = capacity.PodsFor(demand, w[0].PodQPS)
	for range 1000 { // it settles in a few; a number that chases itself would not.
		placed = w.place(pods)
		next := spread.Size(demand, 0, placed[len(placed)-1].PodQPS, placed)
		if next == pods {
			return pods, placed
		}
		pods = next
	}
	return -1, nil
}

// Optimum is the least number of pods whose sum is the demand, wherever they may be.
func (w World) Optimum(demand int64) int64 {
	var served, pods int64
	for i, group := range w {
		needed := capacity.PodsFor(demand-served, group.PodQPS)
		if i < len(w)-1 {
			needed = min(needed, group.Pods)
		}
		pods, served = pods+needed, served+needed*group.PodQPS
	}
	return pods
}

func (w World) place(pods int64) (placed []capacity.Group) {
	for i, group := range w {
		if i == len(w)-1 || group.Pods > pods {
			group.Pods = pods
		}
		if group.Pods > 0 {
			placed = append(placed, group)
		}
		pods -= group.Pods
	}
	return placed
}
