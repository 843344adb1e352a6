// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package faults_test

import (
	"time"

	"github.com/elasticweb/elasticweb-operator/test/faults/proxy"
)

// playUnobserved has the watches of the operator lag, break, and leave out what was in between.
func playUnobserved(r *run) {
	story := newStory(r.random)
	states, _ := r.undisturbed(story)
	watches := proxy.NewWatches(r.another(), 0.3, 2*time.Second)
	r.replay(story, states, watches.End, watches)
	r.injected(watches.Injected())
}

// playErrors has requests of the operator be slow, refused or lost.
func playErrors(r *run) {
	story := newStory(r.random)
	states, _ := r.undisturbed(story)
	network := proxy.NewUnreliable(r.another(), 0.3)
	r.replay(story, states, network.End, network)
	r.injected(network.Injected())
}

// replay plays a story with faults, and holds each state against that of the undisturbed run.
func (r *run) replay(story []step, states []state, end func(), faults ...proxy.Fault) {
	r.t.Helper()
	p := r.newPlace()
	o := p.startOperator(faults...)
	for i, s := range story {
		p.apply(s)
		p.expect(s.name, states[i], o)
		if s.change != nil && i < len(story)-2 {
			continue
		}
		end()
		p.expectRest(o)
		p.expect(s.name+", and the faults have ended", states[i], o)
	}
}
