// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package proxy

import (
	"errors"
	"net/http"
	"sync"
	"sync/atomic"
)

var errCut = errors.New("cut off by the fault")

// Crash cuts an operator off from the API server for good after a number of writes, the last of which it gets
// no answer to: that is how the cluster looks to the next one after it was killed.
type Crash struct {
	after    int32
	writes   atomic.Int32
	isDead   atomic.Bool
	once     sync.Once
	happened chan struct{}
}

// CrashAfter crashes after so many successful writes; after none, at the attempt to make the first one.
func CrashAfter(writes int) *Crash {
	return &Crash{after: int32(writes), happened: make(chan struct{})} //nolint:gosec // a handful.
}

// Happened is closed when the crash is over.
func (c *Crash) Happened() <-chan struct{} { return c.happened }

// Now crashes at once.
func (c *Crash) Now() {
	c.isDead.Store(true)
	c.once.Do(func() { close(c.happened) })
}

// Wrap implements Fault.
func (c *Crash) Wrap(next http.RoundTripper) http.RoundTripper {
	return roundTripper(func(request *http.Request) (*http.Response, error) {
		isOne := IsWrite(request)
		if c.isDead.Load() || isOne && c.after == 0 {
			c.Now()
			return nil, errCut
		}
		if isOne && c.writes.Load() >= c.after {
			return nil, errCut // another worker's, while the last one is under way.
		}
		response, err := next.RoundTrip(request)
		if isOne && err == nil && response.StatusCode < http.StatusMultipleChoices && c.writes.Add(1) >= c.after {
			response.Body.Close()
			c.Now()
			return nil, errCut
		}
		return response, err
	})
}
