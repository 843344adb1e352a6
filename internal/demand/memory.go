// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package demand

import (
	"math"
	"time"
)

const (
	// kept is how many samples the trend is made of at most, and partsKept how many parts of the stabilization window are told apart.
	kept      = 16
	pairs     = kept * (kept - 1) / 2
	partsKept = 32
)

// Memory is what is remembered of an application's traffic, of a fixed size. Its zero value remembers nothing.
type Memory struct {
	// observed and expected at the last sample; since is its time, or that of the first question where there was no sample.
	observed, expected float64
	since              instant
	isObserved         bool

	recent  [kept]point
	window  [partsKept]part
	recents uint8
	parts   uint8
}

// instant is a time in nanoseconds since 1970: a third of the size of a time.Time.
type instant int64

func (i instant) sub(earlier instant) time.Duration { return time.Duration(i - earlier) }

func (i instant) moment() moment { return moment(int64(i) / int64(time.Millisecond)) } //nolint:gosec // a moment is told apart from near ones alone.

// moment is a time in milliseconds that begins again every 49 days. What is remembered ends with a gap, and is hours old at most.
type moment uint32

func (m moment) sub(earlier moment) time.Duration { return time.Duration(m-earlier) * time.Millisecond }

// point is a sample as it is remembered: seven digits are more than a rate has.
type point struct {
	at  moment
	qps float32
}

// part is a part of the stabilization window, with the greatest of each in it.
type part struct {
	from, to           moment
	observed, expected float32
}

// peak is what was greatest.
type peak struct{ observed, expected float64 }

// observeAll takes in the samples that are new, and says why there is no number now, "" where there is one.
func (m *Memory) observeAll(in Input, now instant) (trouble Reason) {
	if m.since.sub(now) > in.Settings.Period { // the clock was set back: what comes in would be older than that for as long.
		*m = Memory{}
	}
	if m.since == 0 {
		m.since = now
	}
	for i, sample := range in.Samples {
		at := min(instant(sample.At.UnixNano()), now)
		if trouble = sample.trouble(); trouble != "" || m.isObserved && at.sub(m.since) < time.Millisecond {
			continue
		}
		var earlier []Day
		// They belong to the last one alone.
		if i == len(in.Samples)-1 {
			earlier = in.Earlier
		}
		m.observe(at, sample.QPS, in, earlier)
	}
	if trouble == "" && (!m.isObserved || now.sub(m.since) > 2*in.Settings.Period) {
		return MetricMissing
	}
	return trouble
}

func (s Sample) trouble() Reason {
	switch {
	case s.Trouble != "":
		return s.Trouble
	case !(s.QPS >= 0 && s.QPS <= math.MaxInt32): // NaN is neither
		return MetricInvalid
	}
	return ""
}

func (m *Memory) observe(at instant, qps float64, in Input, earlier []Day) {
	if m.isObserved && at.sub(m.since) > in.Settings.Gap() {
		*m = Memory{}
	}
	m.since, m.isObserved, m.observed = at, true, qps
	m.keep(point{at.moment(), float32(qps)}, in.Settings.trendOver())
	m.expected = m.expect(in.Settings, in.LeadTime, earlier)
	m.note(part{at.moment(), at.moment(), float32(m.observed), float32(m.expected)}, in.Settings.Stabilization)
}

// keep adds a sample for the trend. It takes the place of the last where that is too near to the one before, so that there is room for
// those of the whole time.
func (m *Memory) keep(p point, over time.Duration) {
	switch last := int(m.recents) - 1; {
	case last > 0 && m.recent[last].at.sub(m.recent[last-1].at) < over/(kept-1):
		m.recents--
	case m.recents == kept:
		copy(m.recent[:], m.recent[1:])
		m.recents--
	}
	m.recent[m.recents] = p
	m.recents++
}

// note adds to the window, and drops what is no longer needed to know whether the window is whole.
func (m *Memory) note(s part, window time.Duration) {
	if last := int(m.parts) - 1; last >= 0 && s.to.sub(m.window[last].from) < window/(partsKept-2) {
		m.window[last].to = s.to
		m.window[last].observed = max(m.window[last].observed, s.observed)
		m.window[last].expected = max(m.window[last].expected, s.expected)
		return
	}
	for m.parts > 1 && s.to.sub(m.window[1].to) >= window || m.parts == partsKept {
		copy(m.window[:], m.window[1:])
		m.parts--
	}
	m.window[m.parts] = s
	m.parts++
}

// greatest is what was greatest, the last sample included: of what was observed, during the window. An expectation counts for as long
// as it looked ahead: after that it did not come true.
func (m *Memory) greatest(window, ahead time.Duration) peak {
	greatest := peak{m.observed, m.expected}
	for _, p := range m.window[:m.parts] {
		if ago := m.since.moment().sub(p.to); ago <= window {
			greatest.observed = max(greatest.observed, float64(p.observed))
			if ago <= ahead {
				greatest.expected = max(greatest.expected, float64(p.expected))
			}
		}
	}
	greatest.expected = max(greatest.expected, greatest.observed)
	return greatest
}

// SawWindow reports whether the numbers of a whole stabilization window were seen, without a gap: before that, nothing tells that less
// than before is needed.
func (m *Memory) SawWindow(window time.Duration) bool {
	return m.isObserved && m.since.moment().sub(m.window[0].from) >= window
}
