// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package loadtest

// leastSent is the share of the requests that must have gone out in their step for it to say something about the
// target. A generator that is further behind is measuring itself.
const leastSent = 0.98

// judge says why a step at rate did not hold, or "" where it did.
//
// What the target did comes before what the generator did: a target that is slow from the moment a request was
// really sent is slow whether or not the generator was late as well. It takes a target that answers in time to
// blame the generator. A queue that grew by half of the latency target would reach all of it in a step of twice the length.
func judge(step Step, m Measurement, limits Limits) Reason {
	switch {
	case m.Reason == ReasonGeneratorSaturated && m.ErrorRate > limits.ErrorRateTarget:
		return ReasonGeneratorSaturated
	case m.ErrorRate > limits.ErrorRateTarget:
		return failure(m)
	case m.ServiceP99 > limits.LatencyTarget, m.Growth > limits.LatencyTarget/2:
		return ReasonTooSlow
	case m.Sent < leastSent*step.Rate, m.P99 > limits.LatencyTarget:
		return ReasonGeneratorSaturated
	}
	return ""
}

// failure is the reason for a measurement with failed requests.
func failure(m Measurement) Reason {
	if m.Reason == "" {
		return ReasonNothingServed
	}
	return m.Reason
}
