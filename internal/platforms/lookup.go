// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package platforms

import (
	"context"
	"sync"
	"time"
)

// lookup is one image to be asked for with one set of logins, on behalf of one
// flight or more.
type lookup struct {
	key     answerKey
	ref     reference
	logins  []login
	tenant  string
	breaker *breaker
	flights map[*flight]struct{}
	running bool
	asked   time.Time
}

func (r *Resolver) enqueue(f *flight, k answerKey, logins []login) {
	l := &lookup{
		key:     k,
		ref:     f.ref,
		logins:  logins,
		tenant:  f.tenant,
		breaker: r.breaker(f.ref.registry()),
		flights: map[*flight]struct{}{f: {}},
	}
	f.lookup = l
	r.lookups[k] = l
	r.queue = append(r.queue, l)
	r.wakeUp()
}

// disembark takes a flight off a lookup in the queue. Without any left, the
// lookup is passed over when its turn comes.
func (r *Resolver) disembark(l *lookup, f *flight) {
	delete(l.flights, f)
	if len(l.flights) == 0 {
		delete(r.lookups, l.key)
	}
}

func (r *Resolver) breaker(registry string) *breaker {
	if known, ok := r.registries.Get(registry); ok {
		return known.(*breaker)
	}
	b := newBreaker(r.options)
	r.registries.Add(registry, b)
	return b
}

// dispatch starts all that may start now. It returns after which time there
// may be more without anything else happening, 0 for never.
func (r *Resolver) dispatch(ctx context.Context, work *sync.WaitGroup) time.Duration {
	r.mu.Lock()
	defer r.mu.Unlock()
	for r.reading < maxReading && len(r.unread) > 0 {
		f := r.unread[0]
		r.unread = r.unread[1:]
		r.reading++
		work.Go(func() { r.readSecrets(ctx, f) })
	}
	start, turnedAway, next := r.sift(r.options.Clock.Now())
	for _, l := range start {
		work.Go(func() { r.run(ctx, l) })
	}
	if len(turnedAway) > 0 {
		work.Go(func() { r.notify(ctx, turnedAway) })
	}
	return next
}

// sift takes those lookups from the queue that may start, and those that will
// not be made. The rest keeps its order.
func (r *Resolver) sift(now time.Time) (start []*lookup, turnedAway []Waiter, next time.Duration) {
	held := r.queue[:0]
	for _, l := range r.queue {
		if len(l.flights) == 0 {
			continue
		}
		if l.breaker.open(now) {
			turnedAway = append(turnedAway, r.turnAway(l, now)...)
			continue
		}
		wait, ok := r.admit(l, now)
		if ok {
			r.occupy(l, now)
			start = append(start, l)
			continue
		}
		held = append(held, l)
		if wait > 0 && (next == 0 || wait < next) {
			next = wait
		}
	}
	clear(r.queue[len(held):])
	r.queue = held
	return start, turnedAway, next
}

// admit reports whether a lookup may start. If only its registry's rate is in
// the way it says for how long; all other obstacles go when a lookup ends.
func (r *Resolver) admit(l *lookup, now time.Time) (wait time.Duration, ok bool) {
	switch {
	case r.running >= r.options.Workers,
		r.runningFor[l.tenant] >= max(1, r.options.Workers/2),
		l.breaker.running >= l.breaker.capacity(r.options):
		return 0, false
	}
	wait = l.breaker.delay(now)
	return wait, wait == 0
}

func (r *Resolver) occupy(l *lookup, now time.Time) {
	l.running, l.asked = true, now
	l.breaker.running++
	r.running++
	r.runningFor[l.tenant]++
}

func (r *Resolver) release(l *lookup) {
	l.breaker.running--
	r.running--
	if r.runningFor[l.tenant]--; r.runningFor[l.tenant] == 0 {
		delete(r.runningFor, l.tenant)
	}
}

// run makes a look-up and hands the answer out.
func (r *Resolver) run(ctx context.Context, l *lookup) {
	defer r.wakeUp()
	facts, err := r.inspect(ctx, l.ref, l.logins)

	r.mu.Lock()
	r.release(l)
	if ctx.Err() != nil {
		r.mu.Unlock()
		return
	}
	now := r.options.Clock.Now()
	l.breaker.observe(err, now, r.options)
	r.count(err)
	a := answer{facts: &facts, asked: l.asked}
	if err != nil {
		a = r.shared.get(l.key).failed(err, now, r.options)
	}
	r.shared.put(l.key, a)
	waiters := r.deliver(l, a)
	r.mu.Unlock()
	r.notify(ctx, waiters)
}

// turnAway ends a lookup whose registry is not to be asked before it has begun.
func (r *Resolver) turnAway(l *lookup, now time.Time) []Waiter {
	return r.deliver(l, r.shared.get(l.key).postponed(l.breaker.err, l.breaker.retryAt(now)))
}

func (r *Resolver) deliver(l *lookup, a answer) []Waiter {
	delete(r.lookups, l.key)
	var waiters []Waiter
	for f := range l.flights {
		waiters = append(waiters, f.waiterList()...)
		r.land(f, a)
	}
	return waiters
}
