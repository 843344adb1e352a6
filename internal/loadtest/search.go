// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package loadtest

import (
	"math"
	"time"
)

// Rates in requests per second.
const (
	firstRate     = 10
	leastRate     = 1
	highestMaxQPS = 10_000_000
)

const (
	// bracket is the ratio of the lowest rate that broke to the highest that held at which the search confirms. It is
	// half of the 5 percent that the result may be below the truth: confirming may have to step down.
	bracket = 1.025
	// precision is the ratio of the lowest rate that broke to the confirmed one with which the search ends.
	precision = 1.05
	// challenge is the ratio of the rate that challenges a confirmed one to that, well above what chance lets pass.
	challenge = 1.1
	warmUps   = 3
	// reopenings is how often a rate that broke is tried again because every rate below it held, or there is none.
	reopenings = 2
	// maxSteps ends a search that the time has not ended; the simulations take up to 26.
	maxSteps = 90
)

// stepsDown bound the next rate after each one that was not confirmed, as factors.
var stepsDown = []struct{ least, deepest float64 }{{0.98, 0.8}, {0.97, 0.7}, {0.95, 0.6}, {0.9, 0.5}}

// lastDown is the factor of the last step down that there is time for, on what the target served of the rate before.
const lastDown = 0.5

// Search finds the highest rate that a target holds.
//
// It warms the target up, doubles the rate until that breaks the limits or the generator cannot send as fast, bisects
// between the highest rate that held and the lowest that broke, and confirms what it found in a longer step, and that
// more than it breaks. A rate breaks when it does so twice in a row, since a first time may be a cold target or a hiccup of
// the machine; once, where only the time to confirm is left. What the search takes is bounded by construction: each step is given a share of Limits.Duration, a step starts only with its share left, and there
// are at most 90 of them. All steps together therefore take Limits.Duration, and what the last answers of the last step take.
//
// Call Next and Observe in turn, from one goroutine.
type Search struct {
	limits    Limits
	remaining time.Duration
	next      Step
	done      bool
	// held is the highest rate that held, broken the lowest that did not; 0 where there is none.
	held, broken rateStep
	// breaks and holds count what the rate that is tried now did.
	breaks, holds int
	warmedUp      int
	// overrun is the longest that the last answers of a step took to come.
	overrun time.Duration
	// answered is set once the target answered anything.
	answered      bool
	confirmations int
	reopened      int
	outcome       outcome
	steps         []StepSummary
}

// rateStep is a step and what was measured in it.
type rateStep struct {
	Step
	reason      Reason
	measurement Measurement
}

// outcome is how a search ended.
type outcome struct {
	confirmed rateStep
	reason    Reason
	message   string
}

// NewSearch starts a search within limits, which must be valid.
func NewSearch(limits Limits) *Search {
	s := &Search{limits: limits, remaining: limits.Duration}
	s.plan(PhaseWarmUp, min(firstRate, limits.MaxQPS), false)
	return s
}

// Next is the step to carry out; false when the search is at its end.
func (s *Search) Next() (Step, bool) {
	return s.next, !s.done
}

// Observe takes in what was measured in the step that Next returned.
func (s *Search) Observe(m Measurement) {
	if s.done {
		return
	}
	step := rateStep{Step: s.next, measurement: m, reason: judge(s.next, m, s.limits)}
	s.steps = append(s.steps, summarize(step))
	s.remaining -= max(m.Elapsed, s.next.Duration)
	s.overrun = max(s.overrun, m.Elapsed-s.next.Duration-s.next.Settle)
	switch {
	case len(s.steps) >= maxSteps:
		s.giveUp(step)
	case step.Phase == PhaseWarmUp:
		s.observeWarmUp(step)
	case step.Phase == PhaseConfirming:
		s.observeConfirmation(step)
	case step.Phase == PhaseChallenging:
		s.observeChallenge(step)
	case s.doubt(step) && s.remaining >= s.reserve():
		s.plan(step.Phase, step.Rate, step.reason != "")
	default:
		s.breaks, s.holds = 0, 0
		s.narrow(step)
		s.advance(step)
	}
}

// observeWarmUp only asks whether there is a target at all, and does not overload it in the meantime.
func (s *Search) observeWarmUp(step rateStep) {
	s.warmedUp++
	s.answered = s.answered || step.measurement.ErrorRate < 1
	rate := step.Rate
	if step.reason != "" && step.reason != ReasonGeneratorSaturated {
		rate = max(rate/2, leastRate)
	}
	switch {
	case s.warmedUp < warmUps:
		s.plan(PhaseWarmUp, rate, step.reason != "")
	case !s.answered:
		s.fail(step)
	case step.reason == "":
		s.narrow(step)
		s.advance(step)
	default:
		s.plan(PhaseDoubling, rate, step.reason != "")
	}
}

// doubt counts a step, and reports that its rate has to be tried again: a rate that broke once breaks or holds by two in
// three, since the first time may be a cold target or a hiccup of the machine.
func (s *Search) doubt(step rateStep) bool {
	if step.reason != "" {
		s.breaks++
		return s.breaks < 2
	}
	s.holds++
	return s.breaks > 0 && s.holds < 2
}

// narrow takes a step in that held or broke for good.
func (s *Search) narrow(step rateStep) {
	if step.reason != "" {
		s.broken = step
		return
	}
	s.held = step
	if step.Rate >= s.broken.Rate {
		s.broken = rateStep{}
	}
}

