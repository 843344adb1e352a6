// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package demand

import (
	"math"
	"time"
)

const (
	// kept is how many samples the trend is made of at most, and partsKept how many parts of the stabilization window are told apart.
	kept      = 21
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
	recents int
	window  [partsKept]part
	parts   int
}

// instant is a time in nanoseconds since 1970: a third of the size of a time.Time.
type instant int64

func (i instant) sub(earlier instant) time.Duration { return time.Duration(i - earlier) }

type point struct {
	at  instant
	qps float64
}

// part is a part of the stabilization window, with the greatest of each in it.
type part struct {
	from, to           instant
	observed, expected float64
}

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
		if trouble = sample.trouble(); trouble != "" || m.isObserved && at <= m.since {
			continue
		}
		var earlier []Day
		// They belong to the last one alone.
		if i == len(in.Samples)-1 {
			earlier = in.Earlier
		}
		m.observe(point{at, sample.QPS}, in, earlier)
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

func (m *Memory) observe(p point, in Input, earlier []Day) {
	if m.isObserved && p.at.sub(m.since) > in.Settings.Gap() {
		*m = Memory{}
	}
	m.since, m.isObserved, m.observed = p.at, true, p.qps
	m.keep(p, in.Settings.trendOver())
	m.expected = m.expect(in.Settings, in.LeadTime, earlier)
	m.note(part{p.at, p.at, m.observed, m.expected}, in.Settings.Stabilization)
}

// keep adds a sample for the trend. It takes the place of the last where that is too near to the one before, so that there is room for
// those of the whole time.
func (m *Memory) keep(p point, over time.Duration) {
	switch last := m.recents - 1; {
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
	if last := m.parts - 1; last >= 0 && s.to.sub(m.window[last].from) < window/(partsKept-2) {
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
func (m *Memory) greatest(window, ahead time.Duration) (greatest part) {
	greatest = part{observed: m.observed, expected: m.expected}
	for _, p := range m.window[:m.parts] {
		if ago := m.since.sub(p.to); ago <= window {
			greatest.observed = max(greatest.observed, p.observed)
			if ago <= ahead {
				greatest.expected = max(greatest.expected, p.expected)
			}
		}
	}
	greatest.expected = max(greatest.expected, greatest.observed)
	return greatest
}

// SawWindow reports whether the numbers of a whole stabilization window were seen, without a gap: before that, nothing tells that less
// than before is needed.
func (m *Memory) SawWindow(window time.Duration) bool {
	return m.isObserved && m.since.sub(m.window[0].from) >= window
}
