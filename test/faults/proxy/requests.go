// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package proxy

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"
)

// IsWatch reports whether a request opens a watch.
func IsWatch(request *http.Request) bool { return request.URL.Query().Get("watch") != "" }

// IsWrite reports whether a request changes anything but leases and events.
func IsWrite(request *http.Request) bool {
	return request.Method != http.MethodGet && !isLease(request) && !strings.Contains(request.URL.Path, "/events")
}

func isLease(request *http.Request) bool { return strings.Contains(request.URL.Path, "/leases") }

// Request is one that a client made.
type Request struct {
	At           time.Time
	Method, Path string
	// Status of the answer that the client got; 0 where there is none yet, or it got none.
	Status int
}

// String is method, path and status.
func (r Request) String() string { return fmt.Sprintf("%s %s %d", r.Method, r.Path, r.Status) }

// Log records requests, watches and leases aside: those are made at rest, too.
type Log struct {
	mu   sync.Mutex
	seen []Request
}

// Wrap is a Fault that does nothing but take note.
func (l *Log) Wrap(next http.RoundTripper) http.RoundTripper {
	return roundTripper(func(request *http.Request) (*http.Response, error) {
		if IsWatch(request) || isLease(request) {
			return next.RoundTrip(request)
		}
		l.mu.Lock()
		at := len(l.seen)
		l.seen = append(l.seen, Request{At: time.Now(), Method: request.Method, Path: request.URL.Path})
		l.mu.Unlock()
		response, err := next.RoundTrip(request)
		if err == nil {
			l.mu.Lock()
			l.seen[at].Status = response.StatusCode
			l.mu.Unlock()
		}
		return response, err
	})
}

// Since gives the requests after the first n.
func (l *Log) Since(n int) []Request {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.seen[n:])
}

// Count is how many requests there were.
func (l *Log) Count() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.seen)
}

// Writes counts the requests that changed something, events aside.
func Writes(requests []Request) int {
	writes := 0
	for _, request := range requests {
		if request.Method != http.MethodGet && !strings.Contains(request.Path, "/events") && request.Status < http.StatusMultipleChoices {
			writes++
		}
	}
	return writes
}

// QuietFor is how long no request was made, since a moment at the most.
func (l *Log) QuietFor(since time.Time) time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.seen) > 0 && l.seen[len(l.seen)-1].At.After(since) {
		since = l.seen[len(l.seen)-1].At
	}
	return time.Since(since)
}
