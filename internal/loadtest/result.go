// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package loadtest

import (
	"encoding/json"
	"fmt"
	"math"
	"time"
	"unicode/utf8"
)

// MaxResultBytes is what the kubelet keeps of a container's termination message.
const MaxResultBytes = 4096

// maxMessageBytes bounds Result.Message, which holds what a target or a system call said.
const maxMessageBytes = 512

// Result is what a search found out, as it is written to the termination message.
type Result struct {
	// Architecture that the target ran on, as in the node label kubernetes.io/arch.
	Architecture string `json:"architecture,omitempty"`
	// QPS is the highest confirmed rate in requests per second, at least 1; 0 where none was confirmed.
	QPS int32 `json:"qps"`
	// AtLeast says that not the target was the limit, but LimitedBy: it may serve more.
	AtLeast bool `json:"atLeast,omitempty"`
	// LimitedBy is why the lowest rate above QPS was not held.
	LimitedBy Reason `json:"limitedBy,omitempty"`
	// P50Micros and P99Micros are percentiles of the response time at QPS, in microseconds.
	P50Micros int64 `json:"p50Micros,omitempty"`
	P99Micros int64 `json:"p99Micros,omitempty"`
	// ErrorRate is the share of failed requests at QPS, from 0 to 1.
	ErrorRate float64 `json:"errorRate,omitempty"`
	// Reason is ReasonMeasured, or why there is no QPS.
	Reason Reason `json:"reason"`
	// Message explains Reason to people.
	Message string `json:"message,omitempty"`
	// Steps in the order in which they were made; the first ones are left out where there is no room.
	Steps []StepSummary `json:"steps,omitempty"`
}

// StepSummary is a step in short.
type StepSummary struct {
	Phase     Phase   `json:"phase"`
	Rate      float64 `json:"rate"`
	Served    float64 `json:"served"`
	P99Micros int64   `json:"p99Micros"`
	ErrorRate float64 `json:"errorRate,omitempty"`
	// Broke is why the rate was not held, "" where it was.
	Broke Reason `json:"broke,omitempty"`
}

// Result is what is known: all of it once Next returned false.
func (s *Search) Result() Result {
	if confirmed := s.outcome.confirmed; confirmed.Rate > 0 {
		return s.measured(confirmed)
	}
	return Result{Reason: s.outcome.reason, Message: s.explain(), Steps: s.steps}
}

// Steps are the steps that were observed so far.
func (s *Search) Steps() []StepSummary { return s.steps }

func (s *Search) measured(confirmed rateStep) Result {
	m := confirmed.measurement
	limit := s.limitedBy()
	return Result{
		QPS:       int32(max(1, math.Round(sustained(confirmed)))),
		AtLeast:   limit == ReasonMaxQPS || limit == ReasonGeneratorSaturated || limit == ReasonOutOfTime,
		LimitedBy: limit,
		P50Micros: m.P50.Microseconds(),
		P99Micros: m.P99.Microseconds(),
		ErrorRate: m.ErrorRate,
		Reason:    ReasonMeasured,
		Message:   s.explain(),
		Steps:     s.steps,
	}
}

// sustained is the rate at which the target kept up in a step, in requests per second. One that fell behind, if within
// the limits, served less than it was offered: the last requests waited longer than the first, and so the step took longer.
func sustained(step rateStep) float64 {
	m, duration := step.measurement, step.Duration.Seconds()
	// From the middle of the first tenth to that of the last is nine tenths.
	growth := max(0, m.Growth.Seconds()) / 0.9
	return step.Rate * (1 - m.ErrorRate) * duration / (duration + growth)
}

// loosest is the ratio of the lowest rate that broke to the confirmed one from which the latter is a lower bound only.
const loosest = 1.08

// limitedBy is what kept the search from a higher rate.
func (s *Search) limitedBy() Reason {
	switch {
	case s.broken.Rate > loosest*s.outcome.confirmed.Rate:
		return ReasonOutOfTime
	case s.broken.reason != "":
		return s.broken.reason
	case s.outcome.confirmed.Rate >= s.limits.MaxQPS:
		return ReasonMaxQPS
	default:
		return ReasonOutOfTime
	}
}

