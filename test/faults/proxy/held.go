// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package proxy

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"sync"
)

// Held keeps writes on their way, and lets them arrive when their sender may be long gone.
type Held struct {
	match func(*http.Request) bool

	mu       sync.Mutex
	isKept   bool
	first    chan struct{}
	once     sync.Once
	waiting  []*http.Request
	upstream http.RoundTripper
}

// Hold keeps the writes that match, from Keep on.
func Hold(match func(*http.Request) bool) *Held {
	return &Held{match: match, first: make(chan struct{})}
}

// Keep begins.
func (h *Held) Keep() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.isKept = true
}

// First is closed when the first write is held.
func (h *Held) First() <-chan struct{} { return h.first }

// Wrap implements Fault.
func (h *Held) Wrap(next http.RoundTripper) http.RoundTripper {
	h.upstream = next
	return roundTripper(func(request *http.Request) (*http.Response, error) {
		if !IsWrite(request) || !h.match(request) || !h.keep(request) {
			return next.RoundTrip(request)
		}
		<-request.Context().Done()
		return nil, request.Context().Err()
	})
}

func (h *Held) keep(request *http.Request) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if !h.isKept {
		return false
	}
	var body []byte
	if request.Body != nil {
		var err error
		if body, err = io.ReadAll(request.Body); err != nil {
			return false
		}
	}
	late := request.Clone(context.WithoutCancel(request.Context()))
	late.Body = io.NopCloser(bytes.NewReader(body))
	h.waiting = append(h.waiting, late)
	h.once.Do(func() { close(h.first) })
	return true
}

// Release lets the writes arrive, and returns what the API server answered each with. Later ones pass.
func (h *Held) Release() (answers []string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.isKept = false
	for _, request := range h.waiting {
		text := fmt.Sprintf("%s %s ", request.Method, request.URL.Path)
		response, err := h.upstream.RoundTrip(request)
		if err != nil {
			answers = append(answers, text+err.Error())
			continue
		}
		response.Body.Close()
		answers = append(answers, text+http.StatusText(response.StatusCode))
	}
	h.waiting = nil
	return answers
}
