// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package demand

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"
	"unsafe"
)

var begin = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

const period = 15 * time.Second

// settings look at what is observed alone, with no headroom.
func settings() Settings { return Settings{Stabilization: 5 * time.Minute, Period: period} }

// story is a run of decisions, a period apart.
type story struct {
	t      *testing.T
	memory Memory
	in     Input
	now    time.Time
}

func newStory(t *testing.T, s Settings, planned int64) *story {
	return &story{t: t, in: Input{Settings: s, Planned: planned, LeadTime: time.Minute}, now: begin}
}

// sees gives samples one after the other, and returns the last decision.
func (s *story) sees(samples ...float64) (last Decision) {
	s.t.Helper()
	for _, qps := range samples {
		last = s.gets(Sample{At: s.now, QPS: qps})
	}
	return last
}

func (s *story) lacks(times int, trouble Reason) (last Decision) {
	s.t.Helper()
	for range times {
		last = s.gets(Sample{At: s.now, Trouble: trouble})
	}
	return last
}

func (s *story) gets(samples ...Sample) Decision {
	s.in.Samples = samples
	decision := s.memory.Decide(s.in, s.now)
	s.in.Planned = decision.Planned
	s.now = s.now.Add(period)
	return decision
}

func (s *story) want(what string, got Decision, observed, expected, planned int64, reason Reason) {
	s.t.Helper()
	if want := (Decision{observed, expected, planned, reason}); got != want {
		s.t.Errorf("%s: %+v, want %+v", what, got, want)
	}
}

func repeat(qps float64, times int) (samples []float64) {
	for range times {
		samples = append(samples, qps)
	}
	return samples
}

func TestUpAtOnceAndDownAfterTheWindow(t *testing.T) {
	s := newStory(t, settings(), 0)
	s.want("the first", s.sees(100), 100, 100, 100, Observed)
	s.want("up", s.sees(300), 300, 300, 300, Observed)
	s.want("still in the window", s.sees(repeat(100, 20)...), 100, 100, 300, Observed)
	s.want("a window after the last of 300", s.sees(100), 100, 100, 100, Observed)
}

func TestDownToTheGreatestOfTheWindow(t *testing.T) {
	s := newStory(t, settings(), 0)
	s.sees(300, 100, 200)
	s.sees(repeat(100, 18)...)
	s.want("300 is out of the window, 200 is in", s.sees(100), 100, 100, 200, Observed)
	s.want("200 is out", s.sees(100, 100), 100, 100, 100, Observed)
}

func TestWithoutAWindowDownAtOnce(t *testing.T) {
	without := settings()
	without.Stabilization = 0
	s := newStory(t, without, 0)
	s.sees(300)
	s.want("down", s.sees(100), 100, 100, 100, Observed)
}

func TestAfterARestart(t *testing.T) {
	t.Run("without a history nothing goes down until a whole window was seen", func(t *testing.T) {
		s := newStory(t, settings(), 900)
		s.want("nearly", s.sees(repeat(100, 20)...), 100, 100, 900, Observed)
		s.want("whole", s.sees(100), 100, 100, 100, Observed)
	})
	t.Run("with the window read back it goes on as before", func(t *testing.T) {
		s := newStory(t, settings(), 900)
		var samples []Sample
		for ago := 20; ago >= 0; ago-- {
			samples = append(samples, Sample{At: begin.Add(-time.Duration(ago) * period), QPS: 100})
		}
		samples[3].QPS = 500
		s.want("what the window has", s.gets(samples...), 100, 100, 500, Observed)
	})
	t.Run("what was given before is passed over", func(t *testing.T) {
		s := newStory(t, settings(), 0)
		s.sees(100)
		s.want("the old one", s.gets(Sample{At: begin, QPS: 700}), 100, 100, 100, Observed)
	})
}

