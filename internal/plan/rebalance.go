// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package plan

import (
	"cmp"
	"time"
)

// Rebalanced decides what becomes of bringing pods back, and when to look again though nothing tells; 0 for never. Where a try ended, step
// says how. The number of pods that the demand calls for is never touched: more are asked for beside it, and are taken back, and the
// deletion costs say which then go. So no capacity is given up that the plan itself would not give up.
func Rebalanced(before Rebalance, scene RebalanceScene, now time.Time) (after Rebalance, again time.Duration, step RebalanceStep) {
	switch {
	case !scene.IsOn:
		return Rebalance{}, 0, ""
	case scene.IsPaused: // nothing is carried out: what is asked for stays.
		return before, 0, ""
	}
	after = before
	for { // each phase hands over to the next one that has something to do now.
		entered := after.Phase
		var ended RebalanceStep
		after, again, ended = after.next(scene, now)
		step = cmp.Or(step, ended)
		if after.Phase == entered || after.Phase == RebalanceSurging {
			return after, again, step
		}
	}
}

func (r Rebalance) next(scene RebalanceScene, now time.Time) (Rebalance, time.Duration, RebalanceStep) {
	switch r.Phase {
	case RebalanceHome:
		return r.atHome(scene, now), 0, ""
	case RebalanceWaiting:
		after, again := r.waiting(scene, now)
		return after, again, ""
	case RebalanceSurging:
		after, again := r.surging(scene, now)
		return after, again, ""
	case RebalanceSettling:
		return r.settling(scene, now)
	}
	if scene.Recorded > 0 { // an operator that is no more asked for them: what it began is brought to its end.
		r = r.enter(RebalanceSurging, now)
		r.Surge, r.Far, r.Nearest, r.Tries, r.Wait = scene.Recorded, scene.Far, scene.Far, 1, firstRebalanceWait
		return r, scene.Deadline, ""
	}
	return r.enter(RebalanceHome, time.Time{}), 0, ""
}

func (r Rebalance) enter(phase RebalancePhase, now time.Time) Rebalance {
	r.Phase, r.Since = phase, now
	return r
}

// atHome waits for pods to leave. Where they do so again soon after they were brought back, somebody else may be moving them: the wait is
// doubled then, as after a failure.
func (r Rebalance) atHome(scene RebalanceScene, now time.Time) Rebalance {
	if scene.Away == 0 {
		return r
	}
	wait := firstRebalanceWait
	if r.Wait > 0 && now.Sub(r.Since) < max(2*r.Wait, longEnoughAtHome) {
		wait = doubled(r.Wait)
	}
	return Rebalance{Wait: wait, Next: now.Add(wait), Nearest: scene.Far, Demand: scene.Demand, Nodes: scene.Nodes}.enter(RebalanceWaiting, now)
}

// waiting begins a try when it is due, everything is at rest, and something can be won by it.
func (r Rebalance) waiting(scene RebalanceScene, now time.Time) (Rebalance, time.Duration) {
	if scene.Away == 0 && scene.IsAtRest {
		home := Rebalance{}.enter(RebalanceHome, now)
		if r.Tries > 0 && r.Failure == RebalanceMoved { // else they went by themselves, or their home did.
			home.Wait = r.Wait
		}
		return home, 0
	}
	if soon := now.Add(firstRebalanceWait); scene.Nodes > r.Nodes && (soon.Before(r.Next) || r.Next.Before(now)) {
		r.Next = soon // nodes came. The wait after that stays what it was: they may come all the time.
	}
	r.Nodes = scene.Nodes
	return r.tried(scene, now)
}

// tried begins a try, or says when to look again.
func (r Rebalance) tried(scene RebalanceScene, now time.Time) (Rebalance, time.Duration) {
	switch {
	case scene.Nodes == 0:
		return r, 0 // a node that comes is an event.
	case scene.Room <= 0:
		r.Failure = RebalanceLimited
		return r, 0 // so is a change of the spec, or of the demand.
	case now.Before(r.Next):
		if r.Failure == RebalanceLimited {
			r.Failure = RebalanceMoved
		}
		return r, r.Next.Sub(now)
	case !scene.IsAtRest || !scene.IsReady || !scene.IsMet || !scene.IsStamped:
		return r, 0 // and what pods do.
	}
	if isFirst := r.Tries == 0 && r.Wait == firstRebalanceWait; isFirst || r.Demand != scene.Demand { // now all have left that were about to.
		r.Demand, r.Nearest = scene.Demand, scene.Far
	}
	r = r.enter(RebalanceSurging, now)
	r.Said = ""
	r.Surge, r.Far, r.Tries = min(scene.Room, int32(min(scene.Away, maxSkew))), scene.Far, r.Tries+1 //nolint:gosec // bounded.
	return r, scene.Deadline
}

// surging holds the pods until all are ready: before that, those that are not would be the first to go.
func (r Rebalance) surging(scene RebalanceScene, now time.Time) (Rebalance, time.Duration) {
	left := r.Since.Add(scene.Deadline).Sub(now)
	if scene.IsWaiting {
		left = min(left, r.Since.Add(longestSurgeWait).Sub(now))
	}
	r.Surge = max(min(r.Surge, scene.Room), 0) // maxReplicas, or the number of pods, fell.
	switch {
	case scene.Refused != "":
		r.Failure, r.Said = RebalanceRefused, scene.Refused
	case scene.IsRollingOut || r.Surge == 0:
		r.Failure = RebalanceInterrupted
	case scene.IsAtRest && scene.IsReady && scene.Recorded >= r.Surge:
		r.Failure = RebalanceMoved // as far as is known.
	case left > 0:
		return r, left
	case scene.IsWaiting:
		r.Failure = RebalanceNoRoom
	default:
		r.Failure = RebalanceNotReady
	}
	r.Surge = 0
	return r.enter(RebalanceSettling, now), 0
}

// settling sees how far from home pods are once those that were to go are gone. A try that brought some back is followed by the next one at once,
// as long as they are nearer than they ever were: else somebody moves pods the other way, and the two would go on for ever.
func (r Rebalance) settling(scene RebalanceScene, now time.Time) (Rebalance, time.Duration, RebalanceStep) {
	switch {
	case scene.Recorded > 0:
		return r, 0, "" // they are not taken back yet.
	case scene.IsRollingOut:
		r.Failure = RebalanceInterrupted
	case !scene.IsAtRest:
		return r, 0, ""
	case scene.Far < r.Far:
		r.Failure = RebalanceMoved
	case r.Failure == RebalanceMoved:
		r.Failure = RebalanceNoRoom
	}
	next := now
	if r.Failure != RebalanceMoved || scene.Far >= r.Nearest {
		r.Wait = doubled(r.Wait)
		next = now.Add(r.Wait)
	}
	r.Nearest = min(r.Nearest, scene.Far)
	return r.wait(scene, next, now), 0, stepOf[r.Failure]
}

func (r Rebalance) wait(scene RebalanceScene, next, now time.Time) Rebalance {
	r.Next, r.Nodes = next, scene.Nodes
	return r.enter(RebalanceWaiting, now)
}

func doubled(wait time.Duration) time.Duration {
	return min(max(2*wait, firstRebalanceWait), longestRebalanceWait)
}
