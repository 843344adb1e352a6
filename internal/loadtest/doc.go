// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

// Package loadtest searches for the highest rate of requests that a target serves within its limits.
//
// Search is a state machine without I/O and without a clock: Next says which rate to offer for how long,
// Observe takes in what was measured, Result says what is known. Package attack, below, carries its steps
// out; the tests of this package do so against models of servers.
//
// The rate that is looked for is the highest at which the 99th percentile of the response time, counted from
// the moment at which a request was due, stays within Limits.LatencyTarget, and the share of failures within
// Limits.ErrorRateTarget. Near it the response time swings: how well the rate can be told depends on
// how many requests are due there within the latency target, and on the duration. From some 200 on with the
// default duration, or 100 with twice of it, the result is from 5% below to 2% above, also for a target that
// serves and is asked at random (M/M/c); below that it scatters more. A target that serves at a steady pace needs less.
package loadtest
