// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package platforms

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestLookupBacksOff(t *testing.T) {
	withResolver(t, Options{}, func(t *testing.T, h *harness) {
		h.failing(func(reference, []login) *Error { return &Error{Reason: ReasonImageNotFound} })
		req := request("quay.io/team/shop:2", "dev", "shop")
		pause := 10 * time.Second
		for range 10 {
			if res := h.Lookup(req); !res.Pending {
				t.Fatalf("result %+v", res)
			}
			time.Sleep(time.Second)
			synctest.Wait()
			res := h.Lookup(req)
			if wait := time.Until(res.RetryAt); res.Pending || wait < pause || wait > pause*6/5 {
				t.Fatalf("pending %v, retry after %v, want about %v", res.Pending, wait, pause)
			}
			time.Sleep(time.Until(res.RetryAt))
			pause = min(2*pause, 5*time.Minute)
		}
		h.failing(nil)
		h.Lookup(req)
		if calls, _ := h.settle(); len(calls) != 11 {
			t.Errorf("%d calls", len(calls))
		}
		if res := h.Lookup(req); res.Facts == nil || res.Err != nil {
			t.Errorf("result %+v", res)
		}
	})
}

func TestLookupKeepsFactsOverFailures(t *testing.T) {
	withResolver(t, Options{}, func(t *testing.T, h *harness) {
		req := request("quay.io/team/shop:1", "dev", "shop")
		h.Lookup(req)
		h.settle()
		h.failing(func(reference, []login) *Error { return unreachable(0) })
		time.Sleep(time.Hour)
		req.MaxAge = time.Minute
		h.Lookup(req)
		time.Sleep(2 * time.Second)
		synctest.Wait()
		if res := h.Lookup(req); res.Facts == nil || res.Err == nil || res.Pending {
			t.Errorf("result %+v", res)
		}
		req.MaxAge = 0
		if res := h.Lookup(req); res.Facts == nil || res.Err != nil {
			t.Errorf("at any age: result %+v", res)
		}
	})
}

func TestLookupRetryAfter(t *testing.T) {
	withResolver(t, Options{}, func(t *testing.T, h *harness) {
		h.failing(func(reference, []login) *Error { return unreachable(10 * time.Minute) })
		h.Lookup(request("quay.io/team/a:1", "dev", "a"))
		h.settle()
		for _, name := range []string{"a", "b"} {
			res := h.Lookup(request("quay.io/team/"+name+":1", "dev", name))
			if wait := time.Until(res.RetryAt); res.Pending || res.Err == nil || wait < 9*time.Minute || wait > 12*time.Minute {
				t.Errorf("%s: result %+v, retry after %v", name, res, wait)
			}
		}
		if res := h.Lookup(request("ghcr.io/team/c:1", "dev", "c")); !res.Pending {
			t.Errorf("another registry: result %+v", res)
		}
		if calls, _ := h.settle(); len(calls) != 1 {
			t.Errorf("calls %v", calls)
		}
	})
}

// TestDeadRegistry has 1,000 images in one registry, whose users come back
// whenever they are told to.
func TestDeadRegistry(t *testing.T) {
	withResolver(t, Options{}, func(t *testing.T, h *harness) {
		h.failing(func(reference, []login) *Error { return unreachable(0) })
		const images = 1000
		resolved := map[int]bool{}
		visit := func(until time.Time) {
			retryAt := make([]time.Time, images)
			for now := time.Now(); now.Before(until); now = time.Now() {
				for i := range images {
					if resolved[i] || now.Before(retryAt[i]) {
						continue
					}
					res := h.Lookup(request(fmt.Sprintf("quay.io/team/shop-%d:1", i), "dev", fmt.Sprint(i)))
					retryAt[i] = res.RetryAt
					resolved[i] = res.Facts != nil
				}
				time.Sleep(2 * time.Second)
				synctest.Wait()
			}
		}
		visit(time.Now().Add(time.Hour))
		h.mu.Lock()
		calls := len(h.calls)
		h.calls, h.most = nil, map[string]int{}
		h.mu.Unlock()
		t.Logf("%d look-ups in an hour of outage", calls)
		if calls > 30 {
			t.Errorf("%d look-ups in an hour of outage", calls)
		}

		h.failing(nil)
		visit(time.Now().Add(20 * time.Minute))
		for i := range images {
			if !resolved[i] {
				t.Errorf("image %d is not known 20 minutes after the outage", i)
			}
		}
		h.mu.Lock()
		defer h.mu.Unlock()
		if len(h.calls) != images || h.most["quay.io"] > 4 {
			t.Errorf("%d look-ups, %d at a time", len(h.calls), h.most["quay.io"])
		}
	})
}

func TestLookupsPerSecond(t *testing.T) {
	o := Options{LookupsPerSecond: 2, Workers: 100, WorkersPerRegistry: 100}
	withResolver(t, o, func(t *testing.T, h *harness) {
		for i := range 30 {
			h.Lookup(request(fmt.Sprintf("quay.io/team/shop-%d:1", i), "dev", fmt.Sprint(i)))
		}
		started := func() int {
			synctest.Wait()
			h.mu.Lock()
			defer h.mu.Unlock()
			return len(h.calls)
		}
		got := []int{started()}
		for range 3 {
			time.Sleep(time.Second)
			got = append(got, started())
		}
		if diff := cmp.Diff([]int{4, 6, 8, 10}, got); diff != "" {
			t.Errorf("started after each second (-want +got)\n%s", diff)
		}
	})
}

// TestHostileNamespace has one namespace with images in a hundred registries
// that never answer.
func TestHostileNamespace(t *testing.T) {
	withResolver(t, Options{}, func(t *testing.T, h *harness) {
		h.latency = func(registry string) time.Duration {
			if strings.HasPrefix(registry, "tarpit") {
				return 1000 * time.Hour
			}
			return time.Second
		}
		for i := range 100 {
			h.Lookup(request(fmt.Sprintf("tarpit-%d.example.com/shop:1", i), "hostile", fmt.Sprint(i)))
		}
		synctest.Wait()
		h.Lookup(request("quay.io/team/shop:1", "dev", "shop"))
		time.Sleep(time.Second)
		synctest.Wait()
		if res := h.Lookup(request("quay.io/team/shop:1", "dev", "shop")); res.Facts == nil {
			t.Errorf("result %+v", res)
		}
		if s := h.Stats(); s.Running != 8 || s.Queued != 92 {
			t.Errorf("stats %+v", s)
		}
	})
}
