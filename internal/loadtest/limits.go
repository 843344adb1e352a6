// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package loadtest

import (
	"errors"
	"fmt"
	"time"
)

// Defaults of Limits.
const (
	DefaultLatencyTarget   = 500 * time.Millisecond
	DefaultErrorRateTarget = 0.01
	DefaultMaxQPS          = 100_000
	DefaultDuration        = 5 * time.Minute
)

// MinDuration is the shortest time in which a search makes sense.
const MinDuration = 10 * time.Second

// Limits bound a search.
type Limits struct {
	// LatencyTarget is the highest 99th percentile of the response time, above 0.
	LatencyTarget time.Duration
	// ErrorRateTarget is the highest share of failed requests, from 0 to below 1.
	ErrorRateTarget float64
	// MaxQPS is the highest rate that is offered, in requests per second, at least 1.
	MaxQPS float64
	// Duration is the time for all steps together, at least MinDuration.
	Duration time.Duration
}

// Validate says which limits are out of their range.
func (l Limits) Validate() error {
	var errs []error
	if l.LatencyTarget <= 0 {
		errs = append(errs, fmt.Errorf("latency target %s: must be above 0", l.LatencyTarget))
	}
	// Written so that NaN is refused too.
	if !(l.ErrorRateTarget >= 0 && l.ErrorRateTarget < 1) {
		errs = append(errs, fmt.Errorf("error rate target %g: must be from 0 to below 1", l.ErrorRateTarget))
	}
	if !(l.MaxQPS >= 1 && l.MaxQPS <= highestMaxQPS) {
		errs = append(errs, fmt.Errorf("max QPS %g: must be from 1 to %g", l.MaxQPS, float64(highestMaxQPS)))
	}
	if l.Duration < MinDuration {
		errs = append(errs, fmt.Errorf("duration %s: must be at least %s", l.Duration, MinDuration))
	}
	return errors.Join(errs...)
}