// explain is the message of a result.
func (s *Search) explain() string {
	switch {
	case s.outcome.reason == ReasonMeasured:
		return s.explainLimit()
	case s.confirmations > 0:
		return fmt.Sprintf("up to %.0f requests/s held for a short time, but %.0f not for %s: %s",
			s.held.Rate, s.broken.Rate, s.share(PhaseConfirming), s.broken.reason)
	case s.held.Rate > 0:
		return fmt.Sprintf("up to %.0f requests/s held so far, not confirmed%s", s.held.Rate, s.explainBroken())
	case s.outcome.reason == ReasonTooSlow:
		return fmt.Sprintf("not even %d request/s is answered within %s", leastRate, s.limits.LatencyTarget)
	case s.outcome.message == "":
		return "no rate was held so far"
	default:
		return s.outcome.message
	}
}

func (s *Search) explainBroken() string {
	if s.broken.reason == "" {
		return ""
	}
	return fmt.Sprintf("; %.0f requests/s broke the limits: %s", s.broken.Rate, s.broken.reason)
}

func (s *Search) explainLimit() string {
	switch limit := s.limitedBy(); limit {
	case ReasonMaxQPS:
		return "more than the highest allowed rate was not tried"
	case ReasonOutOfTime:
		return "for want of time the rates next to it were not tried" + s.explainBroken()
	case ReasonGeneratorSaturated:
		return fmt.Sprintf("the load generator could not send %.0f requests/s", s.broken.Rate)
	default:
		return fmt.Sprintf("%.0f requests/s broke the limits: %s", s.broken.Rate, limit)
	}
}

// Encode is the result as JSON of at most MaxResultBytes. Steps and the end of the message are left out for that.
func (r Result) Encode() ([]byte, error) {
	r.Message = truncate(r.Message, maxMessageBytes)
	for {
		encoded, err := json.Marshal(r)
		if err != nil {
			return nil, fmt.Errorf("encode the result: %w", err)
		}
		if len(encoded) <= MaxResultBytes {
			return encoded, nil
		}
		if len(r.Steps) == 0 {
			return nil, fmt.Errorf("encode the result: %d bytes are more than %d", len(encoded), MaxResultBytes)
		}
		r.Steps = r.Steps[1:]
	}
}

// DecodeResult reads what Encode wrote.
func DecodeResult(encoded []byte) (Result, error) {
	var r Result
	if err := json.Unmarshal(encoded, &r); err != nil {
		return Result{}, fmt.Errorf("decode the result: %w", err)
	}
	if !r.isSound() {
		return Result{}, fmt.Errorf("decode the result: what no measurement gives, in %q", truncate(string(encoded), maxMessageBytes))
	}
	return r, nil
}

// longestReason is more than any of the reasons has, in bytes.
const longestReason = 64

// isSound reports whether a measurement may have given this. Whoever can write the file that the result is read from may write anything.
func (r *Result) isSound() bool {
	return r.Reason != "" && len(r.Reason) <= longestReason && len(r.LimitedBy) <= longestReason &&
		r.QPS >= 0 && r.P50Micros >= 0 && r.P99Micros >= 0 && r.ErrorRate >= 0 && r.ErrorRate <= 1
}

// truncate cuts s to at most n bytes, between characters.
func truncate(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
}

// summarize rounds to what a reader wants to see.
func summarize(step rateStep) StepSummary {
	return StepSummary{
		Phase:     step.Phase,
		Rate:      rounded(step.Rate, 10),
		Served:    rounded(step.measurement.Served, 10),
		P99Micros: step.measurement.P99.Round(time.Microsecond).Microseconds(),
		ErrorRate: rounded(step.measurement.ErrorRate, 10_000),
		Broke:     step.reason,
	}
}

func rounded(x, parts float64) float64 { return math.Round(x*parts) / parts }
