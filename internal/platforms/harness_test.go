// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package platforms

import (
	"context"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"k8s.io/apimachinery/pkg/types"
)

// harness runs a Resolver against registries that take a second for each
// look-up. Inside synctest that second costs nothing, time stands still while
// anybody is busy, and a goroutine that is left behind fails the test.
type harness struct {
	*Resolver

	mu       sync.Mutex
	calls    []string
	running  map[string]int
	most     map[string]int
	notified []string
	// fail answers for an image, by default with nil.
	fail func(ref reference, logins []login) *Error
	// gone answers probes of a registry, by default with nil.
	gone *Error
	// latency is that of a registry, by default a second.
	latency func(registry string) time.Duration
	// takes is the same for an image.
	takes func(ref reference) time.Duration
}

func withResolver(t *testing.T, o Options, test func(*testing.T, *harness)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		t.Helper()
		h := &harness{running: map[string]int{}, most: map[string]int{}}
		o.Notify = h.notify
		r, err := New(o)
		if err != nil {
			t.Fatal(err)
		}
		r.inspect, r.probe = h.inspect, h.probeRegistry
		h.Resolver = r
		ctx, cancel := context.WithCancel(t.Context())
		stopped := make(chan error)
		go func() { stopped <- r.Start(ctx) }()
		test(t, h)
		cancel()
		if err := <-stopped; err != nil {
			t.Error(err)
		}
	})
}

func (h *harness) inspect(ctx context.Context, ref reference, logins []login) (Facts, *Error) {
	registry := ref.registry()
	h.mu.Lock()
	h.calls = append(h.calls, ref.String())
	h.running[registry]++
	h.most[registry] = max(h.most[registry], h.running[registry])
	fail, latency := h.fail, time.Second
	if h.latency != nil {
		latency = h.latency(registry)
	}
	if h.takes != nil {
		latency = h.takes(ref)
	}
	h.mu.Unlock()
	defer func() {
		h.mu.Lock()
		h.running[registry]--
		h.mu.Unlock()
	}()
	select {
	case <-time.After(latency):
	case <-ctx.Done():
		return Facts{}, unreachable(0)
	}
	if fail != nil {
		if err := fail(ref, logins); err != nil {
			return Facts{}, err
		}
	}
	return Facts{Reference: ref.String(), Platforms: linuxPlatforms("amd64")}, nil
}

func (h *harness) probeRegistry(context.Context, reference) *Error {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.gone
}

func unreachable(retryAfter time.Duration) *Error {
	return &Error{Reason: ReasonRegistryUnreachable, Message: "down", RetryAfter: retryAfter}
}

func (h *harness) notify(_ context.Context, waiters []Waiter) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, w := range waiters {
		h.notified = append(h.notified, w.Namespace+"/"+w.Name)
	}
}

// failing sets how look-ups end from now on.
func (h *harness) failing(fail func(reference, []login) *Error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.fail = fail
}

// settle lets all look-ups that can end do so, and returns what was looked up
// and who was notified since the last time, sorted.
func (h *harness) settle() (calls, notified []string) {
	time.Sleep(30 * time.Second)
	synctest.Wait()
	h.mu.Lock()
	defer h.mu.Unlock()
	calls, notified = h.calls, h.notified
	h.calls, h.notified = nil, nil
	slices.Sort(calls)
	slices.Sort(notified)
	return calls, notified
}

func request(image, namespace, name string) Request {
	return Request{Image: image, Waiter: Waiter{Kind: "ElasticWeb", NamespacedName: types.NamespacedName{Namespace: namespace, Name: name}}}
}

// holds counts what is kept for those who wait.
func (h *harness) holds() int {
	h.Resolver.mu.Lock()
	defer h.Resolver.mu.Unlock()
	return len(h.waiting) + len(h.flights) + len(h.lookups) + h.queue.length + len(h.queue.byName) + len(h.queue.tenants) +
		h.places.used + len(h.places.by) + h.waiters.used + len(h.waiters.by)
}
