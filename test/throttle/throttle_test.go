// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package throttle

import (
	"testing"
	"time"
)

// Of 1,000 requests that come within a second, those are served that the rate allows, and no more than the patience.
func TestServesTheRateAndNoMore(t *testing.T) {
	bucket := &Bucket{Interval: 10 * time.Millisecond, Patience: 50 * time.Millisecond}
	start := time.Unix(0, 0)
	served, last := 0, time.Time{}
	for i := range 1000 {
		turn, isServed := bucket.reserve(start.Add(time.Duration(i) * time.Millisecond))
		if !isServed {
			continue
		}
		served++
		if gap := turn.Sub(last); served > 1 && gap < bucket.Interval {
			t.Fatalf("request %d comes %s after the one before it, want %s", i, gap, bucket.Interval)
		}
		last = turn
	}
	// One every 10 ms, and those that wait when the second is over.
	if served < 100 || served > 106 {
		t.Errorf("%d of 1,000 requests were served, want 100 to 106", served)
	}
}

func TestKnowsNoBacklogOfIdleTime(t *testing.T) {
	bucket := &Bucket{Interval: time.Second, Patience: 500 * time.Millisecond}
	now := time.Unix(0, 0)
	for range 3 {
		now = now.Add(time.Hour)
		if turn, isServed := bucket.reserve(now); !isServed || !turn.Equal(now) {
			t.Fatalf("after an hour of rest: %v, %t", turn, isServed)
		}
		if _, isServed := bucket.reserve(now); isServed {
			t.Fatal("an hour of rest was saved up")
		}
	}
}
