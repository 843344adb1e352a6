// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package faults_test

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	admissionv1 "k8s.io/api/admissionregistration/v1"
	appsv1 "k8s.io/api/apps/v1"

	"github.com/elasticweb/elasticweb-operator/internal/plan"
	"github.com/elasticweb/elasticweb-operator/test/faults/proxy"
)

const (
	// soon is how long the rest may take that a policy has nothing to do with, and the word about it.
	soon = time.Minute
	// hold is for how long requests are counted while a policy is in force and nothing changes. What is changed is not written again:
	// there is a while without any among the first.
	hold       = 3 * time.Second
	firstHolds = 4
)

// playDenials plays a story once for each policy that it runs into. With an even seed the policy is lifted after each step, else
// before the last.
func playDenials(r *run) {
	story := newStory(r.random)
	if r.isHeld() {
		story = []step{
			{"create", demandingSpec(r.random), true}, {"change", demandingSpec(r.random), true},
			{"rename the image", anyImage(r.random), false}, {"the last change", endSpec(r.random), true},
		}
	}
	r.underPolicies(story, (*run).newPlace)
}

// isHeld is true where a policy stays in force over several steps.
func (r *run) isHeld() bool { return r.seed%2 == 1 }

func (r *run) underPolicies(story []step, newPlace func(*run) *place) {
	r.must(r.world.policies(context.Background()))
	rehearsed := r.rehearse(newPlace(r), story)
	for _, d := range policies() {
		if !slices.ContainsFunc(rehearsed, func(done rehearsal) bool { return done.runsInto(d) }) {
			continue
		}
		r.t.Run(d.name, func(t *testing.T) {
			t.Parallel()
			figures.add(r.scenario, runsMade, 1) // each is a story of its own.
			sub := r.inTest(t)
			sub.underPolicy(newPlace(sub), d, story, rehearsed)
		})
	}
}

// runsInto reports whether the policy would have hit a request.
func (done rehearsal) runsInto(d policy) bool { return slices.ContainsFunc(done.requests, d.hits) }

func (r *run) underPolicy(p *place, d policy, story []step, rehearsed []rehearsal) {
	o, inForce := p.startOperator(), false
	for i, s := range story {
		begin := o.proxy.Requests().Count()
		if !inForce && rehearsed[i].runsInto(d) {
			p.enforce(d)
			inForce = true
		}
		p.apply(s)
		if !inForce {
			p.expect(s.name, rehearsed[i].state, o)
			continue
		}
		p.expectRestDone(d, s.name, rehearsed[i], o, begin)
		if r.isHeld() && i < len(story)-1 {
			continue
		}
		p.lift(d)
		inForce = false
		if !d.denies() {
			// What the API server makes of an intent is as good as it gets, for as long as the operator lives.
			o.stop()
			o = p.startOperator()
		}
		p.expect(s.name+", and "+d.name+" is lifted", rehearsed[i].state, o)
		if r.world.isMixed {
			p.expectCosts(s.name+", and "+d.name+" is lifted", o)
		}
	}
	p.expectRest(o)
}

// expectRestDone looks whether everything is done that the policy has nothing to do with, whether the status names it, and whether
// the operator keeps calm.
func (p *place) expectRestDone(d policy, what string, done rehearsal, o *operator, begin int) {
	p.t.Helper()
	what += " under " + d.name
	figures.add(p.scenario, statesCompared, 1)
	rest := func(s state) state { return s.children().without(d.affected()) }
	if !p.becomes(done.state, rest, soon) {
		last, err := p.state(p.world.live)
		p.differ("%s: the rest is not done within %s (%v):\n%s\nrequests: %s\nlog: %s", what, soon, err,
			cmp.Diff(rest(done.state), rest(last)), lastRequests(o), o.log.Tail())
	}
	if d.denies() && d.resource != "events" && d.resource != resourceStatus {
		p.expectRefusalNamed(d, what, done, o, begin)
	}
	if d.resource != resourceStatus {
		p.expectReported(what, o)
	}
	p.awaitPods()
	allowed := 0
	if d.denies() {
		allowed = d.mostDenied()
	}
	if made := requestsAtRest(o, allowed); made > allowed {
		p.differ("%s: %d requests within %s in which nothing changed: %s", what, made, hold, lastRequests(o))
	}
	if made, most := o.proxy.Requests().Count()-begin, 3*len(done.requests)+5*d.mostDenied(); made > most {
		p.differ("%s: %d requests, where %d would do without the policy: %s", what, made, len(done.requests), lastRequests(o))
	}
}