// advance plans the step that follows from held and broken.
func (s *Search) advance(last rateStep) {
	settle := last.reason != ""
	held, broken := s.held.Rate, s.broken.Rate
	switch {
	case held == 0 && broken <= leastRate && s.reopened >= reopenings:
		s.fail(last)
	case held == 0 && broken <= leastRate:
		// It may be cold for longer than the warm-up.
		s.reopened++
		s.plan(PhaseHalving, leastRate, settle)
	case held == 0:
		s.plan(PhaseHalving, max(broken/2, leastRate), settle)
	case s.remaining < s.reserve() || held >= s.limits.MaxQPS:
		s.plan(PhaseConfirming, s.affordable(held, held), settle)
	case broken == 0:
		s.plan(PhaseDoubling, min(2*held, s.limits.MaxQPS), settle)
	case broken > bracket*held:
		s.plan(PhaseBisecting, math.Sqrt(held*broken), settle)
	case s.stale():
		s.reopened++
		s.plan(PhaseDoubling, broken, settle)
	default:
		s.plan(PhaseConfirming, held, settle)
	}
}

// stale reports that no bisection broke, only what came before: the target may have been cold still when the rate above broke.
func (s *Search) stale() bool {
	return s.broken.Phase != PhaseBisecting && s.reopened < reopenings
}

// observeConfirmation ends the search, or goes on below a rate that was not confirmed. A rate that was confirmed far
// below one that was not, since a target served little while it was overloaded, is followed by one between them.
func (s *Search) observeConfirmation(step rateStep) {
	s.confirmations++
	if step.reason == "" {
		s.outcome = outcome{confirmed: step, reason: ReasonMeasured}
	} else {
		s.broken = step
	}
	confirmed := s.outcome.confirmed.Rate
	switch {
	case confirmed == 0:
		s.plan(PhaseConfirming, s.stepDown(step), true)
	case s.broken.Rate > precision*confirmed && s.canConfirm():
		s.plan(PhaseConfirming, math.Sqrt(confirmed*s.broken.Rate), step.reason != "")
	default:
		s.challenge(step.reason != "")
	}
}

// challenge asks, if there is time, whether what broke above the confirmed rate breaks still.
func (s *Search) challenge(settle bool) {
	confirmed := s.outcome.confirmed.Rate
	if s.done = confirmed >= s.limits.MaxQPS || !s.canConfirm(); !s.done {
		s.plan(PhaseChallenging, min(challenge*confirmed, s.limits.MaxQPS), settle)
	}
}

// observeChallenge ends the search, or starts over from a rate that should not have held.
func (s *Search) observeChallenge(step rateStep) {
	if step.reason != "" {
		s.done = true
		return
	}
	s.outcome.confirmed, s.held, s.broken = step, step, rateStep{}
	if s.remaining >= s.reserve() {
		s.advance(step)
	} else {
		s.challenge(false)
	}
}

// stepDown is the rate to try after one that was not confirmed: what the target served of it, but not far from it at
// first. The last one that there is time for is far below: a target that became slower for good, as one that is throttled after
// a while does, has a lower bound then instead of no result.
func (s *Search) stepDown(broken rateStep) float64 {
	down := stepsDown[min(s.confirmations, len(stepsDown))-1]
	rate := max(leastRate, down.deepest*broken.Rate, min(down.least*broken.Rate, broken.measurement.Served))
	return s.affordable(rate, min(broken.Rate, broken.measurement.Served))
}

// affordable is a rate to confirm. Where there would be no time for another confirmation if it breaks, it is far below what
// the target served.
func (s *Search) affordable(rate, served float64) float64 {
	settle := s.limits.Duration / settleShare
	lasts := s.stepDuration(PhaseConfirming, rate) + settle + s.overrun
	if s.remaining-lasts >= s.stepDuration(PhaseConfirming, lastDown*rate)+settle {
		return rate
	}
	slowest := leastConfirmedRequests / max((s.remaining-settle).Seconds(), 1)
	return min(rate, max(leastRate, slowest, lastDown*served))
}

// plan sets the next step, or ends the search where its time is not left.
func (s *Search) plan(phase Phase, rate float64, settle bool) {
	s.next = Step{Phase: phase, Rate: rate, Duration: s.stepDuration(phase, rate)}
	if settle {
		s.next.Settle = s.limits.Duration / settleShare
	}
	if s.remaining < s.next.Duration+s.next.Settle {
		s.giveUp(rateStep{})
	}
}

// fail ends the search for the reason of a step at which the target did not even hold the least rate.
func (s *Search) fail(step rateStep) {
	s.done = true
	s.outcome = outcome{reason: step.reason, message: step.measurement.Message}
}

// canConfirm reports that there is time for a confirmation.
func (s *Search) canConfirm() bool {
	return s.remaining >= s.stepDuration(PhaseConfirming, s.outcome.confirmed.Rate)+s.limits.Duration/settleShare
}

// giveUp ends the search without a confirmed rate.
func (s *Search) giveUp(last rateStep) {
	s.done = true
	if s.outcome.confirmed.Rate > 0 {
		return
	}
	s.outcome = outcome{reason: ReasonOutOfTime}
	switch {
	case s.confirmations > 0:
		s.outcome.reason = s.broken.reason
	case s.held.Rate == 0 && last.reason != "":
		s.fail(last)
	case s.held.Rate == 0 && s.broken.reason != "":
		s.fail(s.broken)
	}
}

// Interrupt ends the search before its end. What is confirmed until then stays its result.
func (s *Search) Interrupt() {
	if s.done {
		return
	}
	s.done = true
	if s.outcome.confirmed.Rate == 0 {
		s.outcome = outcome{reason: ReasonInterrupted}
	}
}
