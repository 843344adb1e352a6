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
	with.Forecast = Forecast{TrendOver: time.Minute, TrendRank: 0.5, TrendAhead: time.Hour}
	return with
}

// A story looks as far ahead as its lead time of a minute, two periods, and the minute of the rate: ten periods.
func TestTrend(t *testing.T) {
	for name, tc := range map[string]struct {
		samples []float64
		want    int64
	}{
		"a ramp goes on":                       {[]float64{100, 110, 120, 130, 140}, 240},
		"what is level stays":                  {repeat(100, 5), 100},
		"what falls is not carried on":         {[]float64{140, 130, 120, 110, 100}, 100},
		"one low sample is passed over":        {[]float64{100, 110, 10, 130, 140}, 240},
		"one high sample is passed over":       {[]float64{100, 110, 400, 130, 140}, 240},
		"two samples are no trend":             {[]float64{100, 110}, 110},
		"three are":                            {[]float64{100, 110, 120}, 220},
		"older ones do not count":              {[]float64{500, 100, 110, 120, 130, 140}, 240},
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

// One that stands out turns half of the slopes between four samples, and two of the three between three.
func TestTheTrendIsOfAsManySamplesWhenTheyComeLate(t *testing.T) {
	for _, late := range []time.Duration{0, 3 * time.Millisecond, time.Second} {
		with := withTrend()
		with.Forecast.TrendOver = 3 * period
		s := newStory(t, with, 0)
		s.sees(100, 110, 120)
		s.now = s.now.Add(late)
		if got := s.sees(400).Expected; got < 490 || got > 500 {
			t.Errorf("%v late: expected %d, want 500 at most", late, got)
		}
	}
}

func TestTheTrendGoesAsFarAsPodsTake(t *testing.T) {
	for lead, want := range map[time.Duration]int64{0: 200, period: 210, 3 * period: 230, 7 * period: 270} {
		s := newStory(t, withTrend(), 0)
		s.in.LeadTime = lead
		if got := s.sees(100, 110, 120, 130, 140).Expected; got != want {
			t.Errorf("%d for a lead time of %v, want %d", got, lead, want)
		}
	}
}

func TestFartherAheadTheFlattestSlopeCounts(t *testing.T) {
	for name, tc := range map[string]struct {
		samples []float64
		want    int64
	}{
		"all are alike":   {[]float64{100, 110, 120, 130, 140}, 240},
		"one is flatter":  {[]float64{100, 110, 120, 125, 140}, 210},
		"where one falls": {[]float64{100, 110, 120, 119, 140}, 180},
	} {
		t.Run(name, func(t *testing.T) {
			with := withTrend()
			with.Forecast.TrendAhead = 4 * period
			s := newStory(t, with, 0)
			if got := s.sees(tc.samples...).Expected; got != tc.want {
				t.Errorf("expected %d, want %d", got, tc.want)
			}
		})
	}
}

func TestAPartOfATrendIsNoise(t *testing.T) {
	with := withTrend()
	with.Forecast.TrendNoise = 0.5
	s := newStory(t, with, 0)
	if got := s.sees(100, 110, 120, 130, 140).Expected; got != 160 {
		t.Errorf("expected %d, want 160", got)
	}
	s = newStory(t, with, 0)
	if got := s.sees(100, 101, 102, 103, 104).Expected; got != 104 {
		t.Errorf("expected %d, want what is observed", got)
	}
}

// What is expected counts until the pods that were asked for would be ready, what was observed for the whole window.
func TestWhatDidNotComeTrueIsLetGo(t *testing.T) {
	with := settings()
	with.Forecast = Forecast{GrowthRank: 1}
	s := newStory(t, with, 0)
	s.sees(repeat(100, 21)...)
	s.in.Earlier = []Day{{100, 300}}
	s.want("expected", s.sees(100), 100, 300, 300, Observed)
	s.in.Earlier = nil
	s.want("a lead time and a period later", s.sees(repeat(100, 5)...), 100, 100, 300, Observed)
	s.want("after that", s.sees(100), 100, 100, 100, Observed)
	s.sees(300)
	s.want("one that came true stays", s.sees(repeat(100, 20)...), 100, 100, 300, Observed)
	s.want("for the window", s.sees(100), 100, 100, 100, Observed)
}

func TestNothingExpectedOutlivesTheWindow(t *testing.T) {
	with := settings()
	with.Forecast, with.Stabilization = Forecast{GrowthRank: 1}, 2*period
	s := newStory(t, with, 0)
	s.sees(100, 100)
	s.in.Earlier = []Day{{100, 300}}
	s.sees(100)
	s.in.Earlier = nil
	s.want("in it", s.sees(100, 100), 100, 100, 300, Observed)
	s.want("after it", s.sees(100), 100, 100, 100, Observed)
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
	if got.Expected != 170 {
		t.Errorf("expected %d, want 170", got.Expected)
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
	if got.Expected != 1360 {
		t.Errorf("expected %d, want 1360", got.Expected)
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
		"three times as much":        {1, 0, []Day{{90, 270}}, 270},
		"at most four times":         {1, 0, []Day{{1, 1000}}, 400},
		"at most twice, or as much":  {1, 0, []Day{{10, 40}}, 200},
		"and as it was":              {1, 0, []Day{{70, 350}}, 350},
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
