// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package attack

import (
	"time"

	vegeta "github.com/tsenart/vegeta/v12/lib"

	"github.com/elasticweb/elasticweb-operator/internal/loadtest"
)

// recorder takes results in as they come.
type recorder struct {
	due, sent, failed uint64
	response, service histogram
	// early and late are the service times of the first and the last tenth of the requests.
	early, late histogram
	first, last time.Time
}

func newRecorder(due uint64) *recorder { return &recorder{due: due} }

// add takes a result in, and when its request was due.
func (r *recorder) add(result *vegeta.Result, due time.Time) {
	r.sent++
	if result.Error != "" {
		r.failed++
		return
	}
	lateness := max(0, result.Timestamp.Sub(due))
	response := lateness + result.Latency
	r.response.add(response)
	r.service.add(result.Latency)
	switch {
	case result.Seq < r.due/10:
		r.early.add(result.Latency)
	case result.Seq >= r.due-r.due/10:
		r.late.add(result.Latency)
	}
	r.complete(result.Timestamp.Add(result.Latency))
}

func (r *recorder) complete(end time.Time) {
	if r.first.IsZero() || end.Before(r.first) {
		r.first = end
	}
	if end.After(r.last) {
		r.last = end
	}
}

func (r *recorder) measurement(step loadtest.Step, outcomes *outcomes) loadtest.Measurement {
	m := loadtest.Measurement{
		Sent:       step.Rate * float64(r.sent) / float64(r.due),
		Served:     r.served(),
		P50:        r.response.quantile(0.5),
		P99:        r.response.quantile(0.99),
		ServiceP99: r.service.quantile(0.99),
		Growth:     r.late.quantile(0.5) - r.early.quantile(0.5),
		ErrorRate:  1,
	}
	if r.sent > 0 {
		m.ErrorRate = float64(r.failed) / float64(r.sent)
	}
	m.Reason, m.Message = outcomes.most()
	return m
}

func (r *recorder) served() float64 {
	span := r.last.Sub(r.first).Seconds()
	if span <= 0 {
		return 0
	}
	return float64(r.response.count-1) / span
}
