// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package observed

import (
	"time"

	"github.com/elasticweb/elasticweb-operator/internal/plan"
)

// waver is for how long a pod that is not ready any more may be so again in a moment: a probe that fails is followed by the next after 10
// seconds, unless the user says otherwise.
const waver = 15 * time.Second

// Flaps remember of pods on several architectures, by name, since when each is not ready that was, in nanoseconds since 1970: 0 for one that is.
// The zero value remembers none.
type Flaps map[string]int64

// See notes which pods are ready, and marks those that were a moment ago, and may be again: pods join the Service, and leave it, by who is ready.
// Where all pods are on one architecture there is nothing to remember.
func (f *Flaps) See(pods []plan.Pod, now time.Time) {
	before := *f
	*f = nil
	if !areMixed(pods) {
		return
	}
	*f = make(Flaps, len(pods))
	for i := range pods {
		pod := &pods[i]
		last, wasReady := before[pod.Name]
		switch {
		case pod.Gone:
		case pod.Ready:
			(*f)[pod.Name] = 0
		case wasReady && pod.Failure == nil:
			if last == 0 { // it was ready when last seen.
				last = now.UnixNano()
			}
			(*f)[pod.Name] = last
			if until := time.Unix(0, last).Add(waver); now.Before(until) {
				pod.WaversUntil = until
			}
		}
	}
}

func areMixed(pods []plan.Pod) bool {
	first := ""
	for i := range pods {
		architecture := pods[i].Architecture
		if pods[i].Gone || architecture == "" {
			continue
		}
		if first != "" && architecture != first {
			return true
		}
		first = architecture
	}
	return false
}
