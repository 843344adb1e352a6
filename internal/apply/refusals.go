// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package apply

import (
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/clock"
)

// An intent that was refused is tried again after firstRetry, and then after twice as long each time, up to
// lastRetry. A changed intent is tried at once.
const (
	firstRetry = time.Second
	lastRetry  = 2 * time.Minute
)

// refusals remembers what the API server refused, so that events of other objects cause no further tries.
type refusals struct {
	clock clock.PassiveClock
	mu    sync.Mutex
	byKey map[objectKey]refusal
}

type refusal struct {
	hash  string
	err   error
	until time.Time
	wait  time.Duration
}

func newRefusals(clock clock.PassiveClock) *refusals {
	return &refusals{clock: clock, byKey: map[objectKey]refusal{}}
}

// waiting is the refusal that still stands, nil where the intent may be tried.
func (r *refusals) waiting(wanted *prepared) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	last, isThere := r.byKey[wanted.key()]
	if !isThere || last.hash != wanted.hash {
		return nil
	}
	left := last.until.Sub(r.clock.Now())
	if left <= 0 {
		return nil
	}
	return &RefusedError{Kind: wanted.kind, Name: wanted.name, RetryAfter: left, Err: last.err}
}

func (r *refusals) note(wanted *prepared, err error) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	wait := firstRetry
	if last, isThere := r.byKey[wanted.key()]; isThere && last.hash == wanted.hash {
		wait = min(2*last.wait, lastRetry)
	}
	r.byKey[wanted.key()] = refusal{
		hash: wanted.hash, err: err, until: r.clock.Now().Add(wait), wait: wait,
	}
	return &RefusedError{Kind: wanted.kind, Name: wanted.name, RetryAfter: wait, Err: err}
}

func (r *refusals) clear(wanted *prepared) { r.forget(wanted.key()) }

func (r *refusals) forget(key objectKey) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.byKey, key)
}

// TryAgain has what was refused of an object tried at the next occasion: what stood in the way is gone.
func (a *Applier) TryAgain(kind string, name types.NamespacedName) {
	a.refused.forget(objectKey{kind, name})
}
