// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package loadtest

import "time"

// leastSent is the share of the requests that must have gone out in their step for it to say something about the
// target. A generator that is further behind is measuring itself.
const leastSent = 0.98

// judge says why a step did not hold, or "" where it did.
//
// What the target did comes before what the generator did: a target that is slow from the moment a request was
// really sent is slow whether or not the generator was late as well. It takes a target that answers in time to
// blame the generator.
func judge(step Step, m Measurement, limits Limits) Reason {
	switch {
	case m.ErrorRate > tolerable(step, m, limits):
		return failure(m)
	case m.ServiceP99 > limits.LatencyTarget, m.Growth > tolerableGrowth(step, limits):
		return ReasonTooSlow
	case m.Sent < leastSent*step.Rate, m.P99 > limits.LatencyTarget:
		return ReasonGeneratorSaturated
	}
	return ""
}

// tolerable is the share of failures up to which a step holds. One failure is tolerated where any is: among a few
// dozen requests it would be more than a percent already.
func tolerable(step Step, m Measurement, limits Limits) float64 {
	requests := m.Sent * step.Duration.Seconds()
	if limits.ErrorRateTarget == 0 || requests < leastRequests/2 {
		return limits.ErrorRateTarget
	}
	return max(limits.ErrorRateTarget, 1.5/requests)
}

// tolerableGrowth is the Growth up to which a step holds. A queue that grew by half of the latency target would reach all
// of it in a step of twice the length. A step that is short beside the latency target would have to be far too much for that:
// there a twentieth of its duration tells, if it is not lost in the noise.
func tolerableGrowth(step Step, limits Limits) time.Duration {
	return min(limits.LatencyTarget/2, max(limits.LatencyTarget/10, step.Duration/20))
}

// failure is the reason for a measurement with failed requests.
func failure(m Measurement) Reason {
	if m.Reason == "" {
		return ReasonNothingServed
	}
	return m.Reason
}
