// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package platforms

import (
	"context"
	"time"

	"golang.org/x/time/rate"
)

// lookup is one image that is asked for with one set of logins, on behalf of
// one flight or more.
type lookup struct {
	key     answerKey
	ref     reference
	logins  []login
	flights map[*flight]struct{}
	// asked is when the registry was asked; zero before.
	asked time.Time
}

// maxRegistries bounds the number of those that are kept in mind.
const maxRegistries = 1024

// limits keep the look-ups from one registry within bounds.
type limits struct {
	limiter *rate.Limiter
	places  shares
}

func (r *Resolver) limitsOf(host string) *limits {
	if known, ok := r.registries.Get(host); ok {
		return known.(*limits)
	}
	o := r.options
	there := &limits{
		limiter: rate.NewLimiter(rate.Limit(o.LookupsPerSecond), max(1, int(2*o.LookupsPerSecond))),
		places:  newShares(),
	}
	r.registries.Add(host, there)
	return there
}

func (r *Resolver) breaker(tenant, registry string) *breaker {
	k := breakerKey{tenant, registry}
	if known, ok := r.breakers.Get(k); ok {
		return known.(*breaker)
	}
	b := &breaker{}
	r.breakers.Add(k, b)
	return b
}

// ask makes a lookup for a flight, and hands the answer out. It returns those
// to notify.
func (r *Resolver) ask(ctx, itsOwn context.Context, f *flight, l *lookup) []Waiter {
	// It fails only when that is done.
	_ = f.limits.limiter.Wait(itsOwn)
	r.mu.Lock()
	l.asked = r.options.Clock.Now()
	r.mu.Unlock()
	facts, err := r.inspect(itsOwn, l.ref, l.logins)

	r.mu.Lock()
	defer r.mu.Unlock()
	r.vacate(f)
	if ctx.Err() != nil {
		return nil
	}
	now := r.options.Clock.Now()
	r.count(f.ref, err)
	delete(r.lookups, l.key)
	waiters := r.deliver(l, facts, err, now)
	return append(waiters, r.learn(f, err, now)...)
}

// learn takes in how the look-up of a flight ended, and turns away what is not
// to be asked any more. It returns those to notify. The caller holds the lock.
func (r *Resolver) learn(f *flight, err *Error, now time.Time) (waiters []Waiter) {
	f.breaker.observe(err, now, r.options)
	if !f.breaker.open(now) {
		return nil
	}
	for _, queued := range r.queue.removeLane(f.tenant, f.ref.registry()) {
		for w := range queued.waiters {
			waiters = append(waiters, w)
		}
		r.turnAway(queued, now)
	}
	return waiters
}

// deliver lands all flights of a lookup. Its facts are for all with the same
// logins; a failure keeps only those from asking again who have seen it.
func (r *Resolver) deliver(l *lookup, facts Facts, err *Error, now time.Time) []Waiter {
	if err == nil {
		r.shared.put(l.key, answer{facts: &facts, asked: l.asked})
	}
	known := r.shared.get(l.key)
	var waiters []Waiter
	for f := range l.flights {
		a := known
		if err != nil {
			a = r.requested.get(f.key)
			if a.facts == nil {
				a.facts, a.asked = known.facts, known.asked
			}
			a = a.failed(err, now, r.options)
		}
		landed, _ := r.land(f, a)
		waiters = append(waiters, landed...)
	}
	return waiters
}
