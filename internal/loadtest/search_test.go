// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package loadtest

import (
	"slices"
	"testing"
	"time"
)

// run carries a search out on a model, and checks that it takes no more than it may.
func run(t *testing.T, limits Limits, m *model) Result {
	t.Helper()
	search := NewSearch(limits)
	steps := 0
	for step, more := search.Next(); more; step, more = search.Next() {
		if step.Rate <= 0 || step.Rate > limits.MaxQPS || step.Duration <= 0 {
			t.Fatalf("step %+v is out of bounds", step)
		}
		search.Observe(m.measure(step))
		if steps++; steps > maxSteps {
			t.Fatalf("more than %d steps", maxSteps)
		}
	}
	if allowed := limits.Duration.Seconds() + modelTimeout; m.now > allowed {
		t.Errorf("the steps took %.0fs, allowed are %.0fs", m.now, allowed)
	}
	return search.Result()
}

func limits(latencyTarget, duration time.Duration) Limits {
	return Limits{LatencyTarget: latencyTarget, ErrorRateTarget: 0.01, MaxQPS: 100_000, Duration: duration}
}

// TestSearchFindsTheHighestRate holds the promise of the package: from 5% below to 2% above what the model serves.
func TestSearchFindsTheHighestRate(t *testing.T) {
	const ms = time.Millisecond
	const seeds = 8 // of the models that take long
	poisson := func(seed uint64, workers int, mean float64) *model {
		m := newModel(seed, workers, exponential(mean))
		m.poisson = true
		return m
	}
	for name, tc := range map[string]struct {
		limits Limits
		truth  float64
		seeds  uint64
		model  func(seed uint64) *model
	}{
		"M/M/1": {limits(50*ms, 10*time.Minute), saturation(1, 0.0005, 0.05), seeds, func(seed uint64) *model {
			return poisson(seed, 1, 0.0005)
		}},
		"M/M/4": {limits(100*ms, 10*time.Minute), saturation(4, 0.002, 0.1), seeds, func(seed uint64) *model {
			return poisson(seed, 4, 0.002)
		}},
		"M/M/16": {limits(100*ms, 5*time.Minute), saturation(16, 0.004, 0.1), seeds, func(seed uint64) *model {
			return poisson(seed, 16, 0.004)
		}},
		"slow start": {limits(100*ms, 5*time.Minute), 2000, 20, func(seed uint64) *model {
			return newModel(seed, 8, warming(constant(0.004), 5, 45))
		}},
		"slow start, for longer than the warm-up": {limits(100*ms, 5*time.Minute), 200, 20, func(seed uint64) *model {
			return newModel(seed, 8, warming(constant(0.04), 20, 75))
		}},
		"bucket that rejects": {limits(100*ms, time.Minute), 500, 50, func(seed uint64) *model {
			m := newModel(seed, 1, constant(0.002))
			m.patience = 0.05
			return m
		}},
		"bucket that rejects at once": {limits(100*ms, time.Minute), 500, 50, func(seed uint64) *model {
			m := newModel(seed, 1, constant(0.002))
			m.patience = 1e-6
			return m
		}},
		"bucket that queues": {limits(100*ms, time.Minute), 500, 50, func(seed uint64) *model {
			return newModel(seed, 1, constant(0.002))
		}},
		"bucket that queues, in little time": {limits(100*ms, 15*time.Second), 500, 50, func(seed uint64) *model {
			return newModel(seed, 1, constant(0.002))
		}},
		"noise": {limits(100*ms, 2*time.Minute), 500, 50, func(seed uint64) *model {
			// 1 in 1000 takes 20 ms longer on average: 2.01 ms in place of 2.
			return newModel(seed, 4, hiccups(constant(0.008-0.00002), 0.04))
		}},
		"a thousandth of failures": {limits(100*ms, time.Minute), 500, 50, func(seed uint64) *model {
			m := newModel(seed, 4, constant(0.008))
			m.failures = 0.001
			return m
		}},
		"a few requests a second": {limits(time.Second, 10*time.Minute), 4, 20, func(seed uint64) *model {
			return newModel(seed, 1, constant(0.25))
		}},
		"a little less than the first rate": {limits(500*ms, 5*time.Minute), 8, 20, func(seed uint64) *model {
			return newModel(seed, 1, constant(0.125))
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var ratios []float64
			steps := 0
			for seed := range tc.seeds {
				result := run(t, tc.limits, tc.model(seed))
				ratio := float64(result.QPS) / tc.truth
				if result.Reason != ReasonMeasured || result.AtLeast || ratio < 0.95 && float64(result.QPS) < tc.truth-1 || ratio > 1.02 {
					t.Errorf("seed %d: %d requests/s, want %.0f: %+v", seed, result.QPS, tc.truth, result)
				}
				ratios, steps = append(ratios, ratio), max(steps, len(result.Steps))
			}
			slices.Sort(ratios)
			t.Logf("%.0f requests/s found as %.3f to %.3f of them, in at most %d steps", tc.truth, ratios[0], ratios[len(ratios)-1], steps)
		})
	}
}

