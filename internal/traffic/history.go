// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package traffic

import (
	"math"
	"time"

	"github.com/elasticweb/elasticweb-operator/internal/demand"
)

const (
	day = 24 * time.Hour
	// days are how many earlier ones count: a week, so that one of them is the same day of the week.
	days = 7
	// step is how far the numbers of an earlier day are apart.
	step = time.Minute
	// refresh is how often each earlier day is asked for.
	refresh = 30 * time.Minute
)

// ahead is how far the numbers of an earlier day reach beyond the time that it is due again: until all of them had their turns, one with each
// number, and from there on as far as is looked; and a step for each end that is rounded.
func ahead(period time.Duration) time.Duration {
	return days*period + demand.Settings{Period: period}.Ahead(demand.GreatestLead) + 2*step
}

// History is what was measured on earlier days around this time of the day. It never changes, and may be kept.
type History struct{ days [days]past }

// past is a part of an earlier day, moved to the present.
type past struct {
	// begin is the time of the first number, in steps since 1970. They are a step apart.
	begin   int64
	numbers []coarse
	// until is when it is asked for again, in seconds since 1970.
	until int64
}

// coarse is the upper half of a float32, which is two digits: enough for a growth of which a tenth is taken for noise.
type coarse uint16

const unknown coarse = math.MaxUint16

func toCoarse(number float64) coarse {
	return coarse((math.Float32bits(float32(number)) + 1<<15) >> 16)
}

func (c coarse) number() float64 { return float64(math.Float32frombits(uint32(c) << 16)) }

// Days are what was measured in the window that ended at the same time of earlier days, and for as long as ahead from then on; without
// the days of which that is not known. A nil History has none.
func (h *History) Days(at time.Time, window, ahead time.Duration) []demand.Day {
	if h == nil {
		return nil
	}
	var found []demand.Day
	for i := range h.days {
		then, isKnown := h.days[i].greatest(at.Add(-window), at)
		next, isNextKnown := h.days[i].greatest(at, at.Add(ahead))
		if isKnown && isNextKnown {
			found = append(found, demand.Day{Then: then, Ahead: max(then, next)})
		}
	}
	return found
}

// greatest is the greatest number of a time, where all of it is known.
func (p *past) greatest(from, to time.Time) (greatest float64, isKnown bool) {
	first, last := steps(from)-p.begin, steps(to)-p.begin
	if first < 0 || last >= int64(len(p.numbers)) {
		return 0, false
	}
	for _, c := range p.numbers[first : last+1] {
		if c == unknown {
			return 0, false
		}
		greatest = max(greatest, c.number())
	}
	return greatest, true
}

func steps(at time.Time) int64 { return at.UnixNano() / int64(step) }

// due is the earlier day that has to be asked for, as how many days ago it was; 0 for none. It is the one that is due for longest, so that
// each has its turn also where the numbers are minutes apart.
func (h *History) due(now time.Time) int {
	if h == nil {
		return 1
	}
	first := 0
	for i := range h.days {
		if h.days[i].until < h.days[first].until {
			first = i
		}
	}
	if now.Unix() < h.days[first].until {
		return 0
	}
	return first + 1
}

// later is the history with a day that could not be read, and is asked for again then. What is known of it stays: with the next number it would
// fail once more, and take the place of others for as long.
func (h *History) later(ago int, until time.Time) *History {
	result := h.copied()
	result.days[ago-1].until = until.Unix()
	return result
}

func (h *History) copied() *History {
	if h == nil {
		return &History{}
	}
	result := *h
	return &result
}

// with is the history with a day that was that many days ago. The samples are of the time from until to, as it was then; where there
// are none it is not known, and that is known until it is asked for again.
func (h *History) with(ago int, from, until time.Time, samples []demand.Sample) *History {
	result := h.copied()
	p := past{begin: steps(from), until: until.Unix(), numbers: make([]coarse, 0, len(samples))}
	for _, sample := range samples {
		i := steps(sample.At.Add(time.Duration(ago)*day)) - p.begin
		if sample.Trouble != "" || i < 0 || i > int64((day)/step) {
			continue
		}
		for int64(len(p.numbers)) <= i {
			p.numbers = append(p.numbers, unknown)
		}
		p.numbers[i] = toCoarse(sample.QPS)
	}
	result.days[ago-1] = p
	return result
}