func TestAClockThatIsSetBack(t *testing.T) {
	with := settings()
	with.HeadroomPercent, with.FallbackQPS = 20, 2000
	t.Run("more is planned at once, and less after a window", func(t *testing.T) {
		s := newStory(t, with, 0)
		s.sees(repeat(100, 30)...)
		s.now = s.now.Add(-30 * time.Minute)
		s.want("less", s.sees(repeat(10, 20)...), 10, 10, 120, Observed)
		s.want("more", s.sees(1000), 1000, 1000, 1200, Observed)
	})
	t.Run("by less than a period nothing is lost", func(t *testing.T) {
		s := newStory(t, with, 0)
		s.sees(repeat(100, 30)...)
		s.now = s.now.Add(-period)
		s.gets()
		if !s.memory.SawWindow(with.Stabilization) {
			t.Error("the window is lost")
		}
		s.want("more", s.sees(1000), 1000, 1000, 1200, Observed)
	})
	t.Run("the fallback waits for a minute of the new time", func(t *testing.T) {
		s := newStory(t, with, 0)
		s.sees(100)
		s.now = s.now.Add(-30 * time.Minute)
		s.want("a minute", s.lacks(5, SourceUnreachable), 0, 0, 120, SourceUnreachable)
		s.want("no more", s.lacks(1, SourceUnreachable), 0, 2000, 2400, Fallback)
	})
}

func TestMissingDataTakeNoPodAway(t *testing.T) {
	with := settings()
	with.FallbackQPS, with.HeadroomPercent = 240, 50
	for _, trouble := range []Reason{MetricMissing, MetricInvalid, SourceUnreachable, SourceUnauthorized, SourceNotConfigured} {
		s := newStory(t, with, 0)
		s.sees(repeat(100, 30)...)
		s.want("a minute is bridged", s.lacks(4, trouble), 100, 100, 150, trouble)
		s.want("after a minute the fallback", s.lacks(1, trouble), 100, 240, 360, Fallback)
		s.want("however long", s.lacks(100, trouble), 100, 240, 360, Fallback)
		s.want("what comes after begins a new window", s.sees(repeat(100, 20)...), 100, 100, 360, Observed)
		s.want("and ends it", s.sees(100, 100), 100, 100, 150, Observed)
	}
}

func TestAFallbackBelowWhatIsThere(t *testing.T) {
	with := settings()
	with.FallbackQPS = 50
	s := newStory(t, with, 0)
	s.sees(100)
	s.want("is none", s.lacks(50, MetricMissing), 100, 50, 100, Fallback)
}

func TestWithoutAFallbackAllStays(t *testing.T) {
	s := newStory(t, settings(), 700)
	s.want("no sample ever", s.lacks(50, SourceUnreachable), 0, 0, 700, SourceUnreachable)
	s.want("and no answer", s.gets(), 0, 0, 700, MetricMissing)
}

func TestAShortGapKeepsTheWindow(t *testing.T) {
	s := newStory(t, settings(), 0)
	s.sees(300)
	s.sees(repeat(100, 10)...)
	s.lacks(3, MetricMissing)
	s.want("seven later", s.sees(repeat(100, 8)...), 100, 100, 100, Observed)
}

func TestALongerPeriodHasLongerGaps(t *testing.T) {
	slow := settings()
	slow.Period, slow.FallbackQPS = time.Minute, 500
	m := Memory{}
	m.Decide(Input{Settings: slow, Samples: []Sample{{At: begin, QPS: 100}}}, begin)
	for after, want := range map[time.Duration]Reason{time.Minute: Observed, 2 * time.Minute: Observed, 121 * time.Second: Fallback} {
		m := m
		if got := m.Decide(Input{Settings: slow, Planned: 100}, begin.Add(after)); got.Reason != want {
			t.Errorf("after %v: %v, want %v", after, got.Reason, want)
		}
	}
}

func TestTroubleWithinTwoLongPeriodsIsBridged(t *testing.T) {
	slow := settings()
	slow.Period, slow.FallbackQPS = time.Minute, 500
	m := Memory{}
	m.Decide(Input{Settings: slow, Samples: []Sample{{At: begin, QPS: 100}}}, begin)
	now := begin.Add(90 * time.Second)
	got := m.Decide(Input{Settings: slow, Planned: 100, Samples: []Sample{{At: now, Trouble: SourceUnreachable}}}, now)
	if want := (Decision{100, 100, 100, SourceUnreachable}); got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
}

