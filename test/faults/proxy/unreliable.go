// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package proxy

import (
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// Unreliable has requests be slow, refused or lost at random, watches and leases aside.
type Unreliable struct {
	// Rate is the share of the requests that it hits, from 0 to 1.
	Rate float64

	mu       sync.Mutex
	random   *rand.Rand
	isOver   atomic.Bool
	injected atomic.Int64
}

// NewUnreliable hits a share of the requests, as the random numbers have it.
func NewUnreliable(random *rand.Rand, rate float64) *Unreliable {
	return &Unreliable{Rate: rate, random: random}
}

// End lets all requests pass from now on.
func (u *Unreliable) End() { u.isOver.Store(true) }

// Resume hits requests again.
func (u *Unreliable) Resume() { u.isOver.Store(false) }

// Injected is how many requests were hit.
func (u *Unreliable) Injected() int64 { return u.injected.Load() }

// Wrap implements Fault.
func (u *Unreliable) Wrap(next http.RoundTripper) http.RoundTripper {
	return roundTripper(func(request *http.Request) (*http.Response, error) {
		if IsWatch(request) || isLease(request) || u.isOver.Load() {
			return next.RoundTrip(request)
		}
		u.mu.Lock()
		isHit, choice, wait := u.random.Float64() < u.Rate, u.random.IntN(8), time.Duration(u.random.IntN(400))*time.Millisecond
		u.mu.Unlock()
		if !isHit {
			return next.RoundTrip(request)
		}
		u.injected.Add(1)
		return hit(request, next, choice, wait)
	})
}

func hit(request *http.Request, next http.RoundTripper, choice int, wait time.Duration) (*http.Response, error) {
	switch choice {
	case 0:
		if request.Method != http.MethodGet {
			return answer(request, http.StatusConflict, "Conflict"), nil
		}
		return answer(request, http.StatusInternalServerError, "InternalError"), nil
	case 1:
		return answer(request, http.StatusTooManyRequests, "TooManyRequests", "Retry-After", "1"), nil
	case 2:
		return answer(request, http.StatusTooManyRequests, "TooManyRequests"), nil
	case 3:
		return answer(request, http.StatusInternalServerError, "InternalError"), nil
	case 4:
		return answer(request, http.StatusServiceUnavailable, "ServiceUnavailable"), nil
	case 5:
		return nil, errCut // the request is lost.
	case 6:
		if response, err := next.RoundTrip(request); err == nil {
			response.Body.Close()
		}
		return nil, errCut // the API server acted, and the answer is lost.
	default:
		select {
		case <-time.After(wait):
		case <-request.Context().Done():
		}
		return next.RoundTrip(request)
	}
}

// answer is a refusal as the API server would give it.
func answer(request *http.Request, code int, reason string, header ...string) *http.Response {
	body := fmt.Sprintf(`{"kind":"Status","apiVersion":"v1","status":"Failure","message":"injected","reason":%q,"code":%d}`, reason, code)
	response := jsonResponse(request, code, io.NopCloser(strings.NewReader(body)))
	response.ContentLength = int64(len(body))
	for i := 0; i+1 < len(header); i += 2 {
		response.Header.Set(header[i], header[i+1])
	}
	return response
}

func jsonResponse(request *http.Request, code int, body io.ReadCloser) *http.Response {
	return &http.Response{
		StatusCode: code, Status: http.StatusText(code), Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: http.Header{"Content-Type": {"application/json"}}, Request: request, Body: body, ContentLength: -1,
	}
}
