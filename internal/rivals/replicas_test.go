// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package rivals

import (
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

func TestReplicasAreContestedByWhoKeepsChangingThem(t *testing.T) {
	c, now := &ReplicaContest{Who: "scaler"}, time.Unix(1_000_000, 0)
	if c.Found(5, now) {
		t.Error("what was there before the first write is nobody's")
	}
	for i := range 2 * contestedAfter {
		c.Wrote(3)
		if c.Found(3, now) {
			t.Error("the operator's own number is nobody's")
		}
		isContested := c.Found(5, now)
		if c.Found(5, now) != false && !isContested {
			t.Error("one change was counted twice")
		}
		if want := i+1 >= contestedAfter; isContested != want {
			t.Errorf("after %d changes: contested %t, want %t", i+1, isContested, want)
		}
		now = now.Add(time.Minute)
	}
	first := now.Add(-contestedAfter * time.Minute)
	if who, until := c.Contestant(now); who != "scaler" || !now.Add(until).After(first.Add(contestWindow)) {
		t.Errorf("%q for %s", who, until)
	}
	if who, until := c.Contestant(first.Add(contestWindow)); who != "" || until != 0 {
		t.Errorf("after the window: %q for %s", who, until)
	}
	c.Wrote(3)
	if c.Found(5, now.Add(contestWindow)) {
		t.Error("changes are forgotten after the window")
	}
}

func TestReplicasManagerIsWhoSetThemLast(t *testing.T) {
	entry := func(manager, fields string, at int64) metav1.ManagedFieldsEntry {
		return metav1.ManagedFieldsEntry{Manager: manager, Time: &metav1.Time{Time: time.Unix(at, 0)}, FieldsV1: metav1.NewFieldsV1(fields)}
	}
	const replicas, other = `{"f:spec":{"f:replicas":{}}}`, `{"f:spec":{"f:paused":{}}}`
	entries := []metav1.ManagedFieldsEntry{
		entry("early", replicas, 1), entry("late", replicas, 3), entry("us", replicas, 4), entry("other", other, 5), entry("broken", "{", 6), {Manager: "empty"},
	}
	if who := ReplicasManager(entries, "us"); who != "late" {
		t.Errorf("%s set them last", who)
	}
	if who := ReplicasManager(entries[2:], "us"); who != "somebody" {
		t.Errorf("%s set them last, though nobody did", who)
	}
}
