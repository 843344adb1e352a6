// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package elasticweb

import (
	"context"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/tools/events"
	clocktesting "k8s.io/utils/clock/testing"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"

	elasticwebv1 "github.com/elasticweb/elasticweb-operator/api/v1"
	"github.com/elasticweb/elasticweb-operator/internal/apply"
	"github.com/elasticweb/elasticweb-operator/internal/plan"
	"github.com/elasticweb/elasticweb-operator/internal/status"
)

func TestStatusPace(t *testing.T) {
	clock, writes := clocktesting.NewFakePassiveClock(time.Now()), 0
	writer := interceptor.NewClient(nil, interceptor.Funcs{
		SubResourcePatch: func(context.Context, client.Client, string, client.Object, client.Patch, ...client.SubResourcePatchOption) error {
			writes++
			return nil
		},
	})
	written := apply.NewWritten(clock)
	r := &Reconciler{Writer: writer, Clock: clock, Events: events.NewFakeRecorder(100), written: written, applier: apply.New(writer, nil, "test", written, clock)}
	web := &elasticwebv1.ElasticWeb{ObjectMeta: metav1.ObjectMeta{Namespace: "dev", Name: "shop", Generation: 1}}
	web.Status.ObservedGeneration = 1
	report := func() (retry time.Duration) {
		t.Helper()
		retry, err := r.report(t.Context(), web, status.Input{Web: web, Plan: &plan.Plan{}})
		if err != nil {
			t.Fatal(err)
		}
		return retry
	}
	expectBurst := func(want int) {
		t.Helper()
		for writes = 0; report() != statusInterval; {
		}
		if writes != want {
			t.Errorf("%d writes at once, want %d", writes, want)
		}
	}
	expectBurst(statusBurst)
	clock.SetTime(clock.Now().Add(statusInterval))
	expectBurst(1)
	web.Generation, writes = 2, 0
	if report(); writes != 1 {
		t.Error("what becomes of a change is not told at once")
	}
	web.Generation = 1
	clock.SetTime(clock.Now().Add(time.Hour))
	expectBurst(statusBurst)
}
