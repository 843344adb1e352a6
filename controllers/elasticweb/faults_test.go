// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package elasticweb_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/elasticweb/elasticweb-operator/test/faults/proxy"
)

var errInjected = errors.New("injected by the test")

// failFirst lets the first times of the writes of each object fail: fail is asked for what comes in the
// place of the API server's answer, and next is there for those that want it to act all the same.
func failFirst(times int, fail func(request *http.Request, next http.RoundTripper) (*http.Response, error)) func(http.RoundTripper) http.RoundTripper {
	var mu sync.Mutex
	failures := map[string]int{}
	return func(next http.RoundTripper) http.RoundTripper {
		return roundTripper(func(request *http.Request) (*http.Response, error) {
			if !proxy.IsWrite(request) {
				return next.RoundTrip(request)
			}
			mu.Lock()
			failures[request.URL.Path]++
			isToFail := failures[request.URL.Path] <= times
			mu.Unlock()
			if isToFail {
				return fail(request, next)
			}
			return next.RoundTrip(request)
		})
	}
}

// refuse answers as the API server would.
func refuse(code int, reason string, header ...string) func(*http.Request, http.RoundTripper) (*http.Response, error) {
	return func(request *http.Request, _ http.RoundTripper) (*http.Response, error) {
		body := fmt.Sprintf(`{"kind":"Status","apiVersion":"v1","status":"Failure","message":"injected","reason":%q,"code":%d}`, reason, code)
		answer := &http.Response{
			StatusCode: code, Status: http.StatusText(code), Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
			Header: http.Header{"Content-Type": {"application/json"}}, Request: request,
			Body: io.NopCloser(strings.NewReader(body)), ContentLength: int64(len(body)),
		}
		for i := 0; i+1 < len(header); i += 2 {
			answer.Header.Set(header[i], header[i+1])
		}
		return answer, nil
	}
}

// loseAnswer lets the API server act, and the operator not know.
func loseAnswer(request *http.Request, next http.RoundTripper) (*http.Response, error) {
	response, err := next.RoundTrip(request)
	if err == nil {
		response.Body.Close()
	}
	return nil, errInjected
}

// lag delays what watches bring, so that caches are behind.
type lag struct {
	// resource restricts it to the watches of one, such as "/elasticwebs"; "" for all.
	resource string
	delay    atomic.Int64
}

// set changes the delay of what comes from now on.
func (l *lag) set(delay time.Duration) { l.delay.Store(int64(delay)) }

func (l *lag) wrap(next http.RoundTripper) http.RoundTripper {
	return roundTripper(func(request *http.Request) (*http.Response, error) {
		response, err := next.RoundTrip(request)
		if err == nil && request.URL.Query().Get("watch") != "" && strings.HasSuffix(request.URL.Path, l.resource) {
			response.Body = l.delayed(response.Body)
		}
		return response, err
	})
}

type delayedChunk struct {
	data []byte
	due  time.Time
	err  error
}

// delayedBody gives on what it reads when it is due.
type delayedBody struct {
	source io.ReadCloser
	chunks chan delayedChunk
	left   bytes.Buffer
	closed chan struct{}
	once   sync.Once
}

func (l *lag) delayed(source io.ReadCloser) io.ReadCloser {
	body := &delayedBody{source: source, chunks: make(chan delayedChunk, 10_000), closed: make(chan struct{})}
	go func() {
		for {
			buffer := make([]byte, 32<<10)
			n, err := source.Read(buffer)
			due := time.Now().Add(time.Duration(l.delay.Load()))
			chunks := []delayedChunk{{data: buffer[:n], due: due}}
			if err != nil {
				chunks = append(chunks, delayedChunk{due: due, err: err})
			}
			for _, chunk := range chunks {
				select {
				case body.chunks <- chunk:
				case <-body.closed:
					return
				}
			}
			if err != nil {
				return
			}
		}
	}()
	return body
}

func (b *delayedBody) Read(into []byte) (int, error) {
	if b.left.Len() > 0 {
		return b.left.Read(into)
	}
	select {
	case <-b.closed:
		return 0, io.EOF
	case chunk := <-b.chunks:
		select {
		case <-b.closed:
			return 0, io.EOF
		case <-time.After(time.Until(chunk.due)):
		}
		b.left.Write(chunk.data)
		if n, _ := b.left.Read(into); n > 0 {
			return n, nil // the end is a chunk of its own.
		}
		return 0, chunk.err
	}
}

func (b *delayedBody) Close() error {
	b.once.Do(func() { close(b.closed) })
	return b.source.Close()
}
