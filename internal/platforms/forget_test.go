// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package platforms

import (
	"context"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
)

func TestForget(t *testing.T) {
	withResolver(t, Options{Workers: 1}, func(t *testing.T, h *harness) {
		h.latency = func(string) time.Duration { return 5 * time.Second }
		h.Lookup(request("quay.io/team/running:1", "dev", "a"))
		synctest.Wait()
		h.Lookup(request("quay.io/team/dropped:1", "dev", "b"))
		h.Lookup(request("quay.io/team/shared:1", "dev", "c"))
		h.Lookup(request("quay.io/team/shared:1", "dev", "d"))
		h.Lookup(request("quay.io/team/left:1", "dev", "e"))
		h.Lookup(request("quay.io/team/other:1", "dev", "e"))
		for _, name := range []string{"a", "b", "c", "nobody"} {
			h.Forget(request("", "dev", name).Waiter)
		}
		calls, notified := h.settle()
		if diff := cmp.Diff([]string{"quay.io/team/other:1", "quay.io/team/running:1", "quay.io/team/shared:1"}, calls); diff != "" {
			t.Errorf("calls (-want +got)\n%s", diff)
		}
		if diff := cmp.Diff([]string{"dev/d", "dev/e"}, notified); diff != "" {
			t.Errorf("notified (-want +got)\n%s", diff)
		}
		if h.holds() > 0 {
			t.Error("something is left behind")
		}
	})
}

func TestForgetBeforeSecretsAreRead(t *testing.T) {
	withResolver(t, Options{}, func(t *testing.T, h *harness) {
		for i := range 10 {
			req := request("quay.io/team/shop:1", fmt.Sprintf("ns-%d", i), "shop")
			req.Credentials = Credentials{Identity: req.Waiter.Namespace, Secrets: func(context.Context, func(*corev1.Secret)) error {
				time.Sleep(time.Second)
				return nil
			}}
			h.Lookup(req)
		}
		synctest.Wait()
		for i := range 10 {
			h.Forget(request("", fmt.Sprintf("ns-%d", i), "shop").Waiter)
		}
		calls, notified := h.settle()
		if len(calls)+len(notified)+h.holds() > 0 {
			t.Errorf("calls %v, notified %v, %d flights", calls, notified, len(h.flights))
		}
	})
}

func TestStopCancelsLookups(t *testing.T) {
	var h *harness
	withResolver(t, Options{}, func(_ *testing.T, running *harness) {
		h = running
		h.latency = func(string) time.Duration { return 1000 * time.Hour }
		for i := range 100 {
			h.Lookup(request(fmt.Sprintf("quay.io/team/shop-%d:1", i), "dev", fmt.Sprint(i)))
		}
		synctest.Wait()
	})
	if len(h.notified) > 0 || len(h.Stats().Lookups) > 0 {
		t.Errorf("notified %v, stats %+v", h.notified, h.Stats())
	}
}
