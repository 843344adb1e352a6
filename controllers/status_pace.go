// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package controllers

import (
	"sync"
	"time"

	"golang.org/x/time/rate"
	"k8s.io/apimachinery/pkg/types"
)

// So many status writes of an ElasticWeb may follow one another at once, which is enough for the usual change, and
// one per interval after that: pods that flap, or hundreds that come, are told of once a second.
const (
	statusBurst    = 10
	statusInterval = time.Second
)

// statusPace holds back status writes that come too fast. Its zero value is ready for use, also concurrently.
type statusPace struct {
	mu       sync.Mutex
	limiters map[types.NamespacedName]*rate.Limiter
}

// wait is how long a write has to wait; where it is zero, the write counts as made.
func (p *statusPace) wait(name types.NamespacedName, now time.Time) time.Duration {
	reservation := p.of(name).ReserveN(now, 1)
	delay := reservation.DelayFrom(now)
	if delay > 0 {
		reservation.CancelAt(now)
	}
	return delay
}

func (p *statusPace) of(name types.NamespacedName) *rate.Limiter {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.limiters == nil {
		p.limiters = map[types.NamespacedName]*rate.Limiter{}
	}
	limiter := p.limiters[name]
	if limiter == nil {
		limiter = rate.NewLimiter(rate.Every(statusInterval), statusBurst)
		p.limiters[name] = limiter
	}
	return limiter
}

func (p *statusPace) forget(name types.NamespacedName) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.limiters, name)
}