func TestSearchSaysWhatItsLimitWas(t *testing.T) {
	fast := func(seed uint64) *model { return newModel(seed, 1, constant(0.0001)) }
	saturated := fast(1)
	saturated.generator = 700
	capped := limits(100*time.Millisecond, time.Minute)
	capped.MaxQPS = 333
	for name, tc := range map[string]struct {
		limits      Limits
		model       *model
		least, most int32
		by          Reason
	}{
		"generator":    {limits(100*time.Millisecond, time.Minute), saturated, 665, 714, ReasonGeneratorSaturated},
		"highest rate": {capped, fast(2), 332, 333, ReasonMaxQPS},
	} {
		t.Run(name, func(t *testing.T) {
			result := run(t, tc.limits, tc.model)
			if !result.AtLeast || result.LimitedBy != tc.by || result.QPS < tc.least || result.QPS > tc.most {
				t.Errorf("got %+v, want at least %d to %d requests/s, limited by %s", result, tc.least, tc.most, tc.by)
			}
		})
	}
}

// TestSearchFallsBackToALowerBound has a target that is fast until the search begins to confirm, and far slower from then
// on: a processor's credit that is used up, a neighbour that came.
func TestSearchFallsBackToALowerBound(t *testing.T) {
	const ms = time.Millisecond
	for name, tc := range map[string]struct {
		limits Limits
		truth  float64
		// patience in seconds, after which the target gives up on a request.
		patience float64
		// until is the share of the time in which it is fast.
		until float64
	}{
		"a quarter":  {limits(100*ms, time.Minute), 500, 0.05, 0.5},
		"a tenth":    {limits(100*ms, time.Minute), 200, 0.05, 0.5},
		"a fiftieth": {limits(100*ms, time.Minute), 40, 0.05, 0.5},
		// Steps that break last for as long as their last answers.
		"half, with a long queue":      {limits(2*time.Second, 90*time.Second), 1000, 4, 0.4},
		"a quarter, with a long queue": {limits(2*time.Second, 90*time.Second), 500, 4, 0.45},
	} {
		t.Run(name, func(t *testing.T) {
			for seed := range uint64(20) {
				m := newModel(seed, 1, func(_ *model, now float64) float64 {
					if now < tc.until*tc.limits.Duration.Seconds() {
						return 0.0005
					}
					return 1 / tc.truth
				})
				m.patience = tc.patience
				result := run(t, tc.limits, m)
				if qps := float64(result.QPS); result.Reason != ReasonMeasured || qps > 1.02*tc.truth || qps < 0.25*tc.truth {
					t.Errorf("seed %d: %d requests/s, want at most %.0f, and at least a quarter: %+v", seed, result.QPS, tc.truth, result)
				}
				if near := float64(result.QPS) >= tc.truth/loosest; !near && !result.AtLeast {
					t.Errorf("seed %d: %d requests/s is not said to be a lower bound: %+v", seed, result.QPS, result)
				}
			}
		})
	}
}

func TestSearchNamesWhyThereIsNoRate(t *testing.T) {
	down := func(reason Reason) *model {
		m := newModel(1, 1, constant(0.001))
		m.down = reason
		return m
	}
	failing := newModel(1, 1, constant(0.001))
	failing.failures = 0.2
	for name, tc := range map[string]struct {
		model *model
		want  Reason
	}{
		"connections refused": {down(ReasonConnectionRefused), ReasonConnectionRefused},
		"timeouts":            {down(ReasonTimeout), ReasonTimeout},
		"a share of failures": {failing, ReasonServerErrors},
		"always slow":         {newModel(1, 100, constant(0.2)), ReasonTooSlow},
	} {
		t.Run(name, func(t *testing.T) {
			result := run(t, limits(100*time.Millisecond, 5*time.Minute), tc.model)
			if result.Reason != tc.want || result.QPS != 0 {
				t.Errorf("got %+v, want no rate because of %s", result, tc.want)
			}
		})
	}
}

func TestSearchThatIsInterrupted(t *testing.T) {
	search, m := NewSearch(limits(100*time.Millisecond, time.Minute)), newModel(1, 1, constant(0.001))
	for range 6 {
		step, _ := search.Next()
		search.Observe(m.measure(step))
	}
	search.Interrupt()
	if _, more := search.Next(); more {
		t.Error("there is a step after the interruption")
	}
	result := search.Result()
	if want := "up to 80 requests/s held so far, not confirmed"; result.Reason != ReasonInterrupted || result.Message != want {
		t.Errorf("got %s, %q, want Interrupted, %q", result.Reason, result.Message, want)
	}
	if result.QPS != 0 || len(result.Steps) != 6 {
		t.Errorf("got %d requests/s and %d steps, want none and 6", result.QPS, len(result.Steps))
	}
}

// A target that becomes slower at any time, and whose last answers come late in every step that breaks, leaves time to confirm a
// lower bound.
func TestSearchKeepsTimeToConfirmWhereStepsBreakLate(t *testing.T) {
	const fast, slow, late = 300.0, 150.0, 10 * time.Second
	l := limits(2*time.Second, 90*time.Second)
	for slower := time.Duration(0); slower < l.Duration; slower += time.Second / 4 {
		search := NewSearch(l)
		var now time.Duration
		for step, more := search.Next(); more; step, more = search.Next() {
			holds := fast
			if now > slower {
				holds = slow
			}
			m := Measurement{Sent: step.Rate, Served: min(step.Rate, holds), Elapsed: step.Settle + step.Duration}
			if step.Rate > holds {
				m.ServiceP99, m.Elapsed = 2*l.LatencyTarget, m.Elapsed+late
			}
			now += m.Elapsed
			search.Observe(m)
		}
		if result := search.Result(); result.Reason != ReasonMeasured || float64(result.QPS) < 0.25*slow {
			t.Errorf("slower after %s: %+v", slower, result)
		}
	}
}