// mostDenied is how many requests there may be in a hold where the policy denies: what is refused is tried again after a second, then after
// twice as long each time. Of pods six are tried each time, with their labels and without.
func (d policy) mostDenied() int {
	if d.resource == "pods" {
		return 3 * 6 * 2
	}
	return 9
}

// requestsAtRest counts the requests of the first hold that is as quiet as it has to be, or of the last one: pods that became ready a moment
// ago are still written to in the first.
func requestsAtRest(o *operator, allowed int) (made int) {
	for range firstHolds {
		count := o.proxy.Requests().Count()
		time.Sleep(hold)
		if made = o.proxy.Requests().Count() - count; made <= allowed {
			break
		}
	}
	return made
}

// awaitPods waits until the pods that there are neither come nor go, for a while at most: some rollouts do not end.
func (p *place) awaitPods() {
	for deadline := time.Now().Add(soon); time.Now().Before(deadline); time.Sleep(pollInterval) {
		deployment := &appsv1.Deployment{}
		if p.world.cached.Get(p.ctx, p.key(), deployment) != nil {
			return
		}
		now := deployment.Status
		if !plan.IsRollingOut(deployment) && now.Replicas == *deployment.Spec.Replicas && now.ReadyReplicas == now.Replicas {
			return
		}
	}
}

// expectRefusalNamed waits for a condition that names the policy, where that keeps something from being done.
func (p *place) expectRefusalNamed(d policy, what string, done rehearsal, o *operator, begin int) {
	p.t.Helper()
	var why string
	for deadline := time.Now().Add(soon); time.Now().Before(deadline); time.Sleep(pollInterval) {
		if !p.isHindered(d, done, o, begin) {
			return
		}
		web := p.web(p.world.live)
		if web == nil {
			return
		}
		for _, condition := range web.Status.Conditions {
			if strings.Contains(condition.Message, d.name) {
				return
			}
		}
		why = fmt.Sprint(web.Status.Conditions)
	}
	p.differ("%s: no condition names the policy within %s: %s\nrequests: %s\nlog: %s", what, soon, why, lastRequests(o), o.log.Tail())
}

// hasNoPods reports whether the last pods are gone, and with them what was refused of them.
func (p *place) hasNoPods() bool {
	deployment := &appsv1.Deployment{}
	return p.world.live.Get(p.ctx, p.key(), deployment) == nil && *deployment.Spec.Replicas == 0 && deployment.Status.Replicas == 0
}

// isHindered reports whether a write was refused since the beginning of a step, and is still missed.
func (p *place) isHindered(d policy, done rehearsal, o *operator, begin int) bool {
	isRefused := slices.ContainsFunc(o.proxy.Requests().Since(begin), func(request proxy.Request) bool {
		return (request.Status == http.StatusForbidden || request.Status == http.StatusUnprocessableEntity) && d.isAbout(request)
	})
	if !isRefused || d.affected() == "" {
		return isRefused && (d.resource != "pods" || !p.hasNoPods())
	}
	now, err := p.state(p.world.live)
	return err == nil && now[d.affected()+" "+webName] != done.state[d.affected()+" "+webName]
}

// isAbout reports whether a request that was refused is of the policy's kind.
func (d policy) isAbout(request proxy.Request) bool {
	switch d.operation {
	case admissionv1.Create:
		return d.hits(proxy.Request{Method: request.Method, Path: request.Path, Status: http.StatusCreated})
	default:
		return d.hits(proxy.Request{Method: request.Method, Path: request.Path, Status: http.StatusOK})
	}
}

// expectReported waits until the status speaks of the newest spec.
func (p *place) expectReported(what string, o *operator) {
	p.t.Helper()
	for deadline := time.Now().Add(soon); time.Now().Before(deadline); time.Sleep(pollInterval) {
		if web := p.web(p.world.live); web == nil || web.Status.ObservedGeneration == web.Generation {
			return
		}
	}
	p.differ("%s: the status does not speak of the newest spec within %s\nrequests: %s\nlog: %s", what, soon, lastRequests(o), o.log.Tail())
}
