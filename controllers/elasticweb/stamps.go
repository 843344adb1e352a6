// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package elasticweb

import (
	"maps"
	"strconv"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/resourceversion"

	"github.com/elasticweb/elasticweb-operator/internal/plan"
)

// mostUndone is how often a deletion cost may be undone before it is left to whoever undoes it.
const mostUndone = 3

// stamps are the deletion costs that pods were stamped with, by their names.
type stamps map[string]stamp

type stamp struct {
	cost int32
	// version of the pod that bears the cost; isUndone is true once a newer one bears another.
	version  string
	isUndone bool
	// undone is how often that was so.
	undone int
}

// answered notes what the API server made of a stamp: where its answer bears another cost, somebody undid it on the way.
func (s *stamps) answered(pod *corev1.Pod, cost int32) {
	last := (*s)[pod.Name]
	if last.cost != cost {
		last = stamp{cost: cost}
	}
	last.version, last.isUndone = pod.ResourceVersion, false
	if *s == nil {
		*s = stamps{}
	}
	(*s)[pod.Name] = last.seen(pod)
}

// seen is the stamp after a look at the pod. A pod of before the stamp says nothing about it: the cache may lag.
func (s stamp) seen(pod *corev1.Pod) stamp {
	order, err := resourceversion.CompareResourceVersion(pod.ResourceVersion, s.version)
	if (err != nil || order >= 0) && !s.isUndone && !bears(pod, s.cost) {
		s.isUndone, s.undone = true, s.undone+1
	}
	return s
}

// isMade reports whether the pod was stamped with the cost, and nobody is known to have undone that.
func (s stamps) isMade(name string, cost int32) bool {
	last, isStamped := s[name]
	return isStamped && last.cost == cost && !last.isUndone
}

// isOthers reports whether somebody else, an admission policy for instance, keeps putting another cost on a pod of the cache: it is
// not stamped for ever, and the plan counts with what it bears.
func (s stamps) isOthers(pod *corev1.Pod) bool {
	last, isStamped := s[pod.Name]
	if !isStamped {
		return false
	}
	s[pod.Name] = last.seen(pod)
	return s[pod.Name].undone >= mostUndone && !bears(pod, last.cost)
}

// keep forgets the pods that are no more.
func (s stamps) keep(pods []plan.Pod) {
	isThere := map[string]bool{}
	for i := range pods {
		isThere[pods[i].Name] = true
	}
	maps.DeleteFunc(s, func(name string, _ stamp) bool { return !isThere[name] })
}

func bears(pod *corev1.Pod, cost int32) bool {
	return pod.Annotations[corev1.PodDeletionCost] == strconv.Itoa(int(cost))
}
