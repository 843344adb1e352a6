// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package platforms

import "time"

// yieldAfter is how long a look-up may keep its place while a tenant that has
// none waits. Half of the wait for an image, by default, is left to that one.
const yieldAfter = 5 * time.Second

// makeRoom ends look-ups that are slow for tenants who have no place: shares
// leave one to whoever comes next, but as many namespaces as there are places
// can take them all. It returns when to look again; 0 for not before something
// else happens. The caller holds the lock.
func (r *Resolver) makeRoom() (again time.Duration) {
	coming := 0 // places that are given up already.
	for f := range r.running {
		if f.isYielding {
			coming++
		}
	}
	for _, tenant := range r.queue.tenants {
		if r.places.by[tenant.name] > 0 {
			continue
		}
		if coming--; coming >= 0 {
			continue
		}
		slowest := r.slowest(tenant)
		if slowest == nil {
			continue
		}
		if left := yieldAfter - r.options.Clock.Since(slowest.began); left > 0 {
			return left
		}
		slowest.isYielding = true
		slowest.yield()
	}
	return 0
}

// slowest is the flight that has kept a tenant's from starting for longest, of
// those that have not been told to end; nil where there is none.
func (r *Resolver) slowest(tenant *tenantQueue) (slowest *flight) {
	for f := range r.running {
		isInTheWay := r.places.used >= r.options.Workers || tenant.lane(f.ref.registry()) >= 0
		if isInTheWay && !f.isYielding && (slowest == nil || f.began.Before(slowest.began)) {
			slowest = f
		}
	}
	return slowest
}
