// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package controllers

import (
	"strconv"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/types"
)

func TestStatusPace(t *testing.T) {
	pace, now, name := statusPace{}, time.Now(), types.NamespacedName{Namespace: "dev", Name: "shop"}
	for write := range statusBurst {
		if wait := pace.wait(name, now); wait != 0 {
			t.Fatalf("write %d has to wait for %s", write, wait)
		}
	}
	if wait := pace.wait(name, now); wait <= 0 || wait > statusInterval {
		t.Errorf("the write after the burst has to wait for %s", wait)
	}
	if wait := pace.wait(types.NamespacedName{Namespace: "dev", Name: "other"}, now); wait != 0 {
		t.Errorf("another ElasticWeb has to wait for %s", wait)
	}
	if wait := pace.wait(name, now.Add(statusInterval)); wait != 0 {
		t.Errorf("the write an interval later has to wait for %s", wait)
	}
}

// Ten thousand that were created once must not be remembered for good, and one that is held back must stay so.
func TestStatusPaceForgetsWhoIsAtRest(t *testing.T) {
	pace, now, busy := statusPace{}, time.Now(), types.NamespacedName{Name: "busy"}
	const others = 40 * fewLimiters
	for i := range others {
		now = now.Add(10 * time.Millisecond)
		pace.wait(types.NamespacedName{Name: strconv.Itoa(i)}, now)
		for pace.wait(busy, now) == 0 { // it takes whatever it gets.
		}
	}
	if left := len(pace.limiters); left >= others/2 {
		t.Errorf("%d of %d are remembered", left, others)
	}
	if wait := pace.wait(busy, now); wait == 0 {
		t.Error("one that writes without end was taken for one that is at rest")
	}
}
