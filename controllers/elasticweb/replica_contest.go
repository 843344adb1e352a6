// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package elasticweb

import "time"

// Somebody contests the replicas of a Deployment who changed them contestedAfter times within contestWindow.
const (
	contestedAfter = 3
	contestWindow  = 10 * time.Minute
)

// replicaContest counts how often somebody else changed the replicas of a Deployment.
type replicaContest struct {
	// set is the number that the operator wrote last, nil for none.
	set *int32
	// changes are when somebody changed it, who was the one that did so last.
	changes []time.Time
	who     string
}

// wrote takes note of the number that the operator wrote.
func (c *replicaContest) wrote(replicas int32) { c.set = &replicas }

// found compares the number that the Deployment has with the one that was written, and reports whether
// somebody changed it often enough to be named.
func (c *replicaContest) found(replicas int32, now time.Time) (isContested bool) {
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

// contestant is who contests the replicas, "" for nobody, and how long that stays said.
func (c *replicaContest) contestant(now time.Time) (who string, until time.Duration) {
	if !c.isContested(now) {
		return "", 0
	}
	return c.who, c.changes[0].Add(contestWindow).Sub(now) + time.Second
}

func (c *replicaContest) isContested(now time.Time) bool {
	return len(c.changes) >= contestedAfter && now.Sub(c.changes[0]) < contestWindow
}
