// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package apply

import (
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/clock"
)

// What was refused is tried again after firstRetry, and then after twice as long each time, up to lastRetry; what failed
// otherwise sooner. Something else that is to be written of the same object is tried at once.
const (
	firstRetry, lastRetry               = time.Second, 2 * time.Minute
	firstPassingRetry, lastPassingRetry = 100 * time.Millisecond, 30 * time.Second
)

// attempt is something that is to be written of an object. The hash stands for what that is.
type attempt struct {
	objectKey
	hash string
}

// refusals remembers the writes that failed, so that events of other objects cause no further tries.
type refusals struct {
	clock clock.PassiveClock
	mu    sync.Mutex
	byKey map[objectKey]refusal
}

type refusal struct {
	hash  string
	err   RefusedError
	until time.Time
	wait  time.Duration
}

func newRefusals(clock clock.PassiveClock) *refusals {
	return &refusals{clock: clock, byKey: map[objectKey]refusal{}}
}

// waiting is the refusal that still stands, nil where the write may be tried.
func (r *refusals) waiting(what attempt) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	last, isThere := r.byKey[what.objectKey]
	left := last.until.Sub(r.clock.Now())
	if !isThere || last.hash != what.hash || left <= 0 {
		return nil
	}
	standing := last.err
	standing.RetryAfter, standing.Waiting = left, true
	return &standing
}

func (r *refusals) note(what attempt, err error) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	noted := refusal{hash: what.hash, err: RefusedError{Kind: what.kind, Name: what.Name, Passing: !IsRefusal(err), Tries: 1, Err: err}}
	first, last := firstRetry, lastRetry
	if noted.err.Passing {
		first, last = firstPassingRetry, lastPassingRetry
	}
	noted.wait = first
	if before, isThere := r.byKey[what.objectKey]; isThere && before.hash == what.hash && before.err.Passing == noted.err.Passing {
		noted.wait = min(2*before.wait, last)
		noted.err.Tries = before.err.Tries + 1
	}
	noted.err.RetryAfter, noted.until = noted.wait, r.clock.Now().Add(noted.wait)
	r.byKey[what.objectKey] = noted
	refused := noted.err
	return &refused
}

func (r *refusals) forget(key objectKey) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.byKey, key)
}

// TryAgain has what was refused of an object tried at the next occasion: what stood in the way is gone.
func (a *Applier) TryAgain(kind string, name types.NamespacedName) {
	a.refused.forget(objectKey{kind, name})
}
