// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

// Package demand decides which demand the pods of an application have to serve, from the traffic that was measured: what is
// expected by the time at which pods that are asked for now are ready. It reads nothing, and no clock.
package demand

import (
	"math"
	"time"

	"github.com/elasticweb/elasticweb-operator/internal/capacity"
)

// Reason says where a number comes from, or why there is none.
type Reason string

// The reasons. All but Observed and Fallback are why a sample has no number.
const (
	Observed            Reason = "Observed"
	MetricMissing       Reason = "MetricMissing"
	MetricInvalid       Reason = "MetricInvalid"
	SourceUnreachable   Reason = "SourceUnreachable"
	SourceUnauthorized  Reason = "SourceUnauthorized"
	SourceNotConfigured Reason = "SourceNotConfigured"
	Fallback            Reason = "Fallback"
)

const (
	// gap is the least of Settings.Gap.
	gap = time.Minute
	// upTolerance is the rise, as a part of what is planned, that is too small to make pods for: that of the HorizontalPodAutoscaler. No
	// more than half of the headroom is used so, and none where there is no headroom.
	upTolerance = 0.1
	// downTolerance is the fall that is too small to let pods go: with a tenth the number changed a third more often, for one in a
	// hundred of the pod hours.
	downTolerance = 0.15
)

// Sample is one answer of the source.
type Sample struct {
	At time.Time
	// QPS in requests per second; nothing where there is trouble.
	QPS float64
	// Trouble is why there is no number, "" where there is one.
	Trouble Reason
}

// Settings are the user's, in requests per second, headroom not included.
type Settings struct {
	// MinQPS and MaxQPS are bounds of what is expected; a MaxQPS of 0 is none. Where they contradict, MaxQPS counts.
	MinQPS, MaxQPS int32
	// FallbackQPS is expected where data were missing for longer than a minute; 0 is none.
	FallbackQPS int32
	// HeadroomPercent is planned on top of what is expected.
	HeadroomPercent int32
	// Stabilization is for how long nothing may have called for more before the demand goes down.
	Stabilization time.Duration
	// Period is the time between two samples.
	Period time.Duration
	// Forecast is how it looks ahead; the zero value does not.
	Forecast Forecast
}

// Input is what a decision is made from.
type Input struct {
	Settings Settings
	// Samples in the order of time; those that were given before are passed over. After a restart: those of the last
	// stabilization window, where the source has a history.
	Samples []Sample
	// LeadTime is how long a pod takes to be ready; see Starts.
	LeadTime time.Duration
	// Earlier is what the same time of earlier days was followed by, where the source has a history.
	Earlier []Day
	// Planned is what is planned now, in requests per second, headroom included; 0 for nothing.
	Planned int64
	// Holds has it not go down: what is planned may be for an expectation of before, which cannot be told again yet.
	Holds bool
}

// Decision is in requests per second.
type Decision struct {
	// Observed is the last number of the source, Expected the greatest that is expected until pods asked for now are ready.
	Observed, Expected int64
	// Planned is what the pods have to serve, headroom included.
	Planned int64
	Reason  Reason
}

// Decide works out the demand at a time. It goes up at once, and down when nothing called for more during a whole window. While data are
// missing it does not go down.
func (m *Memory) Decide(in Input, at time.Time) Decision {
	now := instant(at.UnixNano())
	trouble := m.observeAll(in, now)
	decision := Decision{Observed: whole(m.observed), Expected: in.Settings.bounded(m.expected), Planned: in.Planned, Reason: Observed}
	switch {
	case trouble == "":
		decision.Planned = m.planned(in, decision.Expected)
	case now.sub(m.since) > in.Settings.Gap() && in.Settings.FallbackQPS > 0:
		decision.Expected = in.Settings.bounded(float64(in.Settings.FallbackQPS))
		decision.Planned, decision.Reason = max(in.Planned, in.Settings.withHeadroom(decision.Expected)), Fallback
	default:
		decision.Reason = trouble
	}
	decision.Planned = max(decision.Planned, in.Settings.withHeadroom(in.Settings.bounded(0)))
	if in.Settings.MaxQPS > 0 {
		decision.Planned = min(decision.Planned, in.Settings.withHeadroom(int64(in.Settings.MaxQPS)))
	}
	return decision
}

// planned is what is planned where there are data.
func (m *Memory) planned(in Input, expected int64) int64 {
	slack := min(upTolerance, float64(max(in.Settings.HeadroomPercent, 0))/200)
	if needed := in.Settings.withHeadroom(expected); float64(needed) > float64(in.Planned)*(1+slack) {
		return needed
	}
	greatest := m.greatest(in.Settings.Stabilization, in.LeadTime+in.Settings.Period)
	needed := in.Settings.withHeadroom(in.Settings.bounded(greatest.expected))
	if !in.Holds && m.SawWindow(in.Settings.Stabilization) && float64(needed) < float64(in.Planned)*(1-downTolerance) {
		return needed
	}
	return in.Planned
}

func (s Settings) bounded(qps float64) int64 {
	bounded := max(whole(qps), int64(s.MinQPS))
	if s.MaxQPS > 0 {
		bounded = min(bounded, int64(s.MaxQPS))
	}
	return bounded
}

func (s Settings) withHeadroom(qps int64) int64 {
	return capacity.WithHeadroom(int32(min(qps, math.MaxInt32)), s.HeadroomPercent)
}

// Gap is for how long data may be missing before the fallback is in force and what comes after begins a new window: a minute, and longer
// where the samples themselves are further apart.
func (s Settings) Gap() time.Duration { return max(gap, 2*s.Period) }

func whole(qps float64) int64 { return int64(math.Ceil(min(qps, math.MaxInt32))) }
