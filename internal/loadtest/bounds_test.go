// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package loadtest

import (
	"testing"
	"time"

	"pgregory.net/rapid"
)

// TestSearchEndsWhateverIsMeasured feeds a search with anything.
func TestSearchEndsWhateverIsMeasured(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		limits := Limits{
			LatencyTarget:   time.Duration(rapid.Int64Range(1, int64(time.Minute)).Draw(t, "latency target")),
			ErrorRateTarget: rapid.Float64Range(0, 0.99).Draw(t, "error rate target"),
			MaxQPS:          rapid.Float64Range(1, highestMaxQPS).Draw(t, "max QPS"),
			Duration:        time.Duration(rapid.Int64Range(int64(MinDuration), int64(time.Hour)).Draw(t, "duration")),
		}
		if err := limits.Validate(); err != nil {
			t.Fatal(err)
		}
		search := NewSearch(limits)
		var taken time.Duration
		steps := 0
		for step, more := search.Next(); more; step, more = search.Next() {
			if !(step.Rate >= leastRate && step.Rate <= limits.MaxQPS) {
				t.Fatalf("rate %g is out of bounds", step.Rate)
			}
			m := drawMeasurement(t, step, limits)
			taken += m.Elapsed
			search.Observe(m)
			if steps++; steps > maxSteps {
				t.Fatalf("more than %d steps", maxSteps)
			}
		}
		if taken > limits.Duration {
			t.Fatalf("took %s, allowed %s", taken, limits.Duration)
		}
		result := search.Result()
		if result.Reason == "" || (result.Reason == ReasonMeasured) != (result.QPS > 0) {
			t.Fatalf("reason %q with %d requests/s", result.Reason, result.QPS)
		}
		encoded, err := result.Encode()
		if err != nil || len(encoded) > MaxResultBytes {
			t.Fatalf("%d bytes, %v", len(encoded), err)
		}
	})
}

func drawMeasurement(t *rapid.T, step Step, limits Limits) Measurement {
	latency := time.Duration(rapid.Int64Range(0, 2*int64(limits.LatencyTarget)).Draw(t, "latency"))
	m := Measurement{
		Sent:       step.Rate * rapid.Float64Range(0.95, 1).Draw(t, "sent"),
		Served:     step.Rate * rapid.Float64Range(0.1, 1).Draw(t, "served"),
		P99:        latency,
		ServiceP99: latency,
		Elapsed:    step.Settle + step.Duration,
	}
	if rapid.IntRange(0, 3).Draw(t, "fails") == 0 {
		m.ErrorRate, m.Reason = rapid.Float64Range(0, 1).Draw(t, "error rate"), ReasonServerErrors
	}
	return m
}
