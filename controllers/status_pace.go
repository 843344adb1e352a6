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
	// crowded is the number of limiters at which those that are as good as new are dropped.
	crowded int
}

// fewLimiters are not worth to be looked through.
const fewLimiters = 256

// wait is how long a write has to wait; where it is zero, the write counts as made.
func (p *statusPace) wait(name types.NamespacedName, now time.Time) time.Duration {
	reservation := p.of(name, now).ReserveN(now, 1)
	delay := reservation.DelayFrom(now)
	if delay > 0 {
		reservation.CancelAt(now)
	}
	return delay
}

func (p *statusPace) of(name types.NamespacedName, now time.Time) *rate.Limiter {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.limiters == nil {
		p.limiters, p.crowded = map[types.NamespacedName]*rate.Limiter{}, fewLimiters
	}
	limiter := p.limiters[name]
	if limiter == nil {
		if len(p.limiters) >= p.crowded {
			p.drop(now)
		}
		limiter = rate.NewLimiter(rate.Every(statusInterval), statusBurst)
		p.limiters[name] = limiter
	}
	return limiter
}

// drop forgets those who have not written for so long that they may write as if they never had. What is left may double
// before it is looked through again, so that a limiter costs the same however many there are.
func (p *statusPace) drop(now time.Time) {
	left := map[types.NamespacedName]*rate.Limiter{} // maps do not shrink.
	for name, limiter := range p.limiters {
		if limiter.TokensAt(now) < statusBurst {
			left[name] = limiter
		}
	}
	p.limiters, p.crowded = left, max(fewLimiters, 2*len(left))
}

func (p *statusPace) forget(name types.NamespacedName) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.limiters, name)
}
