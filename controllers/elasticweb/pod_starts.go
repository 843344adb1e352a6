// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package elasticweb

import (
	"cmp"
	"hash/fnv"
	"slices"
	"time"

	"github.com/elasticweb/elasticweb-operator/internal/demand"
	"github.com/elasticweb/elasticweb-operator/internal/plan"
)

const (
	// longestStart is how long a pod may have taken for it to count where nobody saw it start: it may have lost its readiness since.
	longestStart = 15 * time.Minute
	// mostArchitectures is more than clusters have: their names are labels of nodes.
	mostArchitectures = 16
)

// podStarts is how long the pods of an ElasticWeb took to be ready. Its zero value has seen none.
type podStarts struct {
	byArchitecture []architectureStarts
	// counted are the pods that are not to be looked at any more, by a hash of their names, in its order: there may be thousands.
	counted []uint64 // nil until the pods were looked at.
	lead    time.Duration
}

type architectureStarts struct {
	name   string
	starts demand.Starts
}

func (s *podStarts) hasSeen() bool { return s.counted != nil }

// see takes note of the pods that became ready. A pod that loses its readiness and comes back counts once.
func (s *podStarts) see(pods []plan.Pod, now time.Time) {
	pods = slices.DeleteFunc(slices.Clone(pods), func(pod plan.Pod) bool { return pod.Gone })
	slices.SortFunc(pods, func(a, b plan.Pod) int { return a.ReadySince.Compare(b.ReadySince) }) // the last ones count.
	counted := make([]uint64, 0, len(pods))
	for i := range pods {
		id := hashOf(pods[i].Name)
		if _, isCounted := slices.BinarySearch(s.counted, id); !isCounted && !s.count(&pods[i], now) {
			continue
		}
		counted = append(counted, id)
	}
	slices.Sort(counted)
	s.counted = counted
	s.lead = s.leadTime(pods)
}

// count reports whether a pod need not be looked at again.
func (s *podStarts) count(pod *plan.Pod, now time.Time) bool {
	if !pod.Ready {
		return !s.hasSeen() && now.Sub(pod.Created) > longestStart
	}
	took := pod.ReadySince.Sub(pod.Created)
	if starts := s.of(pod.Architecture); starts != nil && (s.hasSeen() || took <= longestStart) {
		starts.Add(took)
	}
	return true
}

// of are the starts on an architecture; nil where there are too many of these.
func (s *podStarts) of(architecture string) *demand.Starts {
	at := slices.IndexFunc(s.byArchitecture, func(a architectureStarts) bool { return a.name == architecture })
	if at < 0 && len(s.byArchitecture) == mostArchitectures {
		return nil
	}
	if at < 0 {
		at = len(s.byArchitecture)
		s.byArchitecture = append(s.byArchitecture, architectureStarts{name: architecture})
	}
	return &s.byArchitecture[at].starts
}

// leadTime is that of the slowest architecture that has pods: where the next one lands is not known.
func (s *podStarts) leadTime(pods []plan.Pod) time.Duration {
	lead := time.Duration(0)
	for i := range s.byArchitecture {
		known := &s.byArchitecture[i]
		if slices.ContainsFunc(pods, func(pod plan.Pod) bool { return pod.Architecture == known.name }) {
			lead = max(lead, known.starts.LeadTime())
		}
	}
	return cmp.Or(lead, (&demand.Starts{}).LeadTime())
}

func hashOf(name string) uint64 {
	hash := fnv.New64a()
	_, _ = hash.Write([]byte(name))
	return hash.Sum64()
}