// The parts of a long window hold several samples: each stays for as long as it would alone, and for a part more at most.
func TestPartsOfALongWindowKeepWhatIsGreatest(t *testing.T) {
	with := settings()
	with.Stabilization, with.Forecast = time.Hour, Forecast{GrowthRank: 1}
	s := newStory(t, with, 0)
	s.sees(100, 100, 100, 500)
	s.want("an hour after", s.sees(repeat(100, 240)...), 100, 100, 500, Observed)
	s.in.Earlier = []Day{{100, 190}}
	s.want("on top of the greatest", s.sees(100), 100, 950, 950, Observed)
}

// Thirty parts, the one that is not full, and the one before, from which the window is known to be whole.
func TestPartsOfALongWindow(t *testing.T) {
	with := settings()
	with.Stabilization = time.Hour
	m := Memory{}
	for i := range 3 * 3600 {
		now := begin.Add(time.Duration(i) * time.Second)
		m.Decide(Input{Settings: with, Samples: []Sample{{At: now, QPS: 100}}}, now)
		if want := min(1+i/120, partsKept); int(m.parts) != want {
			t.Fatalf("%d parts after %d seconds, want %d", m.parts, i, want)
		}
	}
}

func TestWhatASampleCanBe(t *testing.T) {
	for name, tc := range map[string]struct {
		sample   Sample
		observed int64
		reason   Reason
	}{
		"a number":        {Sample{At: begin, QPS: 99.2}, 100, Observed},
		"zero":            {Sample{At: begin}, 0, Observed},
		"the greatest":    {Sample{At: begin, QPS: math.MaxInt32}, math.MaxInt32, Observed},
		"too great":       {Sample{At: begin, QPS: math.MaxInt32 + 1}, 0, MetricInvalid},
		"negative":        {Sample{At: begin, QPS: -1}, 0, MetricInvalid},
		"NaN":             {Sample{At: begin, QPS: math.NaN()}, 0, MetricInvalid},
		"infinite":        {Sample{At: begin, QPS: math.Inf(1)}, 0, MetricInvalid},
		"minus infinite":  {Sample{At: begin, QPS: math.Inf(-1)}, 0, MetricInvalid},
		"trouble":         {Sample{At: begin, QPS: 7, Trouble: SourceUnauthorized}, 0, SourceUnauthorized},
		"old":             {Sample{At: begin.Add(-31 * time.Second), QPS: 100}, 100, MetricMissing},
		"not quite old":   {Sample{At: begin.Add(-30 * time.Second), QPS: 100}, 100, Observed},
		"from the future": {Sample{At: begin.Add(time.Hour), QPS: 100}, 100, Observed},
	} {
		t.Run(name, func(t *testing.T) {
			s := newStory(t, settings(), 0)
			got := s.gets(tc.sample)
			if got.Observed != tc.observed || got.Reason != tc.reason {
				t.Errorf("%+v, want %d and %s", got, tc.observed, tc.reason)
			}
			if s.memory.since > instant(begin.UnixNano()) {
				t.Errorf("it is %v, and %v was noted", begin, s.memory.since)
			}
		})
	}
}

func TestBounds(t *testing.T) {
	with := settings()
	with.MinQPS, with.MaxQPS, with.HeadroomPercent = 40, 1000, 20
	for name, tc := range map[string]struct {
		qps               float64
		planned           int64
		expected, decided int64
	}{
		"below the least":         {10, 0, 40, 48},
		"between":                 {500, 0, 500, 600},
		"above the greatest":      {5000, 0, 1000, 1200},
		"planned above, by order": {500, 9000, 500, 1200},
		"planned below, by order": {10, 1, 40, 48},
	} {
		t.Run(name, func(t *testing.T) {
			s := newStory(t, with, tc.planned)
			s.want("bounded", s.sees(tc.qps), int64(tc.qps), tc.expected, tc.decided, Observed)
		})
	}
	t.Run("without data", func(t *testing.T) {
		s := newStory(t, with, 0)
		s.want("the least", s.lacks(1, MetricMissing), 0, 40, 48, MetricMissing)
		s.in.Settings.FallbackQPS = 2000
		s.want("the greatest", s.lacks(10, MetricMissing), 0, 1000, 1200, Fallback)
	})
	t.Run("that contradict", func(t *testing.T) {
		with.MinQPS = 5000
		s := newStory(t, with, 0)
		s.want("the greatest counts", s.sees(10), 10, 1000, 1200, Observed)
	})
	t.Run("none, of the greatest", func(t *testing.T) {
		s := newStory(t, Settings{HeadroomPercent: 1000, Period: period}, 0)
		s.want("no overflow", s.sees(math.MaxInt32), math.MaxInt32, math.MaxInt32, 11*math.MaxInt32, Observed)
	})
}

