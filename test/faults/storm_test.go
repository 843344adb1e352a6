// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package faults_test

import (
	"math/rand/v2"
	"time"

	"github.com/elasticweb/elasticweb-operator/test/faults/proxy"
)

// playStorm has everything go wrong at the same time: the user changes, deletes and creates without waiting,
// the operator is killed and started again, its watches lag and its requests fail.
func playStorm(r *run) {
	end := step{name: "the last change", change: endSpec(r.random), isWhole: true}
	states, _ := r.undisturbed([]step{end})
	p, steps, crashes := r.newPlace(), r.another(), r.another()
	done := make(chan struct{})
	go func() {
		defer close(done)
		p.crashAgainAndAgain(crashes, 4+crashes.IntN(3))
	}()
	for range 6 {
		p.apply(anyStep(steps))
		time.Sleep(time.Duration(steps.IntN(1500)) * time.Millisecond)
	}
	p.apply(end)
	<-done
	o := p.startOperator()
	p.expect("after the storm", states[0], o)
	p.expectRest(o)
	p.expect("at rest after the storm", states[0], o)
}

// crashAgainAndAgain starts operators one after the other, each with faults and a short life.
func (p *place) crashAgainAndAgain(random *rand.Rand, lives int) {
	for range lives {
		crash := proxy.CrashAfter(random.IntN(6))
		watches := proxy.NewWatches(newRandom(random), 0.3, time.Second)
		network := proxy.NewUnreliable(newRandom(random), 0.3)
		o, err := p.tryOperator(crash, watches, network)
		if err != nil {
			p.injected(1) // it did not even start.
			continue
		}
		select {
		case <-crash.Happened():
		case <-time.After(time.Duration(random.IntN(5000)) * time.Millisecond):
			crash.Now()
		}
		o.stop()
		p.injected(1 + watches.Injected() + network.Injected())
	}
}
