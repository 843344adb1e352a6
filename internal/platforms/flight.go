// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package platforms

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
)

// maxReading is the number of flights whose pull secrets are read at a time.
const maxReading = 4

// flight is an answer under way to those who ask for the same image in the
// name of the same credentials. It first reads those, if there are any, and
// then shares a lookup with all flights that turn out to have the same logins:
// a public image is looked up once, whoever uses it.
type flight struct {
	key         answerKey
	ref         reference
	credentials Credentials
	maxAge      time.Duration
	tenant      string
	waiters     map[Waiter]struct{}
	lookup      *lookup
}

func newFlight(k answerKey, ref reference, maxAge time.Duration, req Request) *flight {
	return &flight{
		key:         k,
		ref:         ref,
		credentials: req.Credentials,
		maxAge:      maxAge,
		tenant:      req.Waiter.Namespace,
		waiters:     map[Waiter]struct{}{},
	}
}

// depart starts a flight. It reports done with the answer when there is one at
// once. The caller holds the lock.
func (r *Resolver) depart(f *flight, now time.Time) (a answer, done bool) {
	r.flights[f.key] = f
	if f.credentials.Secrets != nil {
		r.unread = append(r.unread, f)
		r.wakeUp()
		return answer{}, false
	}
	return r.board(f, nil, now)
}

// board puts a flight on a lookup, unless the answer is known already. The
// caller holds the lock.
func (r *Resolver) board(f *flight, logins []login, now time.Time) (a answer, done bool) {
	k := answerKey{f.ref.String(), r.fingerprint(logins)}
	known := r.shared.get(k)
	if known.satisfies(f.maxAge, now) {
		return r.land(f, known), true
	}
	if l := r.lookups[k]; l != nil {
		l.flights[f] = struct{}{}
		f.lookup = l
		return answer{}, false
	}
	if known.failing(now) {
		return r.land(f, known), true
	}
	if b := r.breaker(f.ref.registry()); b.open(now) {
		return r.land(f, known.postponed(b.err, b.retryAt(now))), true
	}
	r.enqueue(f, k, logins)
	return answer{}, false
}

// land ends a flight with an answer, and returns that with the facts of an
// earlier one where it has none. The caller holds the lock.
func (r *Resolver) land(f *flight, a answer) answer {
	if a.facts == nil {
		before := r.requested.get(f.key)
		a.facts, a.asked = before.facts, before.asked
	}
	r.requested.put(f.key, a)
	delete(r.flights, f.key)
	for w := range f.waiters {
		delete(r.waiting, w)
	}
	return a
}

// leave takes a waiter from the flight that it waits for. The caller holds the
// lock.
func (r *Resolver) leave(w Waiter) {
	f := r.waiting[w]
	if f == nil {
		return
	}
	delete(r.waiting, w)
	delete(f.waiters, w)
	if len(f.waiters) > 0 {
		return
	}
	if i := slices.Index(r.unread, f); i >= 0 {
		r.unread = slices.Delete(r.unread, i, i+1)
		delete(r.flights, f.key)
		return
	}
	if l := f.lookup; l != nil && !l.running {
		delete(r.flights, f.key)
		r.disembark(l, f)
	}
}

// readSecrets is the part of a flight that asks the API server.
func (r *Resolver) readSecrets(ctx context.Context, f *flight) {
	defer r.wakeUp()
	logins, err := r.logins(ctx, f)

	r.mu.Lock()
	r.reading--
	if ctx.Err() != nil {
		r.mu.Unlock()
		return
	}
	waiters := r.proceed(f, logins, err)
	r.mu.Unlock()
	r.notify(ctx, waiters)
}

// proceed goes on with a flight whose pull secrets were read. It returns those
// to notify if that was the end of it.
func (r *Resolver) proceed(f *flight, logins []login, err *Error) []Waiter {
	now := r.options.Clock.Now()
	if len(f.waiters) == 0 {
		delete(r.flights, f.key)
		return nil
	}
	if err != nil {
		r.land(f, r.requested.get(f.key).failed(err, now, r.options))
		return f.waiterList()
	}
	if _, done := r.board(f, logins, now); done {
		return f.waiterList()
	}
	return nil
}

func (r *Resolver) logins(ctx context.Context, f *flight) ([]login, *Error) {
	ctx, cancel := context.WithTimeout(ctx, r.options.LookupTimeout)
	defer cancel()
	secrets, err := f.credentials.Secrets(ctx)
	if err != nil {
		return nil, &Error{
			Reason:  ReasonRegistryUnauthorized,
			Message: "the pull secrets of the image cannot be read",
		}
	}
	return loginsFrom(secrets, f.ref)
}

func loginsFrom(secrets []corev1.Secret, ref reference) ([]login, *Error) {
	k, err := newKeyring(secrets)
	if err != nil {
		return nil, err
	}
	return k.logins(ref.repository()), nil
}

func (f *flight) waiterList() []Waiter {
	list := make([]Waiter, 0, len(f.waiters))
	for w := range f.waiters {
		list = append(list, w)
	}
	return list
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
