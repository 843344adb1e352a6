// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package loadtest

import (
	"math"
	"time"
)

// Shares of Limits.Duration, as divisors. They add up so that a search that doubles seven times leaves half of the time
// to confirm; found by simulation.
const (
	warmUpShare   = 30
	doublingShare = 60
	confirmShare  = 10
	settleShare   = 60
	// reserveShare is what is kept to confirm: no step but a confirmation starts with less left.
	reserveShare = 2
)

// share is how long a step of a phase lasts.
func (s *Search) share(phase Phase) time.Duration {
	switch phase {
	case PhaseWarmUp:
		return s.limits.Duration / warmUpShare
	case PhaseBisecting:
		return s.bisectingTime()
	case PhaseConfirming, PhaseChallenging:
		return s.limits.Duration / confirmShare
	default:
		return s.limits.Duration / doublingShare
	}
}

func (s *Search) bisectingTime() time.Duration {
	d := float64(s.limits.Duration)
	w := math.Log(s.broken.Rate / s.held.Rate)
	return time.Duration(min(max(d*0.0026/w, d/60), d/15))
}

// Requests that are sent in a step, however low its rate: a percentile of fewer says nothing.
const (
	leastRequests          = 10
	leastConfirmedRequests = 100
)

// stepDuration is how long a step of a phase at rate lasts.
func (s *Search) stepDuration(phase Phase, rate float64) time.Duration {
	requests := float64(leastRequests)
	if phase == PhaseConfirming || phase == PhaseChallenging {
		requests = leastConfirmedRequests
	}
	return max(s.share(phase), time.Duration(requests/rate*float64(time.Second)))
}

func (s *Search) reserve() time.Duration {
	return s.limits.Duration / reserveShare
}
