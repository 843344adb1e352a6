// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package traffic

import (
	"math"
	"testing"
	"time"

	"github.com/elasticweb/elasticweb-operator/internal/demand"
)

// ramp grows from midnight on, and each day by a thousand.
func ramp(at time.Time) float64 {
	midnight := at.Truncate(day)
	return float64(midnight.Unix()/int64(day/time.Second))*1000 + at.Sub(midnight).Minutes()
}

// TestEarlierDays: whatever the time, the same of the seven days before is there, and what came then.
func TestEarlierDays(t *testing.T) {
	read(t, func(t *testing.T, h *harness) {
		h.past = ramp
		shop := key("dev", "shop")
		h.Read(shop, promQL("dev", "shop"), window)
		after(9 * period)
		for range 40 {
			after(time.Hour / 7)
			answers := h.of(shop)
			at := answers[len(answers)-1].at
			const lead = 15 * time.Minute
			earlier := answers[len(answers)-1].History.Days(at, window, lead+period)
			if len(earlier) != days {
				t.Fatalf("at %v: %v", at, earlier)
			}
			for i, got := range earlier {
				then := at.Add(-time.Duration(i+1) * day)
				if then.Truncate(day) != then.Add(-window).Truncate(day) || then.Truncate(day) != then.Add(lead+period).Truncate(day) {
					continue // midnight.
				}
				if want := ramp(then); math.Abs(got.Then-want) > want/100 {
					t.Errorf("at %v, %d days ago: %v, want %v", at, i+1, got.Then, want)
				}
				if want := ramp(then.Add(lead + period)); math.Abs(got.Ahead-want) > want/100 {
					t.Errorf("at %v, ahead of it %d days ago: %v, want %v", at, i+1, got.Ahead, want)
				}
			}
		}
	})
}

// TestDaysOfWhichSomethingIsMissing do not count.
func TestDaysOfWhichSomethingIsMissing(t *testing.T) {
	at := time.Date(2026, 3, 4, 12, 0, 0, 0, time.UTC)
	from, until := at.Add(-window), at.Add(refresh)
	samples := func(but func(time.Time) *demand.Sample) (result []demand.Sample) {
		for then := from.Add(-day); !then.After(until.Add(-day)); then = then.Add(step) {
			sample := &demand.Sample{At: then, QPS: 500}
			if replaced := but(then.Add(day)); replaced != nil {
				sample = replaced
			}
			if sample.At.IsZero() {
				continue
			}
			result = append(result, *sample)
		}
		return result
	}
	all := func(time.Time) *demand.Sample { return nil }
	minute := func(missing time.Time, sample demand.Sample) func(time.Time) *demand.Sample {
		return func(at time.Time) *demand.Sample {
			if !at.Equal(missing) {
				return nil
			}
			return &sample
		}
	}
	for name, tc := range map[string]struct {
		samples []demand.Sample
		want    int
	}{
		"all of it":              {samples(all), 1},
		"nothing":                {nil, 0},
		"no number before":       {samples(minute(at.Add(-2*step), demand.Sample{})), 0},
		"no number ahead":        {samples(minute(at.Add(2*step), demand.Sample{})), 0},
		"NaN ahead":              {samples(minute(at.Add(2*step), demand.Sample{At: at.Add(2*step - day), Trouble: demand.MetricInvalid})), 0},
		"no number further on":   {samples(minute(at.Add(9*step), demand.Sample{})), 1},
		"one of another century": {append(samples(all), demand.Sample{At: at.Add(100 * 365 * day)}), 1},
		"the wrong day":          {samples(minute(at, demand.Sample{At: at.Add(-2 * day), QPS: 1})), 0},
	} {
		t.Run(name, func(t *testing.T) {
			var h *History
			h = h.with(1, from, until, tc.samples)
			if got := h.Days(at, window, 3*step); len(got) != tc.want {
				t.Errorf("%v, want %d", got, tc.want)
			}
			if due := h.due(at); due != 2 {
				t.Errorf("%d days ago is next", due)
			}
		})
	}
}

// TestNothingOfEarlierDaysIsAskedForAgain: until the half hour is over, also where there was nothing.
func TestNothingOfEarlierDaysIsAskedForAgain(t *testing.T) {
	read(t, func(t *testing.T, h *harness) {
		h.Read(key("dev", "shop"), promQL("dev", "shop"), 0)
		const hours = 4
		after(hours * time.Hour)
		ofDays := 0
		for _, r := range h.asked() {
			if !r.to.IsZero() {
				ofDays++
			}
		}
		if most := days * (hours*int(time.Hour/refresh) + 1); ofDays > most || ofDays < most-2*days {
			t.Errorf("%d requests for earlier days, want %d", ofDays, most)
		}
	})
}

func FuzzHistory(f *testing.F) {
	f.Add(int64(0), 1.0)
	f.Add(int64(math.MaxInt64), math.NaN())
	at := time.Date(2026, 3, 4, 12, 0, 0, 0, time.UTC)
	f.Add(at.Add(-day).UnixNano(), math.Inf(1))
	f.Fuzz(func(t *testing.T, sample int64, qps float64) {
		var h *History
		h = h.with(1, at.Add(-window), at.Add(refresh), []demand.Sample{{At: time.Unix(0, sample), QPS: qps}})
		h.Days(at, window, time.Hour)
		if got := len(h.days[0].numbers); got > int(day/step)+1 {
			t.Errorf("%d numbers are kept", got)
		}
	})
}
