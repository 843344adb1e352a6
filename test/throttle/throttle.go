// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

// Package throttle is a target of a known rate, for what measures rates.
package throttle

import (
	"net/http"
	"sync"
	"time"
)

// Bucket is a leaky bucket in front of a handler: one request every Interval, and those that would wait for
// longer than Patience are turned away with the status 503.
type Bucket struct {
	// Interval is a second divided by the requests that are served in one.
	Interval time.Duration
	// Patience is how long a request waits for its turn at most.
	Patience time.Duration
	// Next answers the requests whose turn it is.
	Next http.Handler

	mu   sync.Mutex
	free time.Time // when the next turn is
}

// ServeHTTP implements http.Handler.
func (b *Bucket) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	turn, isServed := b.reserve(time.Now())
	if !isServed {
		http.Error(w, "too many requests", http.StatusServiceUnavailable)
		return
	}
	time.Sleep(time.Until(turn))
	b.Next.ServeHTTP(w, r)
}

func (b *Bucket) reserve(now time.Time) (turn time.Time, isServed bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.free.Before(now) {
		b.free = now
	}
	turn = b.free
	if turn.Sub(now) > b.Patience {
		return time.Time{}, false
	}
	b.free = turn.Add(b.Interval)
	return turn, true
}
