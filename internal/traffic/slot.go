// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package traffic

import (
	"slices"
	"time"
)

// slot is a part of the period, with the feeds whose turn comes at its beginning. The Reader's lock guards it.
type slot struct {
	begin time.Duration
	feeds []*feed
	timer *time.Timer
}

// apart is how far the turns are apart that are not at the same time: to wake up for each of thousands takes two thirds of the processor time.
func apart(period time.Duration) time.Duration { return min(250*time.Millisecond, max(period/60, 1)) }

// beginOf is when in the period the turn of a hash comes.
func beginOf(period time.Duration, hash uint64) time.Duration {
	return time.Duration(hash % uint64(period)).Truncate(apart(period))
}

// turnAfter is the next of the turns that come once a period, so long after its beginning.
func turnAfter(now time.Time, period, begin time.Duration) time.Time {
	return now.Add(-begin).Truncate(period).Add(begin + period)
}

func (s *slot) untilTurn(now time.Time, period time.Duration) time.Duration {
	return turnAfter(now, period, s.begin).Sub(now)
}

// join has a feed come to its turns; r.mu is held.
func (r *Reader) join(f *feed) {
	begin := beginOf(r.options.Period, f.hash)
	s := r.slots[begin]
	if s == nil {
		s = &slot{begin: begin}
		r.slots[begin] = s
		if r.running != nil {
			r.arm(s)
		}
	}
	s.feeds = append(s.feeds, f)
}

// leave ends the turns of a feed; r.mu is held.
func (r *Reader) leave(f *feed) {
	s := r.slots[beginOf(r.options.Period, f.hash)]
	s.feeds = slices.DeleteFunc(s.feeds, func(other *feed) bool { return other == f })
	if len(s.feeds) > 0 {
		return
	}
	delete(r.slots, s.begin)
	if s.timer != nil {
		s.timer.Stop()
	}
}

// arm has a slot come once a period; r.mu is held.
func (r *Reader) arm(s *slot) {
	s.timer = time.AfterFunc(s.untilTurn(time.Now(), r.options.Period), func() { r.turnOf(s) })
}

func (r *Reader) turnOf(s *slot) {
	r.mu.Lock()
	now := time.Now()
	if r.running == nil || len(s.feeds) == 0 {
		r.mu.Unlock()
		return
	}
	s.timer.Reset(s.untilTurn(now, r.options.Period))
	feeds := slices.Clone(s.feeds)
	r.mu.Unlock()
	for _, f := range feeds {
		r.turn(f, now)
	}
}
