// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package elasticweb

import "time"

// So many status writes of an ElasticWeb may follow one another at once, which is enough for the usual change, and
// one per interval after that: pods that flap, or hundreds that come, are told of once a second.
const (
	statusBurst    = 10
	statusInterval = time.Second
)

// statusPace holds back status writes that come too fast.
type statusPace struct {
	// paidUntil is until when the writes so far would have lasted, had each waited for its interval.
	paidUntil time.Time
}

// wait is how long a write has to wait; where it is zero, the write counts as made.
func (p *statusPace) wait(now time.Time) time.Duration {
	paid := p.paidUntil
	if paid.Before(now) {
		paid = now
	}
	paid = paid.Add(statusInterval)
	if wait := paid.Sub(now) - statusBurst*statusInterval; wait > 0 {
		return wait
	}
	p.paidUntil = paid
	return 0
}