func TestSmallChangesChangeNothing(t *testing.T) {
	for name, tc := range map[string]struct {
		headroom int32
		qps      float64
		want     int64
	}{
		"up without headroom":       {0, 1001, 1001},
		"up within half of it":      {10, 1049, 1100},
		"up beyond half of it":      {10, 1051, 1157},
		"up within a tenth":         {50, 1099, 1500},
		"up beyond a tenth":         {50, 1101, 1652},
		"down within 15%":           {0, 851, 1000},
		"down by 15%":               {0, 850, 1000},
		"down beyond 15%":           {0, 849, 849},
		"down, the headroom counts": {50, 851, 1500},
	} {
		t.Run(name, func(t *testing.T) {
			with := settings()
			with.HeadroomPercent, with.Stabilization = tc.headroom, 0
			s := newStory(t, with, 0)
			s.sees(1000)
			if got := s.sees(tc.qps).Planned; got != tc.want {
				t.Errorf("planned %d, want %d", got, tc.want)
			}
		})
	}
}

// What is remembered of each application has a fixed size.
func TestMemoryIsBounded(t *testing.T) {
	if size := unsafe.Sizeof(Memory{}) + unsafe.Sizeof(Starts{}); size > 2048 {
		t.Errorf("%d bytes, want at most 2 KiB", size)
	}
}

func TestALongWindowHasRoom(t *testing.T) {
	for _, window := range []time.Duration{time.Second, time.Minute, 5 * time.Minute, time.Hour} {
		with := settings()
		with.Stabilization = window
		s := newStory(t, with, 0)
		s.sees(500)
		stays := int(window / period)
		s.sees(repeat(100, stays-1)...)
		if stays > 0 {
			s.want("in the window of "+window.String(), s.sees(100), 100, 100, 500, Observed)
		}
		s.want("after it", s.sees(repeat(100, 1+stays/(partsKept-2))...), 100, 100, 100, Observed)
	}
}

func TestALongerWindowIsNotWholeAtOnce(t *testing.T) {
	s := newStory(t, settings(), 0)
	s.sees(500)
	s.sees(repeat(100, 20)...)
	s.in.Settings.Stabilization = time.Hour
	s.want("an hour was not seen", s.sees(repeat(100, 10)...), 100, 100, 500, Observed)
}

// random is a run of anything that a source may answer, and the decisions.
func random(seed uint64, check func(m *Memory, in Input, got Decision)) {
	r := rand.New(rand.NewPCG(seed, 1))
	in := Input{Settings: Settings{
		MinQPS: r.Int32N(500), MaxQPS: r.Int32N(5000), FallbackQPS: r.Int32N(3000), HeadroomPercent: r.Int32N(100),
		Stabilization: time.Duration(r.IntN(600)) * time.Second, Period: period, Forecast: Auto,
	}, LeadTime: time.Duration(r.IntN(900)) * time.Second}
	m, now := Memory{}, begin
	for range 200 {
		in.Samples = []Sample{{At: now.Add(-time.Duration(r.IntN(20)) * time.Second), QPS: 3000 * r.Float64()}}
		in.Earlier = []Day{{1000 * r.Float64(), 2000 * r.Float64()}}
		switch r.IntN(10) {
		case 0:
			in.Samples = nil
		case 1:
			in.Samples[0].Trouble = SourceUnreachable
		case 2:
			in.Samples[0].QPS = []float64{math.NaN(), math.Inf(1), -1, math.MaxFloat64}[r.IntN(4)]
		}
		got := m.Decide(in, now)
		check(&m, in, got)
		in.Planned = got.Planned
		now = now.Add(time.Duration(r.IntN(40)) * time.Second)
	}
}

func TestProperties(t *testing.T) {
	for seed := range uint64(200) {
		random(seed, func(m *Memory, in Input, got Decision) { checkDecision(t, m, in, got) })
	}
}

