// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package controllers

import (
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/types"
)

// Somebody contests the replicas of a Deployment who changed them contestedAfter times within contestWindow.
const (
	contestedAfter = 3
	contestWindow  = 10 * time.Minute
)

// replicaContests counts how often somebody else changed the replicas of a Deployment.
type replicaContests struct {
	mu     sync.Mutex
	byName map[types.NamespacedName]*replicaContest
}

type replicaContest struct {
	// set is the number that the operator wrote last.
	set int32
	// changes are when somebody changed it, who was the one that did so last.
	changes []time.Time
	who     string
}

func newReplicaContests() *replicaContests {
	return &replicaContests{byName: map[types.NamespacedName]*replicaContest{}}
}

// wrote takes note of the number that the operator wrote.
func (c *replicaContests) wrote(name types.NamespacedName, replicas int32) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if contest, isThere := c.byName[name]; isThere {
		contest.set = replicas
		return
	}
	c.byName[name] = &replicaContest{set: replicas}
}

// found compares the number that the Deployment has with the one that was written, and reports whether
// somebody changed it often enough to be named.
func (c *replicaContests) found(name types.NamespacedName, replicas int32, now time.Time) (isContested bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	contest, isThere := c.byName[name]
	if !isThere || contest.set == replicas {
		return false
	}
	contest.set = replicas
	contest.changes = append(contest.changes, now)
	if excess := len(contest.changes) - contestedAfter; excess > 0 {
		contest.changes = contest.changes[excess:]
	}
	return contest.isContested(now)
}

func (c *replicaContests) name(name types.NamespacedName, who string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if contest, isThere := c.byName[name]; isThere {
		contest.who = who
	}
}

// contestant is who contests the replicas, "" for nobody, and how long that stays said.
func (c *replicaContests) contestant(name types.NamespacedName, now time.Time) (who string, until time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	contest, isThere := c.byName[name]
	if !isThere || !contest.isContested(now) {
		return "", 0
	}
	return contest.who, contest.changes[0].Add(contestWindow).Sub(now) + time.Second
}

func (c *replicaContest) isContested(now time.Time) bool {
	return len(c.changes) >= contestedAfter && now.Sub(c.changes[0]) < contestWindow
}

func (c *replicaContests) forget(name types.NamespacedName) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.byName, name)
}
