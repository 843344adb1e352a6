// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package proxy

import (
	"bufio"
	"io"
	"math/rand/v2"
	"net/http"
	"sync"
	"sync/atomic"
	"time"
)

// Watches has watches lag and break at random. An event is late, or it and all after it are withheld until
// the watch ends: the client then goes on from the last event that it saw, or, where it is told that this is
// too old, lists anew, and never sees what was in between.
type Watches struct {
	// Rate is the share of the events that it hits, from 0 to 1; Longest the most that it holds one back.
	Rate    float64
	Longest time.Duration

	mu       sync.Mutex
	random   *rand.Rand
	over     chan struct{}
	injected atomic.Int64
}

// NewWatches hits a share of the events, as the random numbers have it.
func NewWatches(random *rand.Rand, rate float64, longest time.Duration) *Watches {
	return &Watches{Rate: rate, Longest: longest, random: random, over: make(chan struct{})}
}

// End lets all events pass from now on.
func (w *Watches) End() {
	w.mu.Lock()
	defer w.mu.Unlock()
	select {
	case <-w.over:
	default:
		close(w.over)
	}
}

// Resume hits events again.
func (w *Watches) Resume() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.over = make(chan struct{})
}

// Injected is how many events were hit.
func (w *Watches) Injected() int64 { return w.injected.Load() }

// Wrap implements Fault.
func (w *Watches) Wrap(next http.RoundTripper) http.RoundTripper {
	return roundTripper(func(request *http.Request) (*http.Response, error) {
		if !IsWatch(request) || isLease(request) {
			return next.RoundTrip(request)
		}
		asJSON(request)
		response, err := next.RoundTrip(request)
		if err == nil && response.StatusCode == http.StatusOK {
			response.Body = &events{ReadCloser: response.Body, lines: bufio.NewReader(response.Body), next: w.decide}
		}
		return response, err
	})
}

// gone is the event with which the API server ends a watch whose version it no longer has.
const gone = `{"type":"ERROR","object":{"kind":"Status","apiVersion":"v1","status":"Failure",` +
	`"message":"too old resource version: injected","reason":"Expired","code":410}}` + "\n"

// decide says what becomes of an event: the bytes to give on, and whether the watch ends with them.
func (w *Watches) decide(event []byte) (data []byte, isLast bool) {
	w.mu.Lock()
	isHit, choice, wait := w.random.Float64() < w.Rate, w.random.IntN(5), time.Duration(w.random.Int64N(int64(w.Longest)))
	over := w.over
	w.mu.Unlock()
	select {
	case <-over:
		return event, false
	default:
	}
	if !isHit {
		return event, false
	}
	w.injected.Add(1)
	select {
	case <-over:
	case <-time.After(wait):
	}
	switch choice {
	case 0:
		return nil, true
	case 1:
		return []byte(gone), true
	default:
		return event, false
	}
}

// events reads a watch event by event.
type events struct {
	io.ReadCloser
	lines *bufio.Reader
	left  []byte
	ended bool
	next  func(event []byte) (data []byte, isLast bool)
}

func (e *events) Read(into []byte) (int, error) {
	for len(e.left) == 0 {
		if e.ended {
			return 0, io.EOF
		}
		event, err := e.lines.ReadBytes('\n')
		if err != nil {
			return 0, err
		}
		e.left, e.ended = e.next(event)
	}
	n := copy(into, e.left)
	e.left = e.left[n:]
	return n, nil
}
