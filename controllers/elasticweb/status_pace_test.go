// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package elasticweb

import (
	"testing"
	"time"
)

func TestStatusPace(t *testing.T) {
	pace, now := newRemembered().pace, time.Now()
	burst := func() (writes int) {
		for waitForPace(pace, now) == 0 {
			writes++
		}
		return writes
	}
	if writes := burst(); writes != statusBurst {
		t.Errorf("%d writes at once, want %d", writes, statusBurst)
	}
	if wait := waitForPace(pace, now); wait != statusInterval {
		t.Errorf("the write after the burst has to wait for %s, want %s", wait, statusInterval)
	}
	now = now.Add(statusInterval)
	if writes := burst(); writes != 1 {
		t.Errorf("%d writes an interval later, want 1", writes)
	}
	now = now.Add(time.Hour)
	if writes := burst(); writes != statusBurst {
		t.Errorf("%d writes at once after a rest, want %d", writes, statusBurst)
	}
}
