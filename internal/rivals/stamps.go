// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package rivals

import (
	"maps"
	"strconv"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/resourceversion"

	elasticwebv1 "github.com/elasticweb/elasticweb-operator/api/v1"
	"github.com/elasticweb/elasticweb-operator/internal/observed"
	"github.com/elasticweb/elasticweb-operator/internal/plan"
)

// mostStamps is how often a pod is stamped with what does not stay: then it is left to whoever undoes that.
const mostStamps = 3

// Stamps are what pods were stamped with, by their names. The zero value is none.
type Stamps map[string]stamp

type stamp struct {
	// version of the pod that answered the last one.
	version                           string
	cost, architecture, joined, tiers mark
}

// mark is one of the values that a pod is stamped with.
type mark struct {
	// wanted is what was last set, "" for nothing yet; tries is how often.
	wanted string
	tries  int
	// answer is what the pod bore then: an admission policy may have put another there.
	answer string
}

// Made notes what the API server answered when a pod was stamped.
func (s *Stamps) Made(answer *corev1.Pod, made plan.Stamp) {
	last := (*s)[answer.Name]
	if *s == nil {
		*s = Stamps{}
	}
	cost := ""
	if made.Cost != nil {
		cost = strconv.Itoa(int(*made.Cost))
	}
	bears := borneBy(answer)
	(*s)[answer.Name] = stamp{
		version:      answer.ResourceVersion,
		cost:         last.cost.set(cost, bears.DeletionCost),
		architecture: last.architecture.set(made.Architecture, bears.ArchitectureLabel),
		joined:       last.joined.set(made.Joined, bears.JoinedLabel),
		tiers:        last.tiers.set(made.Tiers, bears.Tiers),
	}
}

func (m mark) set(wanted, answer string) mark {
	m.answer = answer
	if wanted == "" {
		return m
	}
	if m.wanted != wanted {
		m.wanted, m.tries = wanted, 0
	}
	m.tries++
	return m
}

// isLost reports whether somebody else, an admission policy for instance, keeps putting something else there: such a pod is not stamped for
// ever.
func (m mark) isLost(now string) bool { return m.tries >= mostStamps && now != m.wanted }

// See puts on what is planned with what a pod of a cache bears, which may not show the last stamp yet, and what is somebody else's of it.
func (s Stamps) See(pod *corev1.Pod, into *plan.Pod) {
	bears, last := borneBy(pod), s[pod.Name]
	if order, err := resourceversion.CompareResourceVersion(pod.ResourceVersion, last.version); err == nil && order < 0 {
		bears = plan.Pod{DeletionCost: last.cost.answer, ArchitectureLabel: last.architecture.answer, JoinedLabel: last.joined.answer, Tiers: last.tiers.answer}
	}
	into.DeletionCost, into.ArchitectureLabel, into.JoinedLabel = bears.DeletionCost, bears.ArchitectureLabel, bears.JoinedLabel
	into.Tiers = bears.Tiers
	into.CostIsOthers = last.cost.isLost(bears.DeletionCost)
	into.LabelsAreOthers = last.architecture.isLost(bears.ArchitectureLabel) || last.joined.isLost(bears.JoinedLabel) ||
		last.tiers.isLost(bears.Tiers)
}

func borneBy(pod *corev1.Pod) plan.Pod {
	return plan.Pod{
		DeletionCost:      pod.Annotations[corev1.PodDeletionCost],
		ArchitectureLabel: pod.Labels[elasticwebv1.LabelArchitecture],
		JoinedLabel:       pod.Labels[elasticwebv1.LabelJoined],
		Tiers:             observed.TiersOf(pod),
	}
}

// Keep forgets the pods that are no more.
func (s Stamps) Keep(pods []plan.Pod) {
	isThere := map[string]bool{}
	for i := range pods {
		isThere[pods[i].Name] = true
	}
	maps.DeleteFunc(s, func(name string, _ stamp) bool { return !isThere[name] })
}
