// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package rivals

import (
	"hash/maphash"
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
	cost, architecture, joined, tiers mark
	// unseen is what the API server answered last; nil once a cache showed that.
	unseen *answer
}

type answer struct {
	version string
	bears   plan.Pod
}

// mark is one of the values that a pod is stamped with: a hash of what was last set, and how often, 0 for never.
type mark struct {
	wanted uint32
	tries  uint8
}

var hashSeed = maphash.MakeSeed()

func hashOf(value string) uint32 { return uint32(maphash.String(hashSeed, value)) } //nolint:gosec // half of a hash is one, too.

// Made notes what the API server answered when a pod was stamped, and puts that on what is planned with, as See does.
func (s *Stamps) Made(pod *corev1.Pod, made plan.Stamp, into *plan.Pod) {
	last := (*s)[pod.Name]
	if *s == nil {
		*s = Stamps{}
	}
	cost := ""
	if made.Cost != nil {
		cost = strconv.Itoa(int(*made.Cost))
	}
	last = stamp{
		cost: last.cost.set(cost), architecture: last.architecture.set(made.Architecture),
		joined: last.joined.set(made.Joined), tiers: last.tiers.set(made.Tiers),
		unseen: &answer{pod.ResourceVersion, borneBy(pod)},
	}
	(*s)[pod.Name] = last
	last.tell(last.unseen.bears, into)
}

func (m mark) set(wanted string) mark {
	if wanted == "" {
		return m
	}
	if hash := hashOf(wanted); m.wanted != hash {
		m = mark{wanted: hash}
	}
	m.tries = min(m.tries+1, mostStamps)
	return m
}

// isLost reports whether somebody else, an admission policy for instance, keeps putting something else there: such a pod is not stamped for
// ever.
func (m mark) isLost(now string) bool { return m.tries >= mostStamps && hashOf(now) != m.wanted }

// See puts on what is planned with what a pod of a cache bears, which may not show the last stamp yet, and what is somebody else's of it.
func (s Stamps) See(pod *corev1.Pod, into *plan.Pod) {
	last := s[pod.Name]
	if last.unseen != nil {
		order, err := resourceversion.CompareResourceVersion(pod.ResourceVersion, last.unseen.version)
		if err == nil && order < 0 {
			last.tell(last.unseen.bears, into)
			return
		}
		last.unseen = nil
		s[pod.Name] = last
	}
	last.tell(borneBy(pod), into)
}

func (s stamp) tell(bears plan.Pod, into *plan.Pod) {
	into.DeletionCost, into.ArchitectureLabel, into.JoinedLabel = bears.DeletionCost, bears.ArchitectureLabel, bears.JoinedLabel
	into.Tiers = bears.Tiers
	into.CostIsOthers = s.cost.isLost(bears.DeletionCost)
	into.LabelsAreOthers = s.architecture.isLost(bears.ArchitectureLabel) || s.joined.isLost(bears.JoinedLabel) || s.tiers.isLost(bears.Tiers)
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
