// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package traffic

import (
	"context"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"k8s.io/apimachinery/pkg/types"

	"github.com/elasticweb/elasticweb-operator/internal/demand"
)

const period = 15 * time.Second

// harness is a Reader with a source of the tests, in the time of synctest.
type harness struct {
	*Reader
	mu sync.Mutex
	// takes is how long an answer takes, and fails why there is none.
	takes func(question) time.Duration
	fails func(question) *trouble
	// panics says where there is a mistake of the operator.
	panics func(request) bool
	// takesThen and failsThen are the same for earlier times.
	takesThen time.Duration
	failsThen *trouble
	// past are the numbers of earlier times; nil is no history.
	past func(at time.Time) float64

	requests []request
	answers  map[types.NamespacedName][]delivered
}

type request struct {
	question
	at       time.Time
	from, to time.Time // of the past; zero for now.
}

type delivered struct {
	Answer
	at time.Time
}

// Read is with earlier days.
func (h *harness) Read(key types.NamespacedName, query Query, window time.Duration) {
	h.Reader.Read(key, query, window, true)
}

// read runs a test with a Reader that runs.
func read(t *testing.T, test func(*testing.T, *harness)) {
	t.Helper()
	readEach(t, period, test)
}

// readEach does so with another period.
func readEach(t *testing.T, period time.Duration, test func(*testing.T, *harness)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		h := &harness{answers: map[types.NamespacedName][]delivered{}}
		h.Reader = newReader(Options{Period: period, Deliver: h.deliver}, func() func(question) *outlet {
			o := &outlet{h, newTurns()}
			return func(question) *outlet { return o }
		}())
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan error)
		go func() { ended <- h.Start(ctx) }()
		synctest.Wait()
		test(t, h)
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
}

func (h *harness) deliver(key types.NamespacedName, answer Answer) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.answers[key] = append(h.answers[key], delivered{answer, time.Now()})
}

// of are the answers for a key, and drop forgets them.
func (h *harness) of(key types.NamespacedName) []delivered {
	h.mu.Lock()
	defer h.mu.Unlock()
	return append([]delivered{}, h.answers[key]...)
}

func (h *harness) asked() []request {
	h.mu.Lock()
	defer h.mu.Unlock()
	return append([]request{}, h.requests...)
}

func (h *harness) forgetRequests() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.requests = nil
}

func (h *harness) now(ctx context.Context, q question, at time.Time) (demand.Sample, *trouble) {
	if failed := h.ask(ctx, request{question: q, at: time.Now()}); failed != nil {
		return demand.Sample{}, failed
	}
	return demand.Sample{At: at, QPS: 100}, nil
}

func (h *harness) between(ctx context.Context, q question, from, to time.Time, step time.Duration) (samples []demand.Sample, failed *trouble) {
	if failed := h.ask(ctx, request{question: q, at: time.Now(), from: from, to: to}); failed != nil {
		return nil, failed
	}
	if h.past == nil {
		return nil, nil
	}
	for at := from; !at.After(to); at = at.Add(step) {
		samples = append(samples, demand.Sample{At: at, QPS: h.past(at)})
	}
	return samples, nil
}

func (h *harness) ask(ctx context.Context, asked request) *trouble {
	h.mu.Lock()
	h.requests = append(h.requests, asked)
	takes, fails, panics := h.takes, h.fails, h.panics
	if thenTakes, thenFails := h.takesThen, h.failsThen; !asked.to.IsZero() && (thenTakes > 0 || thenFails != nil) {
		takes, fails = func(question) time.Duration { return thenTakes }, func(question) *trouble { return thenFails }
	}
	h.mu.Unlock()
	if panics != nil && panics(asked) {
		panic("a mistake")
	}
	if takes != nil {
		select {
		case <-time.After(takes(asked.question)):
		case <-ctx.Done():
			return tookLong("the source", "the query")
		}
	}
	if fails != nil {
		return fails(asked.question)
	}
	return nil
}

func (h *harness) set(change func()) {
	h.mu.Lock()
	defer h.mu.Unlock()
	change()
}

// turns are those of the moment.
func (h *harness) turns() turns {
	h.Reader.mu.Lock()
	defer h.Reader.mu.Unlock()
	result := *h.outlet(question{}).turns
	result.byName = map[string]*tenant{}
	for name, who := range h.outlet(question{}).turns.byName {
		copied := *who
		result.byName[name] = &copied
	}
	return result
}

func key(namespace, name string) types.NamespacedName {
	return types.NamespacedName{Namespace: namespace, Name: name}
}

func promQL(namespace, query string) Query { return Query{Namespace: namespace, Prometheus: query} }
