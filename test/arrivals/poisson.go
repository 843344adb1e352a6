// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

// Package arrivals is when requests come that know nothing of each other, for tests that put a load on something.
package arrivals

import (
	"math/rand/v2"
	"time"
)

// Poisson has vegeta send requests at random moments. Those that the machine held back come later: sent all at once, they would be a burst
// that pods under such a load take as long to work off as its length by what they have to spare. It is for one attack.
type Poisson struct {
	// PerSecond is the mean.
	PerSecond float64
	// Random says when.
	Random *rand.Rand
	// During is how long it goes on; 0 for ever.
	During time.Duration

	sent uint64
	next time.Duration // when the next one is due.
}

// heldBack is how late a request may be without the others being moved.
const heldBack = 100 * time.Millisecond

// Pace implements vegeta.Pacer.
func (p *Poisson) Pace(elapsed time.Duration, hits uint64) (wait time.Duration, stop bool) {
	p.next = max(p.next, elapsed-heldBack)
	for p.sent <= hits {
		p.next += time.Duration(p.Random.ExpFloat64() / p.PerSecond * float64(time.Second))
		p.sent++
	}
	return max(0, p.next-elapsed), p.During > 0 && p.next > p.During
}

// Rate implements vegeta.Pacer.
func (p *Poisson) Rate(time.Duration) float64 { return p.PerSecond }