// checkDecision holds a decision against what must be true of each.
func checkDecision(t *testing.T, m *Memory, in Input, got Decision) {
	t.Helper()
	least, greatest := in.Settings.withHeadroom(in.Settings.bounded(0)), int64(math.MaxInt64)
	if in.Settings.MaxQPS > 0 {
		greatest = in.Settings.withHeadroom(int64(in.Settings.MaxQPS))
	}
	if got.Planned < least || got.Planned > greatest {
		t.Errorf("planned %d, between %d and %d: %+v", got.Planned, least, greatest, in)
	}
	if got.Reason != Observed && got.Planned < min(in.Planned, greatest) {
		t.Errorf("%s: down from %d to %d: %+v", got.Reason, in.Planned, got.Planned, in)
	}
	if got.Planned < min(in.Planned, greatest) && !m.SawWindow(in.Settings.Stabilization) {
		t.Errorf("down from %d to %d before a whole window was seen: %+v", in.Planned, got.Planned, in)
	}
	if got.Reason == Observed && got.Planned < got.Expected {
		t.Errorf("planned %d for %d: %+v", got.Planned, got.Expected, in)
	}
	if got.Expected < in.Settings.bounded(float64(got.Observed)) && got.Reason == Observed {
		t.Errorf("expected %d of %d: %+v", got.Expected, got.Observed, in)
	}
	if got.Observed < 0 || got.Expected < 0 || got.Expected > math.MaxInt32 {
		t.Errorf("%+v: %+v", got, in)
	}
}

// More traffic never leads to a lesser demand.
func TestMonotoneInTheLastSample(t *testing.T) {
	for seed := range uint64(300) {
		r := rand.New(rand.NewPCG(seed, 2))
		with := settings()
		with.Forecast, with.HeadroomPercent = Auto, r.Int32N(60)
		s := newStory(t, with, 0)
		for range 1 + r.IntN(40) {
			s.sees(1000 * r.Float64())
		}
		last := Decision{}
		for qps := 0.0; qps < 2000; qps += 100 {
			copied := *s
			got := copied.sees(qps)
			if got.Planned < last.Planned || got.Expected < last.Expected {
				t.Fatalf("seed %d: %+v at %v, and %+v at less", seed, got, qps, last)
			}
			last = got
		}
	}
}

func FuzzDecide(f *testing.F) {
	f.Add(100.0, 200.0, 50.0, 60.0, int64(15), int64(60), int32(0), int32(0), int32(0), int32(20), int64(120))
	f.Add(math.NaN(), math.Inf(1), -1.0, math.MaxFloat64, int64(-1), int64(math.MaxInt64), int32(5), int32(-3), int32(7), int32(-1), int64(-7))
	f.Fuzz(func(t *testing.T, first, second, then, ahead float64, after, lead int64, least, greatest, fallback, headroom int32, planned int64) {
		in := Input{
			Settings: Settings{MinQPS: least, MaxQPS: greatest, FallbackQPS: fallback, HeadroomPercent: headroom,
				Stabilization: 5 * time.Minute, Period: period, Forecast: Auto},
			LeadTime: time.Duration(lead), Earlier: []Day{{then, ahead}}, Planned: planned,
		}
		m, now := Memory{}, begin
		for i := range 8 {
			in.Samples = []Sample{{At: now, QPS: first + float64(i)*second}}
			got := m.Decide(in, now)
			checkDecision(t, &m, in, got)
			in.Planned, now = got.Planned, now.Add(time.Duration(after%3600)*time.Second)
		}
	})
}

func BenchmarkDecide(b *testing.B) {
	with := settings()
	with.Forecast = Auto
	in := Input{Settings: with, LeadTime: time.Minute, Planned: 1000, Samples: make([]Sample, 1)}
	in.Earlier = []Day{{900, 1000}, {900, 1100}, {900, 950}, {900, 1000}, {900, 1000}, {900, 1000}, {900, 1000}}
	m, now := Memory{}, begin
	b.ReportAllocs()
	for i := range b.N {
		now = now.Add(period)
		in.Samples[0] = Sample{At: now, QPS: 900 + float64(i%100)}
		in.Planned = m.Decide(in, now).Planned
	}
}
