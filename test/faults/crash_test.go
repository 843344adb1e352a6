// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package faults_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/api/meta"

	elasticwebv1 "github.com/elasticweb/elasticweb-operator/api/v1"
	"github.com/elasticweb/elasticweb-operator/test/faults/proxy"
)

// undisturbed plays a story without faults, and gives the state after each step, and how many writes it took.
func (r *run) undisturbed(story []step) (states []state, writes []int) {
	r.t.Helper()
	for _, done := range r.rehearse(r.newPlace(), story) {
		states = append(states, done.state)
		writes = append(writes, proxy.Writes(done.requests))
	}
	return states, writes
}

// rehearsal is a step of a story as it went without faults.
type rehearsal struct {
	state    state
	requests []proxy.Request
}

func (r *run) rehearse(p *place, story []step) []rehearsal {
	r.t.Helper()
	o := p.startOperator()
	defer o.stop()
	var done []rehearsal
	for _, s := range story {
		count := o.proxy.Requests().Count()
		p.apply(s)
		now := p.settle(o)
		done = append(done, rehearsal{now, o.proxy.Requests().Since(count)})
	}
	return done
}

// playCrash kills the operator after each of the writes of each step of a story. The last ones are of the
// status, while pods come and go.
func playCrash(r *run) {
	story := newStory(r.random)
	states, writes := r.undisturbed(story)
	for after := range slices.Max(writes) + 1 {
		last := len(story) - 1
		for after > 0 && writes[last] < after {
			last-- // the steps after it have no such write.
		}
		r.t.Run(fmt.Sprintf("after %d writes", after), func(t *testing.T) {
			t.Parallel()
			r.inTest(t).crashAfter(after, story[:last+1], states)
		})
	}
}

func (r *run) crashAfter(writes int, story []step, states []state) {
	p := r.newPlace()
	for i, s := range story {
		what := fmt.Sprintf("%s, killed after %d writes", s.name, writes)
		crash := proxy.CrashAfter(writes)
		dying := p.startOperator(crash)
		p.apply(s)
		if p.awaitCrash(crash, dying, states[i]) {
			r.injected(1)
			dying.stop()
			p.expectHonest(what, states[i])
		}
		dying.stop()
		next := p.startOperator()
		p.expect(what, states[i], next)
		if i == len(story)-1 || i == 0 {
			p.expectRest(next)
			p.expect(what, states[i], next)
		}
		next.stop()
	}
}

// awaitCrash reports whether the operator crashed before it was done.
func (p *place) awaitCrash(crash *proxy.Crash, o *operator, done state) bool {
	p.t.Helper()
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); {
		select {
		case <-crash.Happened():
			return true
		case <-time.After(pollInterval):
		}
		now, err := p.state(p.world.cached)
		if err == nil && cmp.Equal(now, done) && o.proxy.Requests().QuietFor(o.since) > resync {
			return false
		}
	}
	now, _ := p.state(p.world.live)
	p.differ("the operator neither crashed nor came to an end:\n%s\nrequests: %s\nlog: %s", cmp.Diff(done, now), lastRequests(o), o.log.Tail())
	p.t.FailNow()
	return false
}

// expectHonest looks at what a dead operator left: what it reported as done must be done.
func (p *place) expectHonest(what string, done state) {
	p.t.Helper()
	web := p.web(p.world.live)
	if web == nil || web.Status.ObservedGeneration != web.Generation ||
		!meta.IsStatusConditionTrue(web.Status.Conditions, elasticwebv1.ConditionReady) {
		return
	}
	figures.add(p.scenario, statesCompared, 1)
	now, err := p.state(p.world.live)
	p.must(err)
	if diff := cmp.Diff(done.children(), now.children()); diff != "" {
		p.differ("%s: it reported that it is Ready, and it is not:\n%s", what, diff)
	}
}
