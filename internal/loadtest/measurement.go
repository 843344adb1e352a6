// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package loadtest

import "time"

// Phase is what a step is for.
type Phase string

// Phases in the order in which a search goes through them. Halving takes the place of Doubling where the target
// does not hold the first rate; Confirming can lead back to Bisecting.
const (
	PhaseWarmUp     Phase = "WarmUp"
	PhaseDoubling   Phase = "Doubling"
	PhaseHalving    Phase = "Halving"
	PhaseBisecting  Phase = "Bisecting"
	PhaseConfirming Phase = "Confirming"
	// PhaseChallenging tries a rate above the confirmed one for as long: what broke below may have been the machine's doing.
	PhaseChallenging Phase = "Challenging"
)

// Step is a rate to offer to the target.
type Step struct {
	Phase Phase
	// Rate in requests per second, above 0.
	Rate float64
	// Duration for which requests are sent.
	Duration time.Duration
	// Settle is how long to wait at most, before the first request, for the target to recover from what came
	// before: 0 where that did it no harm.
	Settle time.Duration
}

// Measurement is what came of a step.
type Measurement struct {
	// Sent is the rate of the step times the share of its requests that went out before its end, in requests per second.
	Sent float64
	// Served is the rate at which successful answers came back, in requests per second, counted from the first of
	// them to the last. A target that falls behind shows here what it can do.
	Served float64
	// P50 and P99 are percentiles of the response time of successful requests: from the moment at which the request
	// was due to the end of its answer. A generator that is late cannot hide a slow target in it (coordinated omission).
	P50, P99 time.Duration
	// ServiceP99 is the 99th percentile of the time from the moment at which a request was really sent. What P99 is
	// above it is the generator's doing.
	ServiceP99 time.Duration
	// Growth is by how much the median service time (see ServiceP99) of the last tenth of the step exceeds that of the first: what
	// queues up in a target that is not given more than it serves is 0, or soon gone.
	Growth time.Duration
	// ErrorRate is the share of the requests that failed, from 0 to 1; 1 where none was sent.
	ErrorRate float64
	// Reason is that of most failures, "" without any, and Message an example of it.
	Reason  Reason
	Message string
	// Elapsed is the time that the step took, Settle and waiting for the last answers included.
	Elapsed time.Duration
}
