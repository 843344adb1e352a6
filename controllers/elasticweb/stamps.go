// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package elasticweb

import (
	"maps"
	"slices"

	"github.com/elasticweb/elasticweb-operator/internal/plan"
)

// mostStamps is how often a pod is stamped with the same deletion cost.
const mostStamps = 3

// stamps are the deletion costs that pods were stamped with, by their names.
type stamps map[string]stamp

type stamp struct {
	cost  int32
	times int
}

// due are those of the costs that are to be stamped now. A pod on which somebody else, an admission policy for instance, keeps
// putting another cost is left to them: the plan counts with the cost that it bears.
func (s *stamps) due(costs map[string]int32, pods []plan.Pod) map[string]int32 {
	maps.DeleteFunc(*s, func(name string, _ stamp) bool {
		return !slices.ContainsFunc(pods, func(pod plan.Pod) bool { return pod.Name == name })
	})
	due := maps.Clone(costs)
	maps.DeleteFunc(due, func(name string, cost int32) bool {
		last := (*s)[name]
		return last.cost == cost && last.times >= mostStamps
	})
	return due
}

// made notes that the API server took a stamp, whatever became of it.
func (s *stamps) made(name string, cost int32) {
	last := (*s)[name]
	if last.cost != cost {
		last = stamp{cost: cost}
	}
	last.times++
	if *s == nil {
		*s = stamps{}
	}
	(*s)[name] = last
}
