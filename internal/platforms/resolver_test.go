// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package platforms

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
)

func TestLookupOnceForAll(t *testing.T) {
	withResolver(t, Options{}, func(t *testing.T, h *harness) {
		var everybody []string
		for i := range 1000 {
			namespace := fmt.Sprintf("ns-%d", i)
			everybody = append(everybody, namespace+"/shop")
			res := h.Lookup(request("nginx:1.17.1", namespace, "shop"))
			if diff := cmp.Diff(Result{Pending: true}, res); diff != "" {
				t.Fatalf("(-want +got)\n%s", diff)
			}
		}
		slices.Sort(everybody)
		calls, notified := h.settle()
		if diff := cmp.Diff([]string{"docker.io/library/nginx:1.17.1"}, calls); diff != "" {
			t.Errorf("calls (-want +got)\n%s", diff)
		}
		if diff := cmp.Diff(everybody, notified); diff != "" {
			t.Errorf("notified (-want +got)\n%s", diff)
		}
		want := Result{Facts: &Facts{Reference: "docker.io/library/nginx:1.17.1", Platforms: linuxPlatforms("amd64")}}
		for _, image := range []string{"nginx:1.17.1", "docker.io/library/nginx:1.17.1"} {
			if diff := cmp.Diff(want, h.Lookup(request(image, "ns-1", "shop"))); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		}
		if calls, notified := h.settle(); len(calls)+len(notified) > 0 {
			t.Errorf("at rest: calls %v, notified %v", calls, notified)
		}
	})
}

func TestLookupInvalidReference(t *testing.T) {
	withResolver(t, Options{}, func(t *testing.T, h *harness) {
		res := h.Lookup(request("quay.io/Shop", "dev", "shop"))
		if failed, ok := errors.AsType[*Error](res.Err); !ok || failed.Reason != ReasonInvalidImage {
			t.Errorf("error %v", res.Err)
		}
		if res.Pending || !res.RetryAt.IsZero() {
			t.Errorf("result %+v should be final", res)
		}
	})
}

func TestLookupMaxAge(t *testing.T) {
	digest := "quay.io/team/shop@" + someDigest.String()
	tests := map[string]struct {
		image   string
		elapsed time.Duration
		maxAge  time.Duration
		again   bool
	}{
		"a tag of any age":                {image: "quay.io/team/shop:1", elapsed: 1000 * time.Hour},
		"a tag that is young enough":      {image: "quay.io/team/shop:1", elapsed: 4 * time.Minute, maxAge: 5 * time.Minute},
		"a tag that is too old":           {image: "quay.io/team/shop:1", elapsed: 6 * time.Minute, maxAge: 5 * time.Minute, again: true},
		"an age that would make a circle": {image: "quay.io/team/shop:1", maxAge: time.Nanosecond},
		"a digest never ages":             {image: digest, elapsed: 1000 * time.Hour, maxAge: time.Minute},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			withResolver(t, Options{}, func(t *testing.T, h *harness) {
				req := request(tc.image, "dev", "shop")
				h.Lookup(req)
				time.Sleep(2 * time.Second)
				synctest.Wait()
				time.Sleep(tc.elapsed)
				req.MaxAge = tc.maxAge
				res := h.Lookup(req)
				if res.Pending != tc.again {
					t.Errorf("pending is %v", res.Pending)
				}
				if res.Facts == nil {
					t.Error("the known facts should hold meanwhile")
				}
				want := 1
				if tc.again {
					want = 2
				}
				if calls, _ := h.settle(); len(calls) != want {
					t.Errorf("%d calls, want %d", len(calls), want)
				}
				if res := h.Lookup(req); res.Pending && tc.again {
					t.Error("the answer is not taken for young enough")
				}
			})
		})
	}
}

