// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package proxy

import (
	"io"
	"net/http"
	"sync"
)

// Partition is a network that can be parted: requests then get no answer, watches bring nothing, and nobody
// is told.
type Partition struct {
	mu     sync.Mutex
	healed chan struct{}
}

// NewPartition is a network that is whole.
func NewPartition() *Partition {
	whole := make(chan struct{})
	close(whole)
	return &Partition{healed: whole}
}

// Part takes the API server out of reach.
func (p *Partition) Part() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.healed = make(chan struct{})
}

// Heal brings it back. Requests that were made meanwhile are lost.
func (p *Partition) Heal() {
	p.mu.Lock()
	defer p.mu.Unlock()
	select {
	case <-p.healed:
	default:
		close(p.healed)
	}
}

// pass returns at once where the network is whole, and with true when it has healed, or the request ended.
func (p *Partition) pass(done <-chan struct{}) (wasParted bool) {
	p.mu.Lock()
	healed := p.healed
	p.mu.Unlock()
	select {
	case <-healed:
		return false
	default:
	}
	select {
	case <-healed:
	case <-done:
	}
	return true
}

// Wrap implements Fault.
func (p *Partition) Wrap(next http.RoundTripper) http.RoundTripper {
	return roundTripper(func(request *http.Request) (*http.Response, error) {
		done := request.Context().Done()
		if p.pass(done) {
			return nil, errCut
		}
		response, err := next.RoundTrip(request)
		if p.pass(done) {
			if err == nil {
				response.Body.Close()
			}
			return nil, errCut
		}
		if err == nil {
			response.Body = &partedBody{ReadCloser: response.Body, partition: p, done: done}
		}
		return response, err
	})
}

type partedBody struct {
	io.ReadCloser
	partition *Partition
	done      <-chan struct{}
}

func (b *partedBody) Read(into []byte) (int, error) {
	n, err := b.ReadCloser.Read(into)
	if b.partition.pass(b.done) {
		return 0, errCut
	}
	return n, err
}
