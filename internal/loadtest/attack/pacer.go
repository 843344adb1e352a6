// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package attack

import (
	"math"
	"time"

	vegeta "github.com/tsenart/vegeta/v12/lib"

	"github.com/elasticweb/elasticweb-operator/internal/loadtest"
)

// pacer makes requests due at equal intervals. Unlike vegeta.ConstantPacer it knows rates that are no whole number, and
// ends after an exact number of requests.
type pacer struct {
	interval float64 // in nanoseconds
	requests uint64
	began    time.Time
}

var _ vegeta.Pacer = (*pacer)(nil)

func newPacer(step loadtest.Step) *pacer {
	return &pacer{
		interval: float64(time.Second) / step.Rate,
		requests: uint64(max(1, math.Floor(step.Rate*step.Duration.Seconds()))),
	}
}

// Pace waits until the next request is due, or not at all for those that are late.
func (p *pacer) Pace(elapsed time.Duration, sent uint64) (time.Duration, bool) {
	if p.began.IsZero() {
		p.began = time.Now().Add(-elapsed)
	}
	return p.offset(sent) - elapsed, sent >= p.requests
}

// Rate is the rate at any time, in requests per second.
func (p *pacer) Rate(time.Duration) float64 { return float64(time.Second) / p.interval }

// due is when the request of a number, from 0, is to be sent. It is known once a request was.
func (p *pacer) due(number uint64) time.Time { return p.began.Add(p.offset(number)) }

func (p *pacer) offset(number uint64) time.Duration {
	return time.Duration(float64(number) * p.interval)
}