func TestBounds(t *testing.T) {
	withResolver(t, Options{MaxImages: 10, MaxPending: 20}, func(t *testing.T, h *harness) {
		results := map[string]int{}
		for i := range 100 {
			res := h.Lookup(request(fmt.Sprintf("quay.io/team/shop-%d:1", i), "dev", fmt.Sprint(i)))
			if res.Pending && res.RetryAt.IsZero() {
				results["pending"]++
			} else if res.Pending && res.Asked.IsZero() {
				results["refused"]++
			}
		}
		for i := range 100 {
			if h.Lookup(request("quay.io/team/shop-0:1", "other", fmt.Sprint(i))).RetryAt.IsZero() {
				results["joined"]++
			}
		}
		if diff := cmp.Diff(map[string]int{"pending": 10, "joined": 5, "refused": 90}, results); diff != "" {
			t.Errorf("(-want +got)\n%s", diff)
		}
		calls, _ := h.settle()
		want := Stats{Lookups: map[Count]uint64{{"quay.io", Resolved}: 10}, Images: 10}
		if diff := cmp.Diff(want, h.Stats()); len(calls) != 10 || diff != "" {
			t.Errorf("%d calls, stats (-want +got)\n%s", len(calls), diff)
		}
		if h.shared.cache.Len() > 10 {
			t.Errorf("%d shared answers", h.shared.cache.Len())
		}
	})
}

// TestConcurrentUse is for the race detector.
func TestConcurrentUse(t *testing.T) {
	withResolver(t, Options{Workers: 4, MaxImages: 5, MinBackoff: time.Second, MaxBackoff: 2 * time.Second}, func(t *testing.T, h *harness) {
		var count int
		h.failing(func(reference, []login) *Error {
			h.mu.Lock()
			defer h.mu.Unlock()
			if count++; count%3 == 0 {
				return unreachable(0)
			}
			return nil
		})
		var reads atomic.Int32
		credentials := pullSecrets("dev", "quay.io", "user:1", &reads)
		var users sync.WaitGroup
		for u := range 20 {
			users.Go(func() {
				for i := range 50 {
					req := request(fmt.Sprintf("quay.io/team/shop-%d:1", (u+i)%10), "dev", fmt.Sprint(u))
					req.MaxAge = time.Duration(i%3) * time.Minute
					if i%2 == 0 {
						req.Credentials = credentials
					}
					h.Lookup(req)
					h.Stats()
					time.Sleep(time.Duration(i) * 100 * time.Millisecond)
					if i%7 == 0 {
						h.Forget(req.Waiter)
					}
				}
				h.Forget(request("", "dev", fmt.Sprint(u)).Waiter)
			})
		}
		users.Wait()
		h.settle()
		if n := h.holds(); n > 0 {
			t.Errorf("%d things are left behind", n)
		}
	})
}

func TestAllowedRegistries(t *testing.T) {
	o := Options{AllowedRegistries: []string{"docker.io", "registry.example.com:5000"}}
	for image, allowed := range map[string]bool{
		"nginx":                              true,
		"docker.io/team/shop:1":              true,
		"index.docker.io/team/shop:1":        true,
		"registry.example.com:5000/shop:1":   true,
		"Registry.example.com:5000/shop:1":   true,
		"registry.example.com/shop:1":        false,
		"registry.example.com:5001/shop:1":   false,
		"quay.io/docker.io/shop:1":           false,
		"docker.io.example.com/shop:1":       false,
		"10.0.0.1:5000/shop:1":               false,
		"a.registry.example.com:5000/shop:1": false,
	} {
		t.Run(image, func(t *testing.T) {
			withResolver(t, o, func(t *testing.T, h *harness) {
				res := h.Lookup(request(image, "dev", "shop"))
				if res.Pending != allowed || (res.Err != nil) == allowed || !res.RetryAt.IsZero() {
					t.Errorf("result %+v", res)
				}
				if calls, _ := h.settle(); (len(calls) == 1) != allowed {
					t.Errorf("calls %v", calls)
				}
			})
		})
	}
}

// TestNothingIsKeptOfLongNames: what is remembered does not grow with what
// users write.
func TestNothingIsKeptOfLongNames(t *testing.T) {
	withResolver(t, Options{}, func(t *testing.T, h *harness) {
		var before, after runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&before)
		for i := range 250 {
			req := request("quay.io/team/shop:1", "dev", "shop")
			req.Credentials.Identity = strings.Repeat(fmt.Sprintf("%06d", i), 80_000)
			req.Credentials.Secrets = func(context.Context, func(*corev1.Secret)) error { return nil }
			h.Lookup(req)
			h.settle()
		}
		h.Forget(request("", "dev", "shop").Waiter)
		runtime.GC()
		runtime.ReadMemStats(&after)
		if kept := int64(after.HeapAlloc) - int64(before.HeapAlloc); kept > 2<<20 {
			t.Errorf("%d KiB are kept", kept>>10)
		}
	})
}
