// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package platforms

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	corev1 "k8s.io/api/core/v1"
)

// crowd has a namespace look up many images that are all slow, or whose pull
// secrets are, while another one looks up one that is not.
type crowd struct {
	slow func(i int) Request
	fast Request
	// ago is how long before the other one it came. Each namespace of a crowd
	// may have one turn before who came later has the first.
	ago time.Duration
}

// TestTenantsDoNotStarveEachOther: whatever a namespace does, the image of
// another one is known within seconds.
func TestTenantsDoNotStarveEachOther(t *testing.T) {
	const images = 1000
	slowSecrets := Credentials{Identity: "slow", Secrets: func(ctx context.Context, _ func(*corev1.Secret)) error {
		select {
		case <-time.After(25 * time.Second):
		case <-ctx.Done():
		}
		return nil
	}}
	withSecrets := func(req Request) Request { req.Credentials = slowSecrets; return req }
	for name, c := range map[string]crowd{
		"a slow registry": {
			func(i int) Request {
				return request(fmt.Sprintf("slow.example.com/shop-%d:1", i), "crowd", fmt.Sprint(i))
			},
			request("quay.io/team/shop:1", "dev", "shop"), 2 * time.Second,
		},
		"slow images of the same registry": {
			func(i int) Request { return request(fmt.Sprintf("quay.io/slow/shop-%d:1", i), "crowd", fmt.Sprint(i)) },
			request("quay.io/team/shop:1", "dev", "shop"), 2 * time.Second,
		},
		"many slow registries": {
			func(i int) Request {
				return request(fmt.Sprintf("slow-%d.example.com/shop:1", i), "crowd", fmt.Sprint(i))
			},
			request("quay.io/team/shop:1", "dev", "shop"), 2 * time.Second,
		},
		"slow pull secrets": {
			func(i int) Request {
				return withSecrets(request(fmt.Sprintf("quay.io/team/shop-%d:1", i), "crowd", fmt.Sprint(i)))
			},
			request("quay.io/team/shop:1", "dev", "shop"), 2 * time.Second,
		},
		"a slow registry, and the same namespace with another": {
			func(i int) Request {
				return request(fmt.Sprintf("slow.example.com/shop-%d:1", i), "dev", fmt.Sprint(i))
			},
			request("quay.io/team/shop:1", "dev", "shop"), 2 * time.Second,
		},
		"several namespaces": {
			func(i int) Request {
				return request(fmt.Sprintf("slow-%d.example.com/shop-%d:1", i%3, i), fmt.Sprintf("crowd-%d", i%3), fmt.Sprint(i))
			},
			request("quay.io/team/shop:1", "dev", "shop"), 2 * time.Second,
		},
		"as many namespaces as there are places": {
			func(i int) Request {
				return request(fmt.Sprintf("slow-%d.example.com/shop-%d:1", i%20, i), fmt.Sprintf("crowd-%d", i%20), fmt.Sprint(i))
			},
			request("quay.io/team/shop:1", "dev", "shop"), 2 * time.Second,
		},
		"as many namespaces as there are places, at the same registry": {
			func(i int) Request {
				return request(fmt.Sprintf("quay.io/slow/shop-%d:1", i), fmt.Sprintf("crowd-%d", i%20), fmt.Sprint(i))
			},
			request("quay.io/team/shop:1", "dev", "shop"), 30 * time.Second,
		},
		"as many namespaces as there are places, with slow pull secrets": {
			func(i int) Request {
				return withSecrets(request(fmt.Sprintf("quay.io/team/shop-%d:1", i), fmt.Sprintf("crowd-%d", i%20), fmt.Sprint(i)))
			},
			request("quay.io/team/shop:1", "dev", "shop"), 30 * time.Second,
		},
		"hundreds of namespaces": {
			func(i int) Request {
				return request(fmt.Sprintf("quay.io/slow/shop-%d:1", i), fmt.Sprintf("crowd-%d", i%400), fmt.Sprint(i))
			},
			request("quay.io/team/shop:1", "dev", "shop"), 5 * time.Minute,
		},
		"the very image of the crowd, which has no turn there": {
			func(i int) Request {
				if i == images-1 {
					return request("quay.io/team/shop:1", "crowd", "shop")
				}
				return request(fmt.Sprintf("quay.io/slow/shop-%d:1", i), "crowd", fmt.Sprint(i))
			},
			request("quay.io/team/shop:1", "dev", "shop"), 2 * time.Second,
		},
	} {
		t.Run(name, func(t *testing.T) {
			withResolver(t, Options{}, func(t *testing.T, h *harness) {
				h.takes = func(ref reference) time.Duration {
					if strings.Contains(ref.String(), "slow") {
						return 29 * time.Second
					}
					return time.Second
				}
				for i := range images {
					h.Lookup(c.slow(i))
				}
				time.Sleep(c.ago)
				synctest.Wait()
				h.Lookup(c.fast)
				time.Sleep(yieldAfter + time.Second)
				synctest.Wait()
				if res := h.Lookup(c.fast); res.Facts == nil {
					t.Errorf("result %+v", res)
				}
			})
		})
	}
}

