// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package traffic

import (
	"fmt"
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
			looked := demand.Settings{Period: period}.Ahead(demand.GreatestLead)
			earlier := answers[len(answers)-1].History.Days(at, window, looked)
			if len(earlier) != days {
				t.Fatalf("at %v: %v", at, earlier)
			}
			for i, got := range earlier {
				then := at.Add(-time.Duration(i+1) * day)
				if then.Truncate(day) != then.Add(-window).Truncate(day) || then.Truncate(day) != then.Add(looked).Truncate(day) {
					continue // midnight.
				}
				if want := ramp(then); math.Abs(got.Then-want) > want/100 {
					t.Errorf("at %v, %d days ago: %v, want %v", at, i+1, got.Then, want)
				}
				if want := ramp(then.Add(looked)); math.Abs(got.Ahead-want) > want/100 {
					t.Errorf("at %v, ahead of it %d days ago: %v, want %v", at, i+1, got.Ahead, want)
				}
			}
		}
	})
}

// TestEarlierDaysReachAsFarAsIsLooked: with each number, whatever the period.
func TestEarlierDaysReachAsFarAsIsLooked(t *testing.T) {
	for _, period := range []time.Duration{time.Second, 15 * time.Second, time.Minute, 5 * time.Minute} {
		t.Run(period.String(), func(t *testing.T) {
			readEach(t, period, func(t *testing.T, h *harness) {
				h.past = func(time.Time) float64 { return 50 }
				h.Read(key("dev", "shop"), promQL("dev", "shop"), window)
				after((days + 2) * period)
				seen := len(h.of(key("dev", "shop")))
				after(3 * time.Hour)
				looked := demand.Settings{Period: period}.Ahead(demand.GreatestLead)
				for _, answer := range h.of(key("dev", "shop"))[seen:] {
					if got := answer.History.Days(answer.at, window, looked); len(got) != days {
						t.Fatalf("at %v: %d days", answer.at, len(got))
					}
				}
			})
		})
	}
}

// TestNobodyAsksForEarlierDaysInVain: they are read for those who want them, from when they do.
func TestNobodyAsksForEarlierDaysInVain(t *testing.T) {
	read(t, func(t *testing.T, h *harness) {
		ofDays := func() (number int) {
			h.forgetRequests()
			after(9 * period)
			for _, r := range h.asked() {
				if !r.to.IsZero() && time.Since(r.to) > day/2 {
					number++
				}
			}
			return number
		}
		h.Reader.Read(key("dev", "one"), promQL("dev", "shop"), window, false)
		if got := ofDays(); got != 0 {
			t.Errorf("%d requests for nobody", got)
		}
		h.Reader.Read(key("dev", "two"), promQL("dev", "shop"), window, true)
		if got := ofDays(); got < days || got > 2*days { // the turn of each may come soon after the first time.
			t.Errorf("%d requests, want %d, or some again", got, days)
		}
		h.Reader.Read(key("dev", "two"), promQL("dev", "shop"), window, false)
		after(2 * refresh)
		if got := ofDays(); got != 0 {
			t.Errorf("%d requests once nobody wants them", got)
		}
		if answers := h.of(key("dev", "two")); answers[len(answers)-1].History == nil {
			t.Error("what was known is gone")
		}
	})
}

// TestEarlierDaysThatFail are asked for again after a while, and not with each number.
func TestEarlierDaysThatFail(t *testing.T) {
	read(t, func(t *testing.T, h *harness) {
		h.failsThen = noSeries()
		h.Read(key("dev", "shop"), promQL("dev", "shop"), 0)
		after(period)
		h.forgetRequests()
		after(4 * refresh)
		ofDays := 0
		for _, r := range h.asked() {
			if !r.to.IsZero() {
				ofDays++
			}
		}
		if most := 9 * days; ofDays > most || ofDays < most-2*days {
			t.Errorf("%d requests for earlier days, want %d", ofDays, most)
		}
	})
	at := time.Date(2026, 3, 4, 12, 0, 0, 0, time.UTC)
	var h *History
	h = h.with(1, at.Add(-window), at, []demand.Sample{{At: at.Add(-day), QPS: 500}}).later(1, at.Add(refresh/2))
	if len(h.days[0].numbers) == 0 || h.due(at) != 2 || (*History)(nil).later(2, at).due(at) != 1 {
		t.Errorf("what was known is gone: %+v", h)
	}
}

// TestEarlierDaysThatHang take no number, and are seen to be slow.
func TestEarlierDaysThatHang(t *testing.T) {
	read(t, func(t *testing.T, h *harness) {
		h.takesThen = time.Hour
		for i := range 20 {
			h.Read(key("dev", fmt.Sprint(i)), promQL("dev", fmt.Sprint(i)), 0)
		}
		isSlow := false
		for range 20 * 15 {
			after(time.Second)
			isSlow = isSlow || h.turns().slow > 0
		}
		if !isSlow {
			t.Error("nobody was slow")
		}
		for i := range 20 {
			answers := h.of(key("dev", fmt.Sprint(i)))
			if len(answers) < 19 {
				t.Errorf("%d: %d answers", i, len(answers))
			}
			for _, answer := range answers {
				if answer.Message != "" {
					t.Errorf("%d: %+v", i, answer)
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

func TestAHistoryIsWholeOnceEachDayWasAskedFor(t *testing.T) {
	var h *History
	now := time.Unix(1_800_000_000, 0)
	for ago := 1; ago <= days; ago++ {
		if h.IsWhole(now) {
			t.Errorf("it is whole before day %d", ago)
		}
		until := now.Add(refresh - time.Duration(ago)*time.Minute)
		if ago%2 == 0 { // one that fails counts.
			h = h.later(ago, until)
		} else {
			h = h.with(ago, now, until, nil)
		}
	}
	for name, tc := range map[string]struct {
		at      time.Time
		isWhole bool
		due     int
	}{
		"once each was":                      {now, true, 0},
		"until one is due again":             {now.Add(refresh - days*time.Minute), false, days},
		"where the clock was set back":       {now.Add(-day), false, 1},
		"by as little as they come too late": {now.Add(-time.Minute), true, 0},
	} {
		if isWhole, due := h.IsWhole(tc.at), h.due(tc.at); isWhole != tc.isWhole || due != tc.due {
			t.Errorf("%s: whole %t, and %d is due", name, isWhole, due)
		}
	}
}

// A number is kept within 1.1%, whatever it is, and down to a 240th of the greatest.
func TestNumbersOfEarlierDays(t *testing.T) {
	from := time.Unix(1_800_000_000, 0).Truncate(step)
	for _, unit := range []float64{1e-3, 1, 777, 2_147_483_647} {
		for part := 1.0; part >= 1.0/240; part /= 1.07 {
			samples := []demand.Sample{{At: from, QPS: unit}, {At: from.Add(step), QPS: unit * part}, {At: from.Add(2 * step)}}
			h := (*History)(nil).with(1, from.Add(day), from, samples)
			p, at := &h.days[0], from.Add(day+step)
			got, isKnown := p.greatest(at, at)
			if !isKnown || got < unit*part/1.0111 || got > unit*part*1.0111 {
				t.Errorf("%v of %v: %v, known %t", unit*part, unit, got, isKnown)
			}
			if none, isKnown := p.greatest(at.Add(step), at.Add(step)); none != 0 || !isKnown {
				t.Errorf("nothing: %v, known %t", none, isKnown)
			}
		}
	}
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
