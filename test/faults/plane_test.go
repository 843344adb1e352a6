// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package faults_test

import (
	"math/rand/v2"
	"syscall"
	"time"

	"github.com/elasticweb/elasticweb-operator/test/cluster"
)

// playPlane has the parts of the control plane end, hang, and come back, in the middle of each step.
func playPlane(r *run) {
	story := newStory(r.random)
	states, _ := r.undisturbed(story)
	p := r.newPlace()
	o := p.startOperator()
	for i, s := range story {
		done := make(chan error, 1)
		delay, fault := time.Duration(r.random.IntN(800))*time.Millisecond, anyPlaneFault(r.random)
		go func() {
			time.Sleep(delay)
			done <- fault(r)
		}()
		p.apply(s)
		r.must(<-done)
		r.injected(1)
		p.expect(s.name, states[i], o)
	}
	p.expectRest(o)
	p.expect("at rest", states[len(states)-1], o)
}

func anyPlaneFault(random *rand.Rand) func(*run) error {
	component := []cluster.Component{cluster.APIServer, cluster.Etcd, cluster.APIServer, cluster.ControllerManager}[random.IntN(4)]
	pause := time.Duration(500+random.IntN(4000)) * time.Millisecond
	switch random.IntN(3) {
	case 0:
		return func(r *run) error {
			if err := r.world.plane.KillComponent(component); err != nil {
				return err
			}
			time.Sleep(pause / 4)
			return r.world.plane.StartComponent(r.ctx, component)
		}
	case 1:
		return func(r *run) error {
			if err := r.world.plane.StopComponent(component); err != nil {
				return err
			}
			return r.world.plane.StartComponent(r.ctx, component)
		}
	default:
		return func(r *run) error {
			if err := r.world.plane.SignalComponent(component, syscall.SIGSTOP); err != nil {
				return err
			}
			time.Sleep(pause)
			return r.world.plane.SignalComponent(component, syscall.SIGCONT)
		}
	}
}
