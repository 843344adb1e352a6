// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package traffic

import (
	"slices"
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/types"
)

// mostSkipped is for how many periods at most nothing is asked after failures.
const mostSkipped = 3

// feed is a question that is asked once a period, for all who want to know. The Reader's lock guards it.
type feed struct {
	question question
	outlet   *outlet
	tenant   *tenant
	readers  []*subject
	// hash spreads the turns over the period.
	hash uint64
	// isBusy says that it waits for its turn, or that its number is under way.
	isBusy bool
	// isSlow says that its last answer took long.
	isSlow bool
	// failed is what was wrong the last time, failures how often in a row, and skip how many periods nothing is asked in.
	failed         *trouble
	failures, skip int

	// history are the earlier days.
	history *History

	// last is the time of the last number, and of the one flight whose number is under way.
	last time.Time
}

// subject is one who wants to know.
type subject struct {
	key    types.NamespacedName
	window time.Duration
	// earlierDays is whether it wants to know of these.
	earlierDays bool
	// seen is the window that it had the numbers of; below 0 for none.
	seen time.Duration

	// delivery is held while something is delivered, and feed is changed under it and under the Reader's lock: so nothing of an older
	// feed comes after it was changed.
	delivery sync.Mutex
	feed     *feed
}

// window is the longest that a reader wants to see, and whether one of them has seen less.
func (f *feed) window() (window time.Duration, isNew bool) {
	for _, s := range f.readers {
		window = max(window, s.window)
		isNew = isNew || s.seen < s.window
	}
	return window, isNew
}

// looksBack reports whether a reader wants to know of earlier days.
func (f *feed) looksBack() bool {
	return slices.ContainsFunc(f.readers, func(s *subject) bool { return s.earlierDays })
}

func (f *feed) leave(s *subject) {
	f.readers = slices.DeleteFunc(f.readers, func(other *subject) bool { return other == s })
}

// note takes an outcome in: after failures it is asked less often.
func (f *feed) note(failed *trouble) {
	if f.failed = failed; failed == nil {
		f.failures, f.skip = 0, 0
		return
	}
	f.skip = min(f.failures, mostSkipped)
	f.failures++
}
