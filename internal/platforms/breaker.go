// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package platforms

import (
	"math/rand/v2"
	"time"
)

// breakerThreshold is the number of failures in a row from which a registry
// counts as down. A single image that its registry cannot serve does not shut
// off the others.
const breakerThreshold = 3

// maxBreakers bounds their number.
const maxBreakers = 4096

// breakerKey has the tenant in it: whoever chooses images and credentials can
// make a healthy registry look as if it were down, to nobody else though.
type breakerKey struct {
	tenant, registry string
}

// breaker keeps the look-ups of a tenant from a registry that is down or asked
// to be left alone, and from all coming at once when it is back.
type breaker struct {
	failures int
	// openUntil is set with err, why nothing is asked before.
	openUntil time.Time
	err       *Error
}

// open reports that nothing may be asked now.
func (b *breaker) open(now time.Time) bool { return now.Before(b.openUntil) }

// admits reports whether a look-up may run beside others. A registry that
// fails gets one, to try whether it is back.
func (b *breaker) admits(running int) bool { return b.failures == 0 || running == 0 }

// observe takes in the outcome of a look-up. A success does not end a pause: it
// may have been on its way before the registry asked for that.
func (b *breaker) observe(err *Error, now time.Time, o Options) {
	if err == nil || err.Reason != ReasonRegistryUnreachable {
		b.failures = 0
		return
	}
	pause := err.RetryAfter
	if b.failures++; b.failures >= breakerThreshold {
		pause = max(pause, backoff(b.failures-breakerThreshold, err.Transient, o))
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
func backoff(failures int, isTransient bool, o Options) time.Duration {
	pause := o.MinBackoff
	if isTransient {
		pause = o.MinTransientBackoff
	}
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
