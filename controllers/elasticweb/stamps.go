// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package elasticweb

import (
	"strconv"

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

// tell marks the pods on which somebody else, an admission policy for instance, keeps putting another cost: they are not stamped
// for ever, and the plan counts with what they bear. Of pods that are no more, nothing is remembered.
func (s *stamps) tell(pods []plan.Pod) {
	left := stamps{}
	for i := range pods {
		if last, isStamped := (*s)[pods[i].Name]; isStamped {
			left[pods[i].Name] = last
			pods[i].CostIsOthers = last.times >= mostStamps && pods[i].DeletionCost != strconv.Itoa(int(last.cost))
		}
	}
	*s = left
}
