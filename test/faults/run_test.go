// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package faults_test

import (
	"context"
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	elasticwebv1 "github.com/elasticweb/elasticweb-operator/api/v1"
	"github.com/elasticweb/elasticweb-operator/internal/plan"
	"github.com/elasticweb/elasticweb-operator/internal/status"
)

const (
	// patience is how long a state may take to come about, on a machine that does much else.
	patience = 90 * time.Second
	// lostPortPatience is longer than the API server takes to free a lost node port, and the operator to try again.
	lostPortPatience = 15 * time.Minute
	// portsPerRun is how many node ports a namespace has of its own.
	portsPerRun     int32 = 8
	webName               = "shop"
	namespacePrefix       = "faults-"
)

// run is one scenario with one seed.
type run struct {
	t        *testing.T
	ctx      context.Context
	world    *world
	scenario string
	seed     uint64
	random   *rand.Rand
	// looksUp is true where operators look images up, and follow benchmarks.
	looksUp bool
	// source is where operators read the traffic; "" where they read none.
	source string
}

func newRun(t *testing.T, start func() (*world, error), scenario string, seed uint64) *run {
	t.Helper()
	w, err := start()
	if err != nil {
		t.Fatal(err)
	}
	hash := fnv.New64()
	_, _ = hash.Write([]byte(scenario))
	return &run{
		t: t, ctx: t.Context(), world: w, scenario: scenario, seed: seed,
		random: rand.New(rand.NewPCG(seed, hash.Sum64())), //nolint:gosec // it has to be repeatable.
	}
}

// another gives faults random numbers of their own: they are asked for in an order that nobody knows.
func (r *run) another() *rand.Rand {
	return newRandom(r.random)
}

func newRandom(from *rand.Rand) *rand.Rand {
	return rand.New(rand.NewPCG(from.Uint64(), from.Uint64())) //nolint:gosec // it has to be repeatable.
}

// inTest is the same run as a subtest.
func (r *run) inTest(t *testing.T) *run {
	sub := *r
	sub.t, sub.ctx = t, t.Context()
	return &sub
}

func (r *run) must(err error) {
	r.t.Helper()
	if err != nil {
		r.t.Fatal(err)
	}
}

// differ reports something that the operator did wrong.
func (r *run) differ(format string, arguments ...any) {
	r.t.Helper()
	figures.add(r.scenario, differencesFound, 1)
	r.t.Errorf(format, arguments...)
}

func (r *run) injected(n int64) { figures.add(r.scenario, faultsInjected, n) }

// place is a namespace with one ElasticWeb, and node ports of its own.
type place struct {
	*run
	namespace string
	firstPort int32
	// lastState is of lastVersions: it is looked at again and again.
	lastState    state
	lastVersions string
}

func (r *run) newPlace() *place {
	r.t.Helper()
	namespace := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{GenerateName: namespacePrefix}}
	r.must(r.world.live.Create(r.ctx, namespace))
	p := &place{run: r, namespace: namespace.Name, firstPort: r.world.lastPort.Add(portsPerRun)}
	r.t.Cleanup(func() {
		for _, violation := range r.world.watched.violationsIn(p.namespace) {
			r.differ("%s", violation)
		}
		_ = r.world.live.Delete(context.Background(), namespace)
	})
	return p
}

func (p *place) key() client.ObjectKey {
	return client.ObjectKey{Namespace: p.namespace, Name: webName}
}

// web is the ElasticWeb as it is; nil where there is none.
func (p *place) web(reader client.Reader) *elasticwebv1.ElasticWeb {
	web := &elasticwebv1.ElasticWeb{}
	err := reader.Get(p.ctx, p.key(), web)
	if apierrors.IsNotFound(err) {
		return nil
	}
	if err != nil {
		return &elasticwebv1.ElasticWeb{}
	}
	return web
}

// apply does one step of a story to the ElasticWeb.
func (p *place) apply(s step) {
	p.t.Helper()
	p.eventually(s.name, func() error {
		web := p.web(p.world.live)
		switch {
		case web == nil && !s.isWhole:
			return nil
		case s.change == nil:
			return client.IgnoreNotFound(p.world.live.Delete(p.ctx, web))
		case web == nil:
			web = &elasticwebv1.ElasticWeb{ObjectMeta: metav1.ObjectMeta{Namespace: p.namespace, Name: webName}}
			s.change(&web.Spec, p.firstPort)
			return p.world.live.Create(p.ctx, web)
		default:
			s.change(&web.Spec, p.firstPort)
			return p.world.live.Update(p.ctx, web)
		}
	})
}

// eventually tries until something succeeds.
func (p *place) eventually(what string, holds func() error) {
	p.t.Helper()
	var err error
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(pollInterval) {
		if err = holds(); err == nil {
			return
		}
	}
	p.t.Fatalf("not within %s: %s: %v", patience, what, err)
}

// settle waits until an undisturbed operator is done, and gives the state that it leaves.
func (p *place) settle(o *operator) state {
	p.t.Helper()
	const calm = 700 * time.Millisecond
	var last state
	since, why := time.Now(), ""
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(pollInterval) {
		now, err := p.state(p.world.cached)
		if err != nil || !cmp.Equal(now, last) {
			last, since = now, time.Now()
			continue
		}
		if why = p.unsettled(); why == "" && time.Since(since) > calm && o.proxy.Requests().QuietFor(since) > calm {
			if live, err := p.state(p.world.live); err == nil && cmp.Equal(live, now) {
				return live
			}
		}
	}
	p.t.Fatalf("the undisturbed run does not come to rest within %s: %s\nrequests: %s\n%s\nlog: %s", patience, why,
		lastRequests(o), last, o.log.Tail())
	return nil
}

