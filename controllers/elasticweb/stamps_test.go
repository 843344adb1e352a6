// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package elasticweb

import (
	"context"
	"fmt"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	clocktesting "k8s.io/utils/clock/testing"
	"sigs.k8s.io/controller-runtime/pkg/client"

	elasticwebv1 "github.com/elasticweb/elasticweb-operator/api/v1"
	"github.com/elasticweb/elasticweb-operator/internal/apply"
	"github.com/elasticweb/elasticweb-operator/internal/plan"
)

func podAt(version, cost string) *corev1.Pod {
	return &corev1.Pod{ObjectMeta: metav1.ObjectMeta{
		Namespace: "dev", Name: "a", ResourceVersion: version, Annotations: map[string]string{corev1.PodDeletionCost: cost}}}
}

// Somebody who keeps setting another cost is not fought for ever, whether in admission or later.
func TestStampsAreNotRepeatedForEver(t *testing.T) {
	for name, undo := range map[string]func(s *stamps, version int) *corev1.Pod{
		"a policy": func(s *stamps, version int) *corev1.Pod {
			answer := podAt(fmt.Sprint(version), "100")
			s.answered(answer, -100)
			return answer
		},
		"a controller": func(s *stamps, version int) *corev1.Pod {
			s.answered(podAt(fmt.Sprint(version), "-100"), -100)
			return podAt(fmt.Sprint(version+1), "100")
		},
		"a controller, after a while": func(s *stamps, version int) *corev1.Pod {
			s.answered(podAt(fmt.Sprint(version), "-100"), -100)
			s.isOthers(podAt(fmt.Sprint(version+1), "-100"))
			return podAt(fmt.Sprint(version+2), "100")
		},
		"one that answers without a version": func(s *stamps, _ int) *corev1.Pod {
			s.answered(podAt("", "100"), -100)
			return podAt("", "100")
		},
	} {
		t.Run(name, func(t *testing.T) {
			var s stamps
			var pod *corev1.Pod
			for i := range mostUndone {
				if pod != nil && s.isOthers(pod) {
					t.Fatalf("given up after %d stamps", i)
				}
				if s.isMade("a", -100) {
					t.Fatalf("not stamped again after %d stamps", i)
				}
				pod = undo(&s, 10*i+10)
			}
			for range 2 {
				if !s.isOthers(pod) {
					t.Error("not given up")
				}
			}
			if s.isOthers(podAt("1000", "-100")) {
				t.Error("the other let go")
			}
			if s.answered(podAt("1001", "-200"), -200); s.isOthers(podAt("1002", "100")) {
				t.Error("another cost begins anew")
			}
			s.keep([]plan.Pod{{Name: "a"}})
			if len(s) != 1 {
				t.Error("a pod that is there is forgotten")
			}
			if s.keep([]plan.Pod{{Name: "b"}}); len(s) != 0 {
				t.Errorf("a pod that is gone is remembered: %v", s)
			}
		})
	}
}

// patched answers as the API server does.
type patched struct {
	client.Client
	writes int
}

func (p *patched) Patch(_ context.Context, object client.Object, _ client.Patch, _ ...client.PatchOption) error {
	p.writes++
	object.SetResourceVersion(fmt.Sprint(100 + p.writes))
	object.SetAnnotations(map[string]string{corev1.PodDeletionCost: "-100"})
	return nil
}

// A cache that lags behind does not show the stamp: that is no sign of somebody else, and no reason to stamp again.
func TestACacheThatLagsUndoesNoStamp(t *testing.T) {
	clock := clocktesting.NewFakePassiveClock(time.Now())
	writer := &patched{}
	r := &Reconciler{Writer: writer, Clock: clock, applier: apply.New(writer, nil, "test", apply.NewWritten(clock), clock)}
	web := &elasticwebv1.ElasticWeb{ObjectMeta: metav1.ObjectMeta{Namespace: "dev", Name: "shop"}}
	remembered := r.memory.of(client.ObjectKeyFromObject(web))
	for i, pass := range []struct {
		cached   *corev1.Pod
		isUndone bool
		writes   int
	}{
		{podAt("9", ""), false, 1},
		{podAt("10", ""), false, 1},
		{podAt("99", ""), false, 1},
		{podAt("100", ""), false, 1},
		{podAt("101", "-100"), false, 1},
		{podAt("105", "100"), false, 2}, // somebody else's, once.
	} {
		if got := remembered.stamps.isOthers(pass.cached); got != pass.isUndone {
			t.Errorf("pass %d: undone by somebody else: %t", i, got)
		}
		costs := map[string]int32{}
		if !bears(pass.cached, -100) {
			costs["a"] = -100
		}
		if err := r.stampDeletionCosts(t.Context(), web, &plan.Plan{DeletionCosts: costs}, func(context.Context) error { return nil }); err != nil {
			t.Fatal(err)
		}
		if writer.writes != pass.writes {
			t.Errorf("pass %d: %d writes, want %d", i, writer.writes, pass.writes)
		}
	}
}
