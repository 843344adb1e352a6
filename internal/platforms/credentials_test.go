// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package platforms

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
)

// pullSecrets are credentials with one login, and count how often they are
// read.
func pullSecrets(identity, place, userAndPassword string, reads *atomic.Int32) Credentials {
	return Credentials{Identity: identity, Secrets: func(_ context.Context, take func(*corev1.Secret)) error {
		reads.Add(1)
		secret := dockerConfigJSON("pull", map[string]string{place: userAndPassword})
		take(&secret)
		return nil
	}}
}

func TestLookupCredentials(t *testing.T) {
	tests := map[string]struct {
		// credentials returns the place and login of the i-th namespace.
		credentials func(i int) (place, login string)
		calls       int
	}{
		"for another registry: a public image is looked up once": {
			credentials: func(i int) (string, string) { return "ghcr.io", fmt.Sprintf("user:%d", i) },
			calls:       1,
		},
		"the same everywhere: once": {
			credentials: func(int) (string, string) { return "quay.io", "user:1" },
			calls:       1,
		},
		"different ones: each sees what it may see": {
			credentials: func(i int) (string, string) { return "quay.io", fmt.Sprintf("user:%d", i%5) },
			calls:       5,
		},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			withResolver(t, Options{}, func(t *testing.T, h *harness) {
				const namespaces = 50
				reads := make([]atomic.Int32, namespaces)
				lookup := func(i int) Result {
					namespace := fmt.Sprintf("ns-%d", i)
					place, login := tc.credentials(i)
					req := request("quay.io/team/shop:1", namespace, "shop")
					req.Credentials = pullSecrets(namespace, place, login, &reads[i])
					return h.Lookup(req)
				}
				for range 2 {
					for i := range namespaces {
						lookup(i)
					}
				}
				calls, notified := h.settle()
				if len(calls) != tc.calls || len(notified) != namespaces {
					t.Errorf("%d calls, %d notified", len(calls), len(notified))
				}
				for i := range namespaces {
					if res := lookup(i); res.Facts == nil || res.Pending {
						t.Errorf("result %+v", res)
					}
					if n := reads[i].Load(); n != 1 {
						t.Errorf("the secrets of namespace %d were read %d times", i, n)
					}
				}
			})
		})
	}
}

func TestLookupDoesNotShareSecretImages(t *testing.T) {
	withResolver(t, Options{}, func(t *testing.T, h *harness) {
		h.failing(func(_ reference, logins []login) *Error {
			if len(logins) == 0 || logins[0].password != "right" {
				return &Error{Reason: ReasonRegistryUnauthorized}
			}
			return nil
		})
		var reads atomic.Int32
		asked := map[string]Request{}
		for _, password := range []string{"right", "wrong"} {
			asked[password] = request("quay.io/team/shop:1", password, "shop")
			req := asked[password]
			req.Credentials = pullSecrets(password, "quay.io", "user:"+password, &reads)
			asked[password] = req
		}
		asked["anonymous"] = request("quay.io/team/shop:1", "anonymous", "shop")
		for _, req := range asked {
			h.Lookup(req)
		}
		time.Sleep(5 * time.Second)
		got := map[string]bool{}
		for who, req := range asked {
			got[who] = h.Lookup(req).Facts != nil
		}
		want := map[string]bool{"right": true, "wrong": false, "anonymous": false}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("(-want +got)\n%s", diff)
		}
	})
}

func TestLookupUnreadableSecrets(t *testing.T) {
	withResolver(t, Options{}, func(t *testing.T, h *harness) {
		req := request("quay.io/team/shop:1", "dev", "shop")
		reads := 0
		req.Credentials = Credentials{Identity: "dev", Secrets: func(context.Context, func(*corev1.Secret)) error {
			reads++
			return errors.New("hunter2")
		}}
		h.Lookup(req)
		synctest.Wait()
		for range 10 {
			res := h.Lookup(req)
			failed, _ := errors.AsType[*Error](res.Err)
			checkReason(t, failed, ReasonRegistryUnauthorized)
			if res.Pending || res.RetryAt.IsZero() {
				t.Errorf("result %+v", res)
			}
		}
		if calls, notified := h.settle(); len(calls) != 0 || len(notified) != 1 || reads != 1 {
			t.Errorf("%d calls, %d notified, %d reads", len(calls), len(notified), reads)
		}
	})
}

// TestUnreachableRegistryCostsNoSecrets: while a registry is out of reach the
// API server is asked for nothing.
func TestUnreachableRegistryCostsNoSecrets(t *testing.T) {
	withResolver(t, Options{}, func(t *testing.T, h *harness) {
		h.failing(func(reference, []login) *Error { return unreachable(0) })
		h.gone = unreachable(0)
		var reads atomic.Int32
		req := request("quay.io/team/shop:1", "dev", "shop")
		req.Credentials = pullSecrets("dev", "quay.io", "user:1", &reads)
		visit := func(during time.Duration) Result {
			for until := time.Now().Add(during); time.Now().Before(until); time.Sleep(5 * time.Second) {
				h.Lookup(req)
			}
			return h.Lookup(req)
		}
		visit(time.Hour)
		tries := lookups(h.Stats(), string(ReasonRegistryUnreachable))
		if reads.Load() != 1 || tries < 5 || tries > 30 {
			t.Errorf("%d reads of the secrets in %d tries", reads.Load(), tries)
		}
		h.failing(nil)
		h.mu.Lock()
		h.gone = nil
		h.mu.Unlock()
		if res := visit(20 * time.Minute); res.Facts == nil || reads.Load() != 2 {
			t.Errorf("result %+v after %d reads", res, reads.Load())
		}
	})
}
