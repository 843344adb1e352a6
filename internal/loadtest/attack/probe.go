// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package attack

import (
	"context"
	"net/http"
	"time"

	"github.com/elasticweb/elasticweb-operator/internal/loadtest"
)

// probeInterval is between single requests that ask whether the target answers.
const probeInterval = 100 * time.Millisecond

const noAnswer = "the target did not answer"

// settled is how many answers in a row within the latency target show that the target has recovered.
const settled = 3

// settle waits until the target answers within the latency target again, or atMost is over. Connections are opened anew: what an
// overload left open would tie up a target with a worker per connection.
func (a *Attacker) settle(ctx context.Context, atMost time.Duration) {
	a.transport.CloseIdleConnections()
	ctx, cancel := context.WithTimeout(ctx, atMost)
	defer cancel()
	for good := 0; good < settled && ctx.Err() == nil; {
		began := time.Now()
		reason, _ := a.probe(ctx)
		if good++; reason != "" || time.Since(began) > a.latencyTarget {
			good = 0
			pause(ctx, probeInterval)
		}
	}
}

// Await waits until the target answers a request with any status, at most for atMost. It returns "", or why the last
// request failed and the message of that.
func (a *Attacker) Await(ctx context.Context, atMost time.Duration) (loadtest.Reason, string) {
	ctx, cancel := context.WithTimeout(ctx, atMost)
	defer cancel()
	last, message := loadtest.ReasonTimeout, noAnswer
	for ctx.Err() == nil {
		reason, example := a.probe(ctx)
		switch {
		case reason == "", reason == loadtest.ReasonClientErrors:
			return "", ""
		case ctx.Err() == nil:
			// A request that the end of the wait cut off says less than the one before it.
			last, message = reason, example
		}
		pause(ctx, probeInterval)
	}
	return last, message
}

// probe sends one request.
func (a *Attacker) probe(ctx context.Context) (loadtest.Reason, string) {
	o := &outcomes{ctx: ctx, next: a.transport, timeout: a.timeout}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, a.target, http.NoBody)
	if err != nil {
		return loadtest.ReasonInvalidResponse, err.Error()
	}
	if response, err := o.RoundTrip(request); err == nil {
		_ = response.Body.Close()
	}
	return o.most()
}

func pause(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}