// TestSlowLookupsEndWhereNobodyNeedsTheirPlace: as many as there are places, for
// as long as they like.
func TestSlowLookupsEndWhereNobodyNeedsTheirPlace(t *testing.T) {
	withResolver(t, Options{}, func(t *testing.T, h *harness) {
		h.takes = func(reference) time.Duration { return 25 * time.Second }
		ask := func(i int) Result {
			return h.Lookup(request(fmt.Sprintf("slow-%d.example.com/shop:1", i), fmt.Sprint(i), "shop"))
		}
		const places = 16
		for i := range places {
			ask(i)
		}
		h.settle()
		for i := range places {
			if res := ask(i); res.Facts == nil {
				t.Errorf("%d: %+v", i, res)
			}
		}
	})
}

// TestEveryNamespaceMayWait: those that are there already do not take the last
// place of the first who wait for a namespace.
func TestEveryNamespaceMayWait(t *testing.T) {
	withResolver(t, Options{MaxPending: 4}, func(t *testing.T, h *harness) {
		for i := range 4 {
			for j := range 4 {
				res := h.Lookup(request(fmt.Sprintf("quay.io/shop:%d", j), fmt.Sprint(i), fmt.Sprint(j)))
				if isFirst := j == 0; isFirst && !res.RetryAt.IsZero() {
					t.Errorf("namespace %d has to come back: %+v", i, res)
				}
			}
		}
	})
}

// TestTenantsDoNotShutRegistriesOff: what makes a registry look as if it were
// down to one namespace costs no other one a second.
func TestTenantsDoNotShutRegistriesOff(t *testing.T) {
	withResolver(t, Options{}, func(t *testing.T, h *harness) {
		h.failing(func(ref reference, _ []login) *Error {
			if strings.Contains(ref.String(), "/hostile/") {
				return unreachable(time.Hour)
			}
			return nil
		})
		for i := range 20 {
			h.Lookup(request(fmt.Sprintf("quay.io/hostile/shop-%d:1", i), "hostile", fmt.Sprint(i)))
		}
		h.settle()
		if res := h.Lookup(request("quay.io/team/shop:1", "hostile", "other")); res.Err == nil || res.Pending {
			t.Errorf("the registry is not shut off for who was told to leave it alone: %+v", res)
		}
		req := request("quay.io/team/shop:1", "dev", "shop")
		h.Lookup(req)
		time.Sleep(time.Second)
		synctest.Wait()
		if res := h.Lookup(req); res.Facts == nil {
			t.Errorf("result %+v", res)
		}
	})
}

// TestFailuresAreTheirOwn: that an image was missing when one namespace asked
// keeps no other one from asking.
func TestFailuresAreTheirOwn(t *testing.T) {
	withResolver(t, Options{}, func(t *testing.T, h *harness) {
		h.failing(func(reference, []login) *Error { return &Error{Reason: ReasonImageNotFound} })
		first, second := request("quay.io/team/shop:1", "hostile", "shop"), request("quay.io/team/shop:1", "dev", "shop")
		h.Lookup(first)
		h.settle()
		h.failing(nil)
		h.Lookup(second)
		h.settle()
		if res := h.Lookup(second); res.Facts == nil {
			t.Errorf("result %+v", res)
		}
	})
}

// TestManyNewImages: a healthy registry is asked for one image after the other,
// and each waits no longer than its own look-up from when that begins.
func TestManyNewImages(t *testing.T) {
	withResolver(t, Options{}, func(t *testing.T, h *harness) {
		const images, latency = 400, 400 * time.Millisecond
		h.takes = func(reference) time.Duration { return latency }
		began := time.Now()
		known := map[int]bool{}
		for len(known) < images {
			for i := range images {
				res := h.Lookup(request(fmt.Sprintf("quay.io/team/shop-%d:1", i), "dev", fmt.Sprint(i)))
				known[i] = res.Facts != nil
				if !known[i] {
					delete(known, i)
				}
				if !res.Pending && !known[i] || !res.Asked.IsZero() && time.Since(res.Asked) > latency {
					t.Fatalf("after %v: %+v", time.Since(began), res)
				}
			}
			time.Sleep(100 * time.Millisecond)
			synctest.Wait()
		}
		if took := time.Since(began); took > time.Minute {
			t.Errorf("it took %v", took)
		}
	})
}

// TestTransientFailuresAreTriedAgainSoon, and the others are not.
func TestTransientFailuresAreTriedAgainSoon(t *testing.T) {
	for name, tc := range map[string]struct {
		err   Error
		tries int
	}{
		"transient": {Error{Reason: ReasonRegistryUnreachable, Transient: true}, 4},
		"lasting":   {Error{Reason: ReasonRegistryUnreachable}, 1},
		"missing":   {Error{Reason: ReasonImageNotFound}, 1},
	} {
		t.Run(name, func(t *testing.T) {
			withResolver(t, Options{}, func(t *testing.T, h *harness) {
				h.takes = func(reference) time.Duration { return 10 * time.Millisecond }
				h.failing(func(reference, []login) *Error { return &tc.err })
				req := request("quay.io/team/shop:1", "dev", "shop")
				for began := time.Now(); time.Since(began) < 10*time.Second; time.Sleep(50 * time.Millisecond) {
					res := h.Lookup(req)
					if failed, isFailure := errors.AsType[*Error](res.Err); time.Since(began) > time.Second && (!isFailure || failed.Reason != tc.err.Reason) {
						t.Fatalf("what is tried again no longer says why it failed: %+v", res)
					}
				}
				if calls, _ := h.settle(); len(calls) != tc.tries {
					t.Errorf("%d tries in 10 seconds, want %d", len(calls), tc.tries)
				}
			})
		})
	}
}
