// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package attack

import (
	"testing"
	"time"

	vegeta "github.com/tsenart/vegeta/v12/lib"

	"github.com/elasticweb/elasticweb-operator/internal/loadtest"
)

// TestResponseTimeCountsFromWhenARequestWasDue is coordinated omission: a generator that stands still for a second sends
// what is due at once, and each of those requests is answered in a millisecond.
func TestResponseTimeCountsFromWhenARequestWasDue(t *testing.T) {
	step := loadtest.Step{Rate: 100, Duration: 2 * time.Second}
	p := newPacer(step)
	p.began = time.Now()
	r := newRecorder(p.requests)
	for number := range p.requests {
		sent := p.due(number)
		if resumed := p.began.Add(time.Second); sent.Before(resumed) {
			sent = resumed
		}
		r.add(&vegeta.Result{Seq: number, Timestamp: sent, Latency: time.Millisecond}, p.due(number))
	}
	m := r.measurement(step, &outcomes{})
	if m.P99 < 900*time.Millisecond || m.ServiceP99 > 2*time.Millisecond {
		t.Errorf("p99 is %s, and %s from when a request was sent, want about 1s and 1ms", m.P99, m.ServiceP99)
	}
	if m.Sent != 100 || m.ErrorRate != 0 {
		t.Errorf("sent %g requests/s, %g of them failed, want 100 and none", m.Sent, m.ErrorRate)
	}
}

func TestPacerOffersExactlyTheRate(t *testing.T) {
	p := newPacer(loadtest.Step{Rate: 2.5, Duration: 4 * time.Second})
	for sent, want := range map[uint64]time.Duration{0: 0, 1: 400 * time.Millisecond, 9: 3600 * time.Millisecond} {
		if wait, stop := p.Pace(0, sent); wait != want || stop {
			t.Errorf("request %d is sent after %s, end %t, want %s", sent, wait, stop, want)
		}
	}
	if wait, _ := p.Pace(time.Second, 1); wait > 0 {
		t.Errorf("a late request waits for %s", wait)
	}
	if _, stop := p.Pace(0, 10); !stop {
		t.Error("there is an eleventh request in 4s at 2.5 requests/s")
	}
}

func TestHistogramIsExactToAPercent(t *testing.T) {
	var h histogram
	if got := h.quantile(0.99); got != 0 {
		t.Errorf("without durations the quantile is %s", got)
	}
	for ms := range 1000 {
		h.add(time.Duration(ms+1) * time.Millisecond)
	}
	for q, want := range map[float64]time.Duration{0.5: 500 * time.Millisecond, 0.99: 990 * time.Millisecond, 1: time.Second} {
		if got := h.quantile(q); (got - want).Abs() > want/100 {
			t.Errorf("quantile %g is %s, want %s to a percent", q, got, want)
		}
	}
}
