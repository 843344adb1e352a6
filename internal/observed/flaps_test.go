// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package observed

import (
	"testing"
	"time"

	"github.com/elasticweb/elasticweb-operator/internal/plan"
	"github.com/elasticweb/elasticweb-operator/internal/podfailure"
)

// A pod that was ready a moment ago wavers, one that fails or never was does not, and neither does any where all are on one architecture.
func TestFlaps(t *testing.T) {
	start := time.Unix(1_000, 0)
	var flaps Flaps
	see := func(at time.Duration, pod plan.Pod, other string) time.Time {
		pod.Name, pod.Architecture = "a", "arm64"
		pods := []plan.Pod{pod, {Name: "b", Architecture: other, Ready: true}}
		flaps.See(pods, start.Add(at))
		return pods[0].WaversUntil
	}
	if until := see(0, plan.Pod{}, "amd64"); !until.IsZero() {
		t.Error("one that never was ready wavers")
	}
	see(time.Second, plan.Pod{Ready: true}, "amd64")
	for _, at := range []time.Duration{2 * time.Second, 10 * time.Second} {
		if until := see(at, plan.Pod{}, "amd64"); !until.Equal(start.Add(2*time.Second + waver)) {
			t.Errorf("at %v it wavers until %v", at, until)
		}
	}
	if until := see(2*time.Second+waver, plan.Pod{}, "amd64"); !until.IsZero() {
		t.Error("it wavers for ever")
	}
	see(time.Minute, plan.Pod{Ready: true}, "amd64")
	if until := see(time.Minute, plan.Pod{Failure: &podfailure.Failure{}}, "amd64"); !until.IsZero() {
		t.Error("one that fails wavers")
	}
	see(time.Minute, plan.Pod{Ready: true}, "arm64")
	if until := see(time.Minute, plan.Pod{}, "arm64"); !until.IsZero() || flaps != nil {
		t.Error("it wavers where all pods are on one architecture")
	}
}
