// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package attack

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"sync"
	"syscall"
	"time"

	"github.com/elasticweb/elasticweb-operator/internal/loadtest"
)

// outcomes is a transport that counts why requests fail. vegeta keeps an error's text only, of which the cause would have
// to be guessed.
type outcomes struct {
	// ctx ends the requests in flight; it stands here since vegeta's attack takes none.
	ctx     context.Context
	next    http.RoundTripper
	timeout time.Duration

	mu       sync.Mutex
	counts   map[loadtest.Reason]int
	examples map[loadtest.Reason]string
}

// RoundTrip reads the answer to its end, so that a body that breaks off counts as well.
func (o *outcomes) RoundTrip(request *http.Request) (*http.Response, error) {
	ctx, cancel := context.WithTimeout(o.ctx, o.timeout)
	defer cancel()
	response, err := o.next.RoundTrip(request.WithContext(ctx))
	if err == nil {
		_, err = io.Copy(io.Discard, response.Body)
		err = errors.Join(err, response.Body.Close())
	}
	if err != nil {
		reason := errorReason(err)
		o.count(reason, describe(reason, err))
		return nil, err
	}
	if reason := statusReason(response.StatusCode); reason != "" {
		o.count(reason, "the target answered "+response.Status)
	}
	response.Body = http.NoBody
	return response, nil
}

func (o *outcomes) count(reason loadtest.Reason, example string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.counts == nil {
		o.counts, o.examples = map[loadtest.Reason]int{}, map[loadtest.Reason]string{}
	}
	if o.counts[reason]++; o.counts[reason] == 1 {
		o.examples[reason] = example
	}
}

// most is the reason of most failures, with an example of it; "" without failures.
func (o *outcomes) most() (loadtest.Reason, string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	var most loadtest.Reason
	for reason, count := range o.counts {
		if count > o.counts[most] || count == o.counts[most] && reason < most {
			most = reason
		}
	}
	return most, o.examples[most]
}

func statusReason(status int) loadtest.Reason {
	switch {
	case status >= 500:
		return loadtest.ReasonServerErrors
	case status >= 400:
		return loadtest.ReasonClientErrors
	case status < 200:
		return loadtest.ReasonInvalidResponse
	}
	return ""
}

// errorReason tells what the target did from what the generator had no means for.
func errorReason(err error) loadtest.Reason {
	var timeout net.Error
	switch {
	case isAny(err, syscall.EMFILE, syscall.ENFILE, syscall.EADDRNOTAVAIL, syscall.ENOBUFS, syscall.ENOMEM, context.Canceled):
		return loadtest.ReasonGeneratorSaturated
	case errors.Is(err, syscall.ECONNREFUSED):
		return loadtest.ReasonConnectionRefused
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &timeout) && timeout.Timeout():
		return loadtest.ReasonTimeout
	case isAny(err, io.EOF, io.ErrUnexpectedEOF, syscall.ECONNRESET, syscall.EPIPE):
		return loadtest.ReasonConnectionClosed
	}
	return loadtest.ReasonInvalidResponse
}

// describe says in words what the system's terse errors mean.
func describe(reason loadtest.Reason, err error) string {
	switch reason {
	case loadtest.ReasonTimeout:
		return "the target did not answer in time: " + err.Error()
	case loadtest.ReasonConnectionClosed:
		return "the target closed the connection: " + err.Error()
	case loadtest.ReasonGeneratorSaturated:
		return "the load generator could not send: " + err.Error()
	case loadtest.ReasonInvalidResponse:
		return "the target did not answer with HTTP: " + err.Error()
	}
	return err.Error()
}

func isAny(err error, targets ...error) bool {
	for _, target := range targets {
		if errors.Is(err, target) {
			return true
		}
	}
	return false
}

// newTransport speaks HTTP/1.1, keeps connections, and asks for no proxy: the target is in the same pod.
func newTransport() *http.Transport {
	protocols := &http.Protocols{}
	protocols.SetHTTP1(true)
	return &http.Transport{
		DialContext:            (&net.Dialer{Timeout: maxTimeout}).DialContext,
		Protocols:              protocols,
		MaxIdleConnsPerHost:    maxWorkers,
		IdleConnTimeout:        maxTimeout,
		DisableCompression:     true,
		MaxResponseHeaderBytes: 1 << 20,
	}
}
