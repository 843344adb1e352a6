// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package platforms

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"time"
)

// flight is an answer under way to those of a tenant who ask for the same
// image in the name of the same credentials. It waits for its turn, reads the
// credentials, and then asks the registry, or shares the lookup of another
// flight that turns out to have the same logins: a public image is looked up
// once, whoever uses it.
type flight struct {
	key         answerKey
	ref         reference
	credentials Credentials
	maxAge      time.Duration
	tenant      string
	limits      *limits
	breaker     *breaker
	waiters     map[Waiter]struct{}
	isQueued    bool
	lookup      *lookup
	// began is when it got its place, which yield has it give up.
	began      time.Time
	yield      context.CancelFunc
	isYielding bool
}

// asked is when the registry was asked; zero before.
func (f *flight) asked() time.Time {
	if f.lookup == nil {
		return time.Time{}
	}
	return f.lookup.asked
}

// depart queues a flight, unless its registry is not to be asked: then it
// reports the answer. The caller holds the lock.
func (r *Resolver) depart(f *flight, now time.Time) (a answer, done bool) {
	if f.breaker.open(now) {
		return r.turnAway(f, now), true
	}
	f.isQueued = true
	r.flights[f.key] = f
	r.queue.add(f)
	r.wakeUp()
	return answer{}, false
}

// mayStart leaves each tenant a share of the places that are free, in all and
// at the registry.
func (r *Resolver) mayStart(f *flight) bool {
	here := &f.limits.places
	return r.places.has(f.tenant, r.options.Workers) &&
		here.has(f.tenant, r.options.WorkersPerRegistry) &&
		f.breaker.admits(here.by[f.tenant])
}

// occupy gives a flight its place, and the context that it may keep it for.
func (r *Resolver) occupy(ctx context.Context, f *flight) (itsOwn context.Context) {
	f.isQueued = false
	r.places.take(f.tenant)
	f.limits.places.take(f.tenant)
	itsOwn, f.yield = context.WithCancel(ctx)
	f.began = r.options.Clock.Now()
	r.running[f] = struct{}{}
	return itsOwn
}

func (r *Resolver) vacate(f *flight) {
	delete(r.running, f)
	f.yield()
	r.places.giveBack(f.tenant)
	f.limits.places.giveBack(f.tenant)
}

// run makes a flight whose turn it is. What it asks ends with its place, what
// becomes of the answer not before ctx.
func (r *Resolver) run(ctx, itsOwn context.Context, f *flight) {
	defer r.wakeUp()
	if err := r.probeAgain(itsOwn, f); err != nil {
		r.notify(ctx, r.giveUp(ctx, f, err))
		return
	}
	logins, err := r.logins(itsOwn, f)
	l, waiters := r.board(ctx, f, logins, err)
	if l != nil {
		waiters = r.ask(ctx, itsOwn, f, l)
	}
	r.notify(ctx, waiters)
}

// probeAgain asks whether a registry is there that was not the last time. While
// it is not, no pull secrets are read for it.
func (r *Resolver) probeAgain(ctx context.Context, f *flight) *Error {
	r.mu.Lock()
	before := r.requested.get(f.key).err
	r.mu.Unlock()
	if before == nil || before.Reason != ReasonRegistryUnreachable {
		return nil
	}
	return r.probe(ctx, f.ref)
}

// giveUp ends a flight whose registry is not there. It returns those to notify.
func (r *Resolver) giveUp(ctx context.Context, f *flight, err *Error) []Waiter {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.vacate(f)
	if ctx.Err() != nil {
		return nil
	}
	now := r.options.Clock.Now()
	r.count(f.ref, err)
	waiters, _ := r.land(f, r.requested.get(f.key).failed(err, now, r.options))
	return append(waiters, r.learn(f, err, now)...)
}

// board gives the lookup that a flight whose pull secrets were read has to
// make. Without one the flight is over or shares that of another, and its
// place is free; waiters are those to notify.
func (r *Resolver) board(ctx context.Context, f *flight, logins []login, err *Error) (l *lookup, waiters []Waiter) {
	r.mu.Lock()
	defer r.mu.Unlock()
	defer func() {
		if l == nil {
			r.vacate(f)
		}
	}()
	now := r.options.Clock.Now()
	k := keyOf(f.ref.String(), r.fingerprint(logins))
	known := r.shared.get(k)
	switch {
	case ctx.Err() != nil:
		return nil, nil
	case len(f.waiters) == 0:
		delete(r.flights, f.key)
		return nil, nil
	case err != nil:
		waiters, _ = r.land(f, r.requested.get(f.key).failed(err, now, r.options))
		return nil, waiters
	case known.satisfies(f.maxAge, now):
		waiters, _ = r.land(f, known)
		return nil, waiters
	}
	if under := r.lookups[k]; under != nil {
		under.flights[f] = struct{}{}
		f.lookup = under
		return nil, nil
	}
	l = &lookup{key: k, ref: f.ref, logins: logins, flights: map[*flight]struct{}{f: {}}}
	f.lookup = l
	r.lookups[k] = l
	return l, nil
}

// land ends a flight with an answer, and returns that with the facts of an
// earlier one where it has none. The caller holds the lock.
func (r *Resolver) land(f *flight, a answer) ([]Waiter, answer) {
	if a.facts == nil {
		before := r.requested.get(f.key)
		a.facts, a.asked = before.facts, before.asked
	}
	r.requested.put(f.key, a)
	delete(r.flights, f.key)
	waiters := make([]Waiter, 0, len(f.waiters))
	for w := range f.waiters {
		waiters = append(waiters, w)
		r.stopWaiting(w)
	}
	return waiters, a
}

// turnAway ends a flight whose registry is not to be asked before it has begun.
func (r *Resolver) turnAway(f *flight, now time.Time) answer {
	_, a := r.land(f, r.requested.get(f.key).postponed(f.breaker.err, f.breaker.retryAt(now)))
	return a
}

// leave takes a waiter from the flight that it waits for. The caller holds the
// lock.
func (r *Resolver) leave(w Waiter) {
	f := r.waiting[w]
	if f == nil {
		return
	}
	r.stopWaiting(w)
	delete(f.waiters, w)
	if len(f.waiters) == 0 && f.isQueued {
		r.queue.remove(f)
		delete(r.flights, f.key)
	}
}

func (r *Resolver) logins(ctx context.Context, f *flight) ([]login, *Error) {
	if f.credentials.Secrets == nil {
		return nil, nil
	}
	ctx, cancel := context.WithTimeout(ctx, r.options.LookupTimeout)
	defer cancel()
	k := keyring{repository: f.ref.repository()}
	if err := f.credentials.Secrets(ctx, k.take); err != nil {
		return nil, &Error{
			Reason:    ReasonRegistryUnauthorized,
			Message:   "the pull secrets of the image cannot be read",
			Transient: true,
		}
	}
	return k.logins()
}

// fingerprint stands for logins in the key of a cache without giving them
// away. That of no logins is empty.
func (r *Resolver) fingerprint(logins []login) string {
	if len(logins) == 0 {
		return ""
	}
	mac := hmac.New(sha256.New, r.salt[:])
	for _, l := range logins {
		for _, s := range []string{l.username, l.password} {
			mac.Write(binary.BigEndian.AppendUint64(nil, uint64(len(s))))
			mac.Write([]byte(s))
		}
	}
	return hex.EncodeToString(mac.Sum(nil))
}
