// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package rivals

import (
	"maps"
	"strconv"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/resourceversion"

	"github.com/elasticweb/elasticweb-operator/internal/plan"
)

// mostStamps is how often a pod is stamped with a deletion cost that does not stay: then it is left to whoever undoes that.
const mostStamps = 3

// Stamps are the deletion costs that pods were stamped with, by their names. The zero value is none.
type Stamps map[string]stamp

type stamp struct {
	cost int32
	// tries is how often the pod was stamped with that cost.
	tries int
	// version of the pod that answered the last one, and the cost that it bore then: an admission policy may have put another there.
	version, answer string
}

// Made notes what the API server answered when a pod was stamped.
func (s *Stamps) Made(answer *corev1.Pod, cost int32) {
	last := (*s)[answer.Name]
	if last.cost != cost {
		last.tries = 0
	}
	if *s == nil {
		*s = Stamps{}
	}
	(*s)[answer.Name] = stamp{cost, last.tries + 1, answer.ResourceVersion, answer.Annotations[corev1.PodDeletionCost]}
}

// CostOf is the cost that a pod of a cache bears, which may not show the last stamp yet. isOthers is true where somebody else, an
// admission policy for instance, keeps putting it there: such a pod is not stamped for ever.
func (s Stamps) CostOf(pod *corev1.Pod) (cost string, isOthers bool) {
	cost = pod.Annotations[corev1.PodDeletionCost]
	last, isStamped := s[pod.Name]
	if order, err := resourceversion.CompareResourceVersion(pod.ResourceVersion, last.version); isStamped && err == nil && order < 0 {
		cost = last.answer
	}
	return cost, last.tries >= mostStamps && cost != strconv.Itoa(int(last.cost))
}

// Keep forgets the pods that are no more.
func (s Stamps) Keep(pods []plan.Pod) {
	isThere := map[string]bool{}
	for i := range pods {
		isThere[pods[i].Name] = true
	}
	maps.DeleteFunc(s, func(name string, _ stamp) bool { return !isThere[name] })
}
