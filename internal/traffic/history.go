// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package traffic

import (
	"bytes"
	"math"
	"slices"
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
	begin int32
	// until is when it is asked for again, in seconds since 1970.
	until uint32
	// unit is the greatest of the numbers.
	unit    float32
	numbers string
}

// A number is a byte: 0 is none at all, and from there on each step is a 32nd more of a doubling, up to the unit. That is within 1.1%, which is
// enough for a growth of which a tenth is taken for noise. What is less than a 240th of the unit counts as that.
const (
	unknown    = math.MaxUint8
	ofUnit     = unknown - 1
	ofDoubling = 32
)

func (p *past) code(number float64) byte {
	if number <= 0 || p.unit == 0 {
		return 0
	}
	return byte(max(ofUnit+math.Round(ofDoubling*math.Log2(number/float64(p.unit))), 1))
}

func (p *past) number(code byte) float64 {
	if code == 0 {
		return 0
	}
	return float64(p.unit) * math.Exp2((float64(code)-ofUnit)/ofDoubling)
}

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
	if first < 0 || last >= int32(len(p.numbers)) || first > last {
		return 0, false
	}
	code := slices.Max([]byte(p.numbers[first : last+1]))
	return p.number(code), code != unknown
}

func steps(at time.Time) int32 { return int32(at.Unix() / int64(step/time.Second)) } //nolint:gosec // until the year 6053.

// IsWhole is true once each earlier day was asked for, and none is to be asked for again by then. A nil History is not.
func (h *History) IsWhole(at time.Time) bool {
	return h != nil && !slices.ContainsFunc(h.days[:], func(p past) bool { return p.dueAt(at) <= seconds(at) })
}

// dueAt is when it is asked for again: at once where it was asked for before the clock was set back.
func (p *past) dueAt(now time.Time) uint32 {
	if p.until > seconds(now.Add(refresh)) {
		return 0
	}
	return p.until
}

// due is the earlier day that has to be asked for, as how many days ago it was; 0 for none. It is the one that is due for longest, so that
// each has its turn also where the numbers are minutes apart.
func (h *History) due(now time.Time) int {
	if h == nil {
		return 1
	}
	first := 0
	for i := range h.days {
		if h.days[i].dueAt(now) < h.days[first].dueAt(now) {
			first = i
		}
	}
	if seconds(now) < h.days[first].dueAt(now) {
		return 0
	}
	return first + 1
}

// later is the history with a day that could not be read, and is asked for again then. What is known of it stays: with the next number it would
// fail once more, and take the place of others for as long.
func (h *History) later(ago int, until time.Time) *History {
	result := h.copied()
	result.days[ago-1].until = seconds(until)
	return result
}

func seconds(at time.Time) uint32 { return uint32(at.Unix()) } //nolint:gosec // until the year 2106.

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
	p := past{begin: steps(from), until: seconds(until)}
	moved := func(sample demand.Sample) (at int32, isKnown bool) {
		at = steps(sample.At.Add(time.Duration(ago)*day)) - p.begin
		return at, sample.Trouble == "" && at >= 0 && at <= int32(day/step)
	}
	last := int32(-1)
	for _, sample := range samples {
		if at, isKnown := moved(sample); isKnown {
			last, p.unit = max(last, at), max(p.unit, float32(sample.QPS))
		}
	}
	numbers := bytes.Repeat([]byte{unknown}, int(last+1))
	for _, sample := range samples {
		if at, isKnown := moved(sample); isKnown {
			numbers[at] = p.code(sample.QPS)
		}
	}
	p.numbers = string(numbers)
	result.days[ago-1] = p
	return result
}
