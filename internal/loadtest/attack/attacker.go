// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

// Package attack carries the steps of a load test out with vegeta's library: an open loop of HTTP/1.1 GET requests over
// connections that are kept, in which redirects are not followed and bodies are read and thrown away.
//
// vegeta (v12.13.0, lib/attack.go) counts the latency of a request from when a worker has picked it up. Where workers
// or the processor are short that is later than it was due, and the wait is missing in the latency (coordinated
// omission). Requests are numbered in the order in which they go out, so that the n-th was due at n times the
// interval: the time from there to its start is added here, and reported apart as well.
package attack

import (
	"context"
	"math"
	"net/http"
	"time"

	vegeta "github.com/tsenart/vegeta/v12/lib"

	"github.com/elasticweb/elasticweb-operator/internal/loadtest"
)

// Bounds on what a step uses and how long it waits.
const (
	// maxWorkers bounds the requests in flight, and with them connections and memory.
	maxWorkers   = 10_000
	leastWorkers = 64
	leastTimeout = time.Second
	maxTimeout   = 10 * time.Second
)

// Attacker sends requests to one target, from one goroutine.
type Attacker struct {
	target        string
	latencyTarget time.Duration
	timeout       time.Duration
	transport     *http.Transport
}

// New is an attacker on a URL. A request in flight for five times latencyTarget, or one second if that is more, or ten
// if that is less, has failed.
func New(target string, latencyTarget time.Duration) *Attacker {
	return &Attacker{
		target:        target,
		latencyTarget: latencyTarget,
		timeout:       min(max(5*latencyTarget, leastTimeout), max(maxTimeout, 2*latencyTarget)),
		transport:     newTransport(),
	}
}

// Close gives the connections back.
func (a *Attacker) Close() { a.transport.CloseIdleConnections() }

// Run carries a step out. It takes at most the step's Settle and Duration and the timeout of a request. When ctx ends
// it sends no more, gives up the requests in flight, and returns what it has.
func (a *Attacker) Run(ctx context.Context, step loadtest.Step) loadtest.Measurement {
	began := time.Now()
	if step.Settle > 0 {
		a.settle(ctx, step.Settle)
	}
	m := a.attack(ctx, step)
	m.Elapsed = time.Since(began)
	return m
}

func (a *Attacker) attack(ctx context.Context, step loadtest.Step) loadtest.Measurement {
	outcomes := &outcomes{ctx: ctx, next: a.transport, timeout: a.timeout}
	pacer := newPacer(step)
	attacker := vegeta.NewAttacker(
		vegeta.Client(&http.Client{Transport: outcomes, CheckRedirect: keepRedirect}),
		vegeta.MaxWorkers(a.workers(step.Rate)),
		vegeta.MaxBody(0),
	)
	stop := context.AfterFunc(ctx, func() { attacker.Stop() })
	defer stop()
	// vegeta's duration only ends an attack that falls behind; the pacer ends the others.
	recorder := newRecorder(pacer.requests)
	targeter := vegeta.NewStaticTargeter(vegeta.Target{Method: http.MethodGet, URL: a.target})
	for result := range attacker.Attack(targeter, pacer, step.Duration, "") {
		recorder.add(result, pacer.due(result.Seq))
	}
	return recorder.measurement(step, outcomes)
}

// workers are as many as can be busy while the target keeps the latency target twice over (Little's law). If they do not
// suffice, the target is too slow.
func (a *Attacker) workers(rate float64) uint64 {
	return uint64(min(max(math.Ceil(2*rate*a.latencyTarget.Seconds()), leastWorkers), maxWorkers))
}

func keepRedirect(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
