// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package demand

import (
	"math"
	"testing"
	"time"
)

func withTrend() Settings {
	with := settings()
	with.Forecast = Forecast{TrendOver: time.Minute, TrendRank: 0.5}
	return with
}

// The horizon of a story is its lead time of a minute and a period: five periods.
func TestTrend(t *testing.T) {
	for name, tc := range map[string]struct {
		samples []float64
		want    int64
	}{
		"a ramp goes on":                       {[]float64{100, 110, 120, 130, 140}, 190},
		"what is level stays":                  {repeat(100, 5), 100},
		"what falls is not carried on":         {[]float64{140, 130, 120, 110, 100}, 100},
		"one low sample is passed over":        {[]float64{100, 110, 10, 130, 140}, 190},
		"one high sample is passed over":       {[]float64{100, 110, 400, 130, 140}, 190},
		"two samples are no trend":             {[]float64{100, 110}, 110},
		"three are":                            {[]float64{100, 110, 120}, 170},
		"older ones do not count":              {[]float64{500, 100, 110, 120, 130, 140}, 190},
		"at most twice the greatest":           {[]float64{0, 100, 200, 300, 400}, 800},
		"the greatest is that of the window":   {[]float64{300, 10, 110, 210, 310, 410}, 820},
		"one that stands out counts by itself": {[]float64{100, 100, 100, 100, 500}, 500},
	} {
		t.Run(name, func(t *testing.T) {
			s := newStory(t, withTrend(), 0)
			if got := s.sees(tc.samples...); got.Expected != tc.want || got.Planned < tc.want {
				t.Errorf("%+v, want %d", got, tc.want)
			}
		})
	}
}

func TestTheTrendGoesAsFarAsPodsTake(t *testing.T) {
	for lead, want := range map[time.Duration]int64{0: 150, period: 160, 3 * period: 180, 13 * period: 280} {
		s := newStory(t, withTrend(), 0)
		s.in.LeadTime = lead
		if got := s.sees(100, 110, 120, 130, 140).Expected; got != want {
			t.Errorf("%d for a lead time of %v, want %d", got, lead, want)
		}
	}
}

func TestARankBelowTheMedianIsMoreCautious(t *testing.T) {
	with := withTrend()
	with.Forecast.TrendRank = 0
	s := newStory(t, with, 0)
	if got := s.sees(100, 100, 130, 140, 150).Expected; got != 150 {
		t.Errorf("expected %d, want 150: the flattest slope is none", got)
	}
}

func TestATrendOfLongPeriodsHasSamples(t *testing.T) {
	with := withTrend()
	with.Period = time.Minute
	m, now := Memory{}, begin
	var got Decision
	for _, qps := range []float64{100, 110, 120, 130} {
		now = now.Add(time.Minute)
		got = m.Decide(Input{Settings: with, LeadTime: time.Minute, Samples: []Sample{{At: now, QPS: qps}}}, now)
	}
	if got.Expected != 150 {
		t.Errorf("expected %d, want 150", got.Expected)
	}
}

func TestShortPeriodsFillTheTrend(t *testing.T) {
	with := withTrend()
	with.Period = time.Second
	m, now := Memory{}, begin
	var got Decision
	for i := range 200 {
		now = now.Add(time.Second)
		got = m.Decide(Input{Settings: with, LeadTime: 99 * time.Second, Samples: []Sample{{At: now, QPS: 1000 + float64(i)}}}, now)
	}
	if m.recents != kept || m.recent[kept-1].at.sub(m.recent[0].at) < 55*time.Second {
		t.Errorf("%d samples over %v, want %d over a minute", m.recents, m.recent[kept-1].at.sub(m.recent[0].at), kept)
	}
	if got.Expected != 1299 {
		t.Errorf("expected %d, want 1299", got.Expected)
	}
}

func TestGrowthOfEarlierDays(t *testing.T) {
	for name, tc := range map[string]struct {
		rank, noise float64
		days        []Day
		want        int64
	}{
		"none":                       {1, 0, nil, 100},
		"off":                        {0, 0, []Day{{100, 200}}, 100},
		"as it was":                  {1, 0, []Day{{50, 75}}, 150},
		"the greatest":               {1, 0, []Day{{50, 75}, {50, 90}, {50, 55}}, 180},
		"the median":                 {0.5, 0, []Day{{50, 75}, {50, 90}, {50, 55}}, 150},
		"a day without is one, too":  {0.5, 0, []Day{{50, 50}, {50, 50}, {50, 90}}, 100},
		"less the noise":             {1, 0.25, []Day{{50, 75}}, 120},
		"no more than the noise":     {1, 0.5, []Day{{50, 75}}, 100},
		"at most twice":              {1, 0, []Day{{1, 1000}}, 200},
		"nothing then":               {1, 0, []Day{{0, 1000}}, 100},
		"less than then":             {1, 0, []Day{{50, 40}}, 100},
		"not a number":               {1, 0, []Day{{math.NaN(), 1}, {1, math.NaN()}, {math.Inf(1), math.Inf(1)}}, 100},
		"a wrong one beside another": {1, 0, []Day{{math.NaN(), 1}, {50, 75}}, 150},
	} {
		t.Run(name, func(t *testing.T) {
			with := settings()
			with.Forecast = Forecast{GrowthRank: tc.rank, GrowthNoise: tc.noise}
			s := newStory(t, with, 0)
			s.in.Earlier = tc.days
			if got := s.sees(100); got.Expected != tc.want {
				t.Errorf("%+v, want %d", got, tc.want)
			}
		})
	}
}

// Days are compared by the greatest of a window, and so it is here.
func TestGrowthIsOnTopOfTheGreatestOfTheWindow(t *testing.T) {
	with := settings()
	with.Forecast = Forecast{GrowthRank: 1}
	s := newStory(t, with, 0)
	s.sees(200)
	s.in.Earlier = []Day{{100, 150}}
	s.want("half as much more", s.sees(100), 100, 300, 300, Observed)
	s.in.Earlier = []Day{{100, 100}}
	s.want("no growth calls for nothing", s.sees(100), 100, 100, 300, Observed)
}

func TestAfterARestartTheDaysCountForNow(t *testing.T) {
	with := settings()
	with.Forecast = Forecast{GrowthRank: 1}
	s := newStory(t, with, 0)
	s.in.Earlier = []Day{{100, 150}}
	s.gets(Sample{At: begin.Add(-period), QPS: 1000}, Sample{At: begin, QPS: 100})
	if got := s.memory.window[0].expected; got != 1000 {
		t.Errorf("%v was expected before, want 1000", got)
	}
}

func TestNothingGrowsToNothing(t *testing.T) {
	with := settings()
	with.Forecast = Auto
	s := newStory(t, with, 0)
	s.in.Earlier = []Day{{1e-300, 1e300}}
	s.want("zero", s.sees(0), 0, 0, 0, Observed)
}

func TestForecastOff(t *testing.T) {
	s := newStory(t, settings(), 0)
	s.in.Earlier = []Day{{100, 200}}
	if got := s.sees(100, 200, 300, 400).Expected; got != 400 {
		t.Errorf("expected %d, want what is observed", got)
	}
}
