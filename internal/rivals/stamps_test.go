// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package rivals

import (
	"fmt"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/elasticweb/elasticweb-operator/internal/plan"
)

func podAt(version, cost string) *corev1.Pod {
	return &corev1.Pod{ObjectMeta: metav1.ObjectMeta{
		Namespace: "dev", Name: "a", ResourceVersion: version, Annotations: map[string]string{corev1.PodDeletionCost: cost}}}
}

func isOthers(s Stamps, pod *corev1.Pod) bool {
	_, isOthers := costOf(s, pod)
	return isOthers
}

func costOf(s Stamps, pod *corev1.Pod) (cost string, isOthers bool) {
	var seen plan.Pod
	s.See(pod, &seen)
	return seen.DeletionCost, seen.CostIsOthers
}

func stampOf(cost int32) plan.Stamp { return plan.Stamp{Cost: &cost} }

// Somebody who keeps setting another cost is not fought for ever, whether in admission or later.
func TestStampsAreNotRepeatedForEver(t *testing.T) {
	for name, undo := range map[string]func(s *Stamps, version int) *corev1.Pod{
		"a policy": func(s *Stamps, version int) *corev1.Pod {
			answer := podAt(fmt.Sprint(version), "100")
			s.Made(answer, stampOf(-100), &plan.Pod{})
			return answer
		},
		"a policy, before the cache shows it": func(s *Stamps, version int) *corev1.Pod {
			s.Made(podAt(fmt.Sprint(version), "100"), stampOf(-100), &plan.Pod{})
			return podAt("9", "")
		},
		"a controller": func(s *Stamps, version int) *corev1.Pod {
			s.Made(podAt(fmt.Sprint(version), "-100"), stampOf(-100), &plan.Pod{})
			return podAt(fmt.Sprint(version+1), "100")
		},
		"a controller, after a while": func(s *Stamps, version int) *corev1.Pod {
			s.Made(podAt(fmt.Sprint(version), "-100"), stampOf(-100), &plan.Pod{})
			costOf(*s, podAt(fmt.Sprint(version+1), "-100"))
			return podAt(fmt.Sprint(version+2), "100")
		},
		"one that answers without a version": func(s *Stamps, _ int) *corev1.Pod {
			s.Made(podAt("", "100"), stampOf(-100), &plan.Pod{})
			return podAt("", "100")
		},
	} {
		t.Run(name, func(t *testing.T) {
			var s Stamps
			pod := podAt("8", "")
			for i := range mostStamps {
				if cost, isOthers := costOf(s, pod); isOthers || cost == "-100" {
					t.Fatalf("after %d stamps it bears %q, which is others': %t", i, cost, isOthers)
				}
				pod = undo(&s, 10*i+10)
			}
			for range 2 {
				if !isOthers(s, pod) {
					t.Error("not given up")
				}
			}
			if isOthers(s, podAt("1000", "-100")) {
				t.Error("the other let go")
			}
			if s.Made(podAt("1001", "-200"), stampOf(-200), &plan.Pod{}); isOthers(s, podAt("1002", "100")) {
				t.Error("another cost begins anew")
			}
			s.Keep([]plan.Pod{{Name: "a"}})
			if len(s) != 1 {
				t.Error("a pod that is there is forgotten")
			}
			if s.Keep([]plan.Pod{{Name: "b"}}); len(s) != 0 {
				t.Errorf("a pod that is gone is remembered: %v", s)
			}
		})
	}
}

// A cache that lags behind does not show the stamp: that is no sign of somebody else, and no reason to stamp again.
func TestACacheThatLagsUndoesNoStamp(t *testing.T) {
	var s Stamps
	for range mostStamps + 1 {
		if cost, _ := costOf(s, podAt("7", "5")); cost != "5" {
			t.Fatalf("a pod that was never stamped bears %q", cost)
		}
	}
	s.Made(podAt("101", "-100"), stampOf(-100), &plan.Pod{})
	for _, pass := range []struct {
		cached *corev1.Pod
		cost   string
	}{
		{podAt("9", ""), "-100"}, {podAt("99", "5"), "-100"}, {podAt("100", ""), "-100"}, {podAt("101", "-100"), "-100"},
		{podAt("105", "100"), "100"}, // somebody else's.
	} {
		if cost, isOthers := costOf(s, pass.cached); cost != pass.cost || isOthers {
			t.Errorf("at version %s: it bears %q, others' for good: %t, want %q", pass.cached.ResourceVersion, cost, isOthers, pass.cost)
		}
	}
}
