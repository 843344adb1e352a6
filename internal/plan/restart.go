// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package plan

import (
	"time"

	"k8s.io/utils/ptr"

	elasticwebv1 "github.com/elasticweb/elasticweb-operator/api/v1"
)

// TakenUp is when the operator itself last took up what waited for a rollout. It stands in the Record, written with the template, so that an
// operator that is restarted, or another one, waits as this one would: unlike a try to bring pods back, this replaces all of them.
type TakenUp struct {
	// At is in seconds since 1970.
	At int64 `json:"at"`
	// Wait is for how many seconds after that it is not done again.
	Wait int64 `json:"wait"`
}

func (t *TakenUp) isSound() bool {
	return t == nil || t.At >= 0 && t.Wait >= 0 && t.Wait <= int64(longestRebalanceWait/time.Second)
}

// until is when it may be done again. What another clock says of times to come is not waited for.
func (t *TakenUp) until(now time.Time) time.Time {
	if t == nil || time.Unix(t.At, 0).After(now.Add(longestRebalanceWait)) {
		return time.Time{}
	}
	return time.Unix(t.At+t.Wait, 0)
}

// next is the same for one more time: what is undone or changes again and again is followed less and less often.
func (t *TakenUp) next(now time.Time) *TakenUp {
	wait := firstRebalanceWait
	if until := t.until(now); !until.IsZero() && now.Sub(until) < longEnoughTakenUp {
		wait = doubled(time.Duration(t.Wait) * time.Second)
	}
	return &TakenUp{At: now.Unix(), Wait: int64(wait / time.Second)}
}

// longEnoughTakenUp is how long after the wait nothing more may have come for the next time to count as the first.
const longEnoughTakenUp = longestRebalanceWait

// Restart is what is remembered of what waits for a rollout, where the operator may bring that about. The zero value remembers nothing; one
// that is lost costs no more than the first wait.
type Restart struct {
	// What waits, in words, and since when: zero while nothing does.
	What  []string
	Since time.Time
	// Wait from Since, which each refusal doubles.
	Wait time.Duration
	// Try is what the Record is to say once it is taken up; nil while it is not to be.
	Try *TakenUp
	// Said is what was said of the last try that was refused; "" for none.
	Said string
}

// MayRestart reports whether the operator may replace the pods for what waits for a rollout.
func MayRestart(spec *elasticwebv1.ElasticWebSpec) bool {
	given := ptr.Deref(spec.Rebalance, elasticwebv1.RebalanceSpec{})
	return given.Mode == elasticwebv1.RebalanceSurge && ptr.Deref(given.RestartForTemplate, false)
}

// Next decides whether what waits for a rollout is taken up now: where it has waited for a while, everything is at rest and met, and no pods
// are being brought back. again is when to look again though nothing tells; 0 for never.
func (r Restart) Next(scene RebalanceScene, surge int32, now time.Time) (after Restart, again time.Duration) {
	tried := r.Try
	r.Try = nil
	switch isThere := len(scene.Awaits) > 0; {
	case scene.IsPaused || scene.IsRollingOut: // that rollout takes it up, or it waits for its end.
		return r, 0
	case !isThere && scene.IsAtRest:
		return Restart{}, 0
	case !isThere: // it was taken up a moment ago.
		return r, 0
	}
	r, tried = r.found(scene, tried, now)
	due := r.Since.Add(r.Wait)
	if until := scene.TakenUp.until(now); until.After(due) {
		due = until
	}
	switch {
	case now.Before(due):
		return r, due.Sub(now)
	case surge > 0 || !scene.isQuiet():
		return r, 0 // what ends that is an event.
	}
	if r.Try = tried; tried == nil { // else it met another write.
		r.Try, r.Said = scene.TakenUp.next(now), ""
	}
	return r, 0
}

// found begins to wait, anew after a try that somebody undid, or that was refused. A try that is still to be made is left.
func (r Restart) found(scene RebalanceScene, tried *TakenUp, now time.Time) (Restart, *TakenUp) {
	switch isUndone := tried != nil && scene.TakenUp != nil && *scene.TakenUp == *tried; {
	case r.Since.IsZero() || isUndone:
		r, tried = Restart{Since: now, Wait: firstRebalanceWait}, nil
	case tried != nil && r.Said != "":
		r.Since, r.Wait, tried = now, doubled(r.Wait), nil
	}
	r.What = scene.Awaits
	return r, tried
}

// isQuiet reports whether all pods are well, and nothing is under way.
func (s RebalanceScene) isQuiet() bool {
	return s.Recorded == 0 && s.IsAtRest && s.IsReady && s.IsMet && s.IsImageSettled
}