// unsettled says what is still under way; "" for nothing.
func (p *place) unsettled() string {
	web := p.web(p.world.cached)
	deployment := &appsv1.Deployment{}
	err := p.world.cached.Get(p.ctx, p.key(), deployment)
	hasDeployment := err == nil
	if web == nil {
		if hasDeployment {
			return "the Deployment is still there"
		}
		return ""
	}
	if web.Status.ObservedGeneration != web.Generation {
		return "the status is of an older generation"
	}
	if ready := meta.FindStatusCondition(web.Status.Conditions, elasticwebv1.ConditionReady); ready == nil ||
		ready.Status != metav1.ConditionTrue && !status.IsFailure(ready.Reason) {
		return fmt.Sprintf("it is not Ready, and names no failure: %v", web.Status.Conditions)
	}
	if hasDeployment && (plan.IsRollingOut(deployment) || deployment.Status.Replicas != *deployment.Spec.Replicas ||
		deployment.Status.ReadyReplicas != deployment.Status.Replicas) {
		return fmt.Sprintf("the Deployment has %d of %d pods", deployment.Status.ReadyReplicas, *deployment.Spec.Replicas)
	}
	// A pod that ends is counted until it is gone, and the status may be written a second after what it tells of.
	if hasDeployment && (web.Status.Replicas != deployment.Status.Replicas || web.Status.ReadyReplicas != deployment.Status.ReadyReplicas) {
		return fmt.Sprintf("the status tells of %d of %d pods, the Deployment of %d of %d", web.Status.ReadyReplicas, web.Status.Replicas,
			deployment.Status.ReadyReplicas, deployment.Status.Replicas)
	}
	return ""
}

func (p *place) state(reader client.Reader) (state, error) {
	o, err := readObjects(p.ctx, reader, p.namespace)
	if err != nil {
		return nil, err
	}
	if versions := o.versions(); p.lastState == nil || versions != p.lastVersions {
		p.lastState, p.lastVersions = o.state(p.namespace, p.firstPort), versions
	}
	return p.lastState, nil
}

// expect waits until the state is that of the undisturbed run.
func (p *place) expect(what string, expected state, o *operator) {
	p.t.Helper()
	p.expectAs(what, expected, o, func(s state) state { return s })
}

// expectAs compares a part of the state.
func (p *place) expectAs(what string, expected state, o *operator, part func(state) state) {
	p.t.Helper()
	figures.add(p.scenario, statesCompared, 1)
	if p.becomes(expected, part, patience) {
		return
	}
	if p.hasLostPort() {
		figures.add(p.scenario, portsLost, 1)
		if p.becomes(expected, part, lostPortPatience) {
			return
		}
	}
	last, err := p.state(p.world.live)
	p.differ("%s: the state is not that of the undisturbed run within %s (%v):\n%s\nnode ports: %v\nrequests: %s\nlog: %s", what, patience, err,
		cmp.Diff(part(expected), part(last)), p.nodePorts(), lastRequests(o), o.log.Tail())
	p.t.FailNow()
}

// becomes waits until a part of the state is as expected, both as the caches and as the API server have it.
func (p *place) becomes(expected state, part func(state) state, atMost time.Duration) bool {
	for deadline := time.Now().Add(atMost); time.Now().Before(deadline); time.Sleep(pollInterval) {
		if cached, err := p.state(p.world.cached); err != nil || !cmp.Equal(part(expected), part(cached)) {
			continue
		}
		if live, err := p.state(p.world.live); err == nil && cmp.Equal(part(expected), part(live)) {
			return true
		}
	}
	return false
}

// hasLostPort reports that a node port is refused as taken which no Service has: the API server lost it with a request that was cut
// off, and frees it when it has not found an owner three times, at intervals of 3 minutes.
func (p *place) hasLostPort() bool {
	web := p.web(p.world.live)
	if web == nil {
		return false
	}
	for holder := range p.nodePorts() {
		if holder != p.key().String() {
			return false
		}
	}
	ready := meta.FindStatusCondition(web.Status.Conditions, elasticwebv1.ConditionReady)
	return ready != nil && ready.Reason == elasticwebv1.ReasonNodePortConflict && strings.Contains(ready.Message, "already allocated")
}

// nodePorts are those of this place that Services have, in whatever namespace.
func (p *place) nodePorts() map[string]int32 {
	taken := map[string]int32{}
	services := &corev1.ServiceList{}
	p.must(p.world.live.List(p.ctx, services))
	for i := range services.Items {
		for _, port := range services.Items[i].Spec.Ports {
			if port.NodePort >= p.firstPort && port.NodePort < p.firstPort+portsPerRun {
				taken[services.Items[i].Namespace+"/"+services.Items[i].Name] = port.NodePort - p.firstPort
			}
		}
	}
	return taken
}

// expectRest waits until the operator makes no request through several resyncs.
func (p *place) expectRest(o *operator) {
	p.t.Helper()
	begin := time.Now()
	for deadline := begin.Add(patience); time.Now().Before(deadline); time.Sleep(pollInterval) {
		if o.proxy.Requests().QuietFor(begin) > 3*resync {
			return
		}
	}
	p.differ("the operator makes requests at rest: %s", lastRequests(o))
	p.t.FailNow()
}

func lastRequests(o *operator) string {
	var lines []string
	for _, request := range o.proxy.Requests().Since(max(0, o.proxy.Requests().Count()-25)) {
		lines = append(lines, fmt.Sprintf("%s %s", request.At.Format("05.000"), request))
	}
	return strings.Join(lines, "\n  ")
}
