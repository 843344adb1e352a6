// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package rivals

import "time"

// Somebody contests the replicas of a Deployment who changed them contestedAfter times within contestWindow.
const (
	contestedAfter = 3
	contestWindow  = 10 * time.Minute
)

// ReplicaContest counts how often somebody else changed the replicas of a Deployment. Its zero value is none.
type ReplicaContest struct {
	// set is the number that the operator wrote last, nil for none.
	set *int32
	// changes are when somebody changed it.
	changes []time.Time
	// Who did so last.
	Who string
}

// Wrote takes note of the number that the operator wrote.
func (c *ReplicaContest) Wrote(replicas int32) { c.set = &replicas }

// Found compares the number that the Deployment has with the one that was written, and reports whether
// somebody changed it often enough to be named.
func (c *ReplicaContest) Found(replicas int32, now time.Time) (isContested bool) {
	if c.set == nil || *c.set == replicas {
		return false
	}
	c.set = &replicas
	c.changes = append(c.changes, now)
	if excess := len(c.changes) - contestedAfter; excess > 0 {
		c.changes = c.changes[excess:]
	}
	return c.isContested(now)
}

// Contestant is who contests the replicas, "" for nobody, and how long that stays said.
func (c *ReplicaContest) Contestant(now time.Time) (who string, until time.Duration) {
	if !c.isContested(now) {
		return "", 0
	}
	return c.Who, c.changes[0].Add(contestWindow).Sub(now) + time.Second
}

func (c *ReplicaContest) isContested(now time.Time) bool {
	return len(c.changes) >= contestedAfter && now.Sub(c.changes[0]) < contestWindow
}
