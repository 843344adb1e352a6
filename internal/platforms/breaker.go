// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package platforms

import (
	"math/rand/v2"
	"time"

	"golang.org/x/time/rate"
)

// breakerThreshold is the number of failures in a row from which a registry
// counts as down. A single image that its registry cannot serve does not shut
// off the others.
const breakerThreshold = 3

// maxRegistries bounds the number of breakers.
const maxRegistries = 1024

// breaker keeps look-ups from a registry that is down or asked to be left
// alone, and from all coming at once when it is back.
type breaker struct {
	limiter  *rate.Limiter
	running  int
	failures int
	// openUntil is set with err, why nothing is asked before.
	openUntil time.Time
	err       *Error
}

func newBreaker(o Options) *breaker {
	return &breaker{limiter: rate.NewLimiter(rate.Limit(o.LookupsPerSecond), max(1, int(2*o.LookupsPerSecond)))}
}

// open reports that nothing may be asked now.
func (b *breaker) open(now time.Time) bool { return now.Before(b.openUntil) }

// capacity is the number of look-ups that may run. A registry that fails gets
// one, to try whether it is back.
func (b *breaker) capacity(o Options) int {
	if b.failures > 0 {
		return 1
	}
	return o.WorkersPerRegistry
}

// delay takes a turn, or says how long there is none.
func (b *breaker) delay(now time.Time) time.Duration {
	turn := b.limiter.ReserveN(now, 1)
	wait := turn.DelayFrom(now)
	if wait > 0 {
		turn.CancelAt(now)
	}
	return wait
}

// observe takes in the outcome of a look-up. A success does not end a pause: it
// may have been on its way before the registry asked for that.
func (b *breaker) observe(err *Error, now time.Time, o Options) {
	if err == nil || err.Reason != ReasonRegistryUnreachable {
		b.failures = 0
		return
	}
	pause := err.RetryAfter
	if b.failures++; b.failures >= breakerThreshold {
		pause = max(pause, backoff(b.failures-breakerThreshold, o))
	}
	if until := now.Add(pause); until.After(b.openUntil) {
		b.openUntil, b.err = until, err
	}
}

// retryAt spreads those that were turned away over a fifth of the pause.
func (b *breaker) retryAt(now time.Time) time.Time {
	return now.Add(withJitter(b.openUntil.Sub(now)))
}

// backoff is the pause after a number of earlier failures in a row.
func backoff(failures int, o Options) time.Duration {
	pause := o.MinBackoff
	for ; failures > 0 && pause < o.MaxBackoff; failures-- {
		pause *= 2
	}
	return withJitter(min(pause, o.MaxBackoff))
}

// withJitter adds up to a fifth, so that what failed together does not come
// back together.
func withJitter(d time.Duration) time.Duration {
	return d + rand.N(d/5+1)
}
