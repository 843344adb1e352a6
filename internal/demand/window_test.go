// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package demand

import (
	"testing"
	"time"
)

func TestSawWindow(t *testing.T) {
	s := newStory(t, settings(), 0)
	saw := func(want bool, when string) {
		t.Helper()
		if got := s.memory.SawWindow(5 * time.Minute); got != want {
			t.Errorf("%s: %t, want %t", when, got, want)
		}
	}
	saw(false, "nothing was asked")
	s.lacks(100, SourceUnreachable)
	saw(false, "nothing but trouble")
	s.sees(repeat(100, 20)...)
	saw(false, "less than a window")
	s.sees(100)
	saw(true, "a whole window")
	s.lacks(10, MetricMissing)
	s.sees(100)
	saw(false, "after a gap")
}
