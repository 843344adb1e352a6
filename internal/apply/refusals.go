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

// refusals remembers the writes that failed, so that events of other objects cause no further tries.
type refusals struct {
	clock clock.PassiveClock
	mu    sync.Mutex
	byKey map[objectKey]map[string]refusal // by the field manager, too.
}

type refusal struct {
	what  string
	err   RefusedError
	until time.Time
}

func newRefusals(clock clock.PassiveClock) *refusals {
	return &refusals{clock: clock, byKey: map[objectKey]map[string]refusal{}}
}

// waiting is the refusal that still stands, nil where the write may be tried.
func (r *refusals) waiting(what Write) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	last := r.byKey[what.key()][what.Manager]
	left := last.until.Sub(r.clock.Now())
	if last.what != what.What || left <= 0 {
		return nil
	}
	standing := last.err
	standing.RetryAfter, standing.Waiting = left, true
	return &standing
}

func (r *refusals) note(what Write, err error) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	refused := RefusedError{Kind: what.Kind, Name: what.Name, Passing: !IsRefusal(err), Tries: 1, Err: err}
	first, last := firstRetry, lastRetry
	if refused.Passing {
		first, last = firstPassingRetry, lastPassingRetry
	}
	refused.RetryAfter = first
	if before, isThere := r.byKey[what.key()][what.Manager]; isThere && before.what == what.What && before.err.Passing == refused.Passing {
		refused.RetryAfter, refused.Tries = min(2*before.err.RetryAfter, last), before.err.Tries+1
	}
	if r.byKey[what.key()] == nil {
		r.byKey[what.key()] = map[string]refusal{}
	}
	r.byKey[what.key()][what.Manager] = refusal{what.What, refused, r.clock.Now().Add(refused.RetryAfter)}
	return &refused
}

func (r *refusals) forget(what Write) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if delete(r.byKey[what.key()], what.Manager); len(r.byKey[what.key()]) == 0 {
		delete(r.byKey, what.key())
	}
}

// forgetObject forgets what failed of an object, whoever wrote it.
func (r *refusals) forgetObject(key objectKey) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.byKey, key)
}

// TryAgain has what was refused of an object tried at the next occasion: what stood in the way is gone.
func (a *Applier) TryAgain(kind string, name types.NamespacedName) {
	a.refused.forgetObject(objectKey{kind, name})
}
