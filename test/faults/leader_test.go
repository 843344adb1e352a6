// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package faults_test

import (
	"errors"
	"net/http"
	"strings"
	"syscall"
	"time"

	coordinationv1 "k8s.io/api/coordination/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/elasticweb/elasticweb-operator/test/faults/proxy"
)

var errNoNewLeader = errors.New("the lease is not theirs")

// candidate is a manager that takes part in an election, and what can be done to it.
type candidate struct {
	*operator
	partition *proxy.Partition
	held      *proxy.Held
}

// playLeader has two managers of this process, with short leases. The leader is partitioned, or cut off for
// good, while the user goes on with changes.
func playLeader(r *run) {
	fault := []string{"partition", "death"}[r.random.IntN(2)]
	r.loseLeader(fault, func(p *place, faults ...proxy.Fault) *operator { return p.startCandidate(faults...) })
}

// playProcess does the same to two processes of the real manager, with the leases that it has: killed,
// stopped for longer than its lease, or partitioned.
func playProcess(r *run) {
	fault := []string{"kill -9", "SIGSTOP", "partition"}[r.seed%3]
	r.loseLeader(fault, func(p *place, faults ...proxy.Fault) *operator { return p.startProcess(p.namespace, faults...) })
}

func (r *run) loseLeader(fault string, start func(*place, ...proxy.Fault) *operator) {
	end := step{"the last change", endSpec(r.random), true}
	states, _ := r.undisturbed([]step{end})
	p := r.newPlace()
	p.allowElections()
	newCandidate := func() *candidate {
		c := &candidate{partition: proxy.NewPartition(), held: proxy.Hold(isChild)}
		c.operator = start(p, c.partition, c.held)
		return c
	}
	leader := newCandidate()
	p.eventually("there is a leader", func() error { return p.expectHolder(ptr.To("")) })
	follower := newCandidate()
	steps := r.another()
	change := func(times int) {
		for range times {
			p.apply(anyStep(steps))
			time.Sleep(time.Duration(steps.IntN(600)) * time.Millisecond)
		}
	}
	change(3)
	// A write of the leader is on its way when it loses touch.
	leader.held.Keep()
	p.apply(step{"a change", anySpec(r.random), true})
	select {
	case <-leader.held.First():
	case <-time.After(3 * time.Second): // the change called for none.
	}
	holder := p.holder()
	switch fault {
	case "kill -9":
		leader.partition.Part() // it is started again, and must not be the other one that leads: its writes are held.
		leader.signal(syscall.SIGKILL)
	case "SIGSTOP":
		leader.signal(syscall.SIGSTOP)
	default:
		leader.partition.Part()
	}
	r.injected(1)
	lost := time.Now()
	change(3)
	p.eventually("another one leads", func() error { return p.expectHolder(&holder) })
	r.t.Logf("%s: another one leads after %s", fault, time.Since(lost).Round(100*time.Millisecond))
	change(2)
	p.apply(end)
	p.expect("led by another one after "+fault, states[0], follower.operator)
	done := follower.proxy.Requests().Count()
	late := leader.held.Release()
	r.injected(int64(len(late)))
	r.t.Logf("writes that were late: %s", strings.Join(late, ", "))
	p.expectUntouched("writes of a leader that is gone: "+strings.Join(late, ", "), states[0], follower.operator, done)
	switch fault {
	case "SIGSTOP":
		leader.signal(syscall.SIGCONT)
	case "partition", "kill -9":
		leader.partition.Heal()
	case "death":
		leader.stop()
	}
	p.expectUntouched("the first leader is back after "+fault, states[0], follower.operator, done)
	p.expectRest(follower.operator)
	p.expect("at rest after "+fault, states[0], follower.operator)
}

// isChild tells writes to children from others.
func isChild(request *http.Request) bool {
	return strings.Contains(request.URL.Path, "/deployments/") || strings.Contains(request.URL.Path, "/services/")
}

// allowElections gives the operator's account the rights that it has in its own namespace.
func (p *place) allowElections() {
	p.t.Helper()
	role := &rbacv1.Role{}
	p.must(p.world.live.Get(p.ctx, client.ObjectKey{Namespace: systemNamespace, Name: "leader-election-role"}, role))
	role.ObjectMeta = metav1.ObjectMeta{Namespace: p.namespace, Name: role.Name}
	p.must(p.world.live.Create(p.ctx, role))
	p.must(p.world.live.Create(p.ctx, bind("Role", role.Name, p.namespace, systemNamespace, operatorAccount)))
}

func (p *place) holder() string {
	leases := &coordinationv1.LeaseList{}
	if p.world.live.List(p.ctx, leases, client.InNamespace(p.namespace)) != nil || len(leases.Items) == 0 {
		return ""
	}
	return ptr.Deref(leases.Items[0].Spec.HolderIdentity, "")
}

// expectHolder fails while nobody leads, or the one given does.
func (p *place) expectHolder(other *string) error {
	if holder := p.holder(); holder == "" || holder == *other {
		return errNoNewLeader
	}
	return nil
}
