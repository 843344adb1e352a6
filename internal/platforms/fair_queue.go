// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package platforms

import (
	"slices"

	"k8s.io/utils/lru"
)

// maxTurns bounds the tenants whose last turn is kept in mind.
const maxTurns = 4096

// fairQueue gives turns: to the tenant whose last one is the longest ago, and
// within a tenant to one registry after the other. Neither a tenant with
// thousands of images, nor one with many namespaces that come back as soon as
// they had their turn, nor a registry that is slow holds up anything else.
type fairQueue struct {
	length  int
	byName  map[string]*tenantQueue
	tenants []*tenantQueue // that whose turn is next first, as in lanes.
	// turns counts those that were given, lastTurns has the last one by tenant.
	turns     uint64
	lastTurns *lru.Cache
}

type tenantQueue struct {
	name     string
	lastTurn uint64 // 0 for none that is known.
	lanes    []*lane
}

// lane holds the flights of one tenant to one registry, none of them never.
type lane struct {
	registry string
	flights  []*flight
}

func newFairQueue() fairQueue {
	return fairQueue{byName: map[string]*tenantQueue{}, lastTurns: lru.New(maxTurns)}
}

func (q *fairQueue) add(f *flight) {
	q.length++
	tenant := q.byName[f.tenant]
	if tenant == nil {
		tenant = q.newTenant(f.tenant)
	}
	i := tenant.lane(f.ref.registry())
	if i < 0 {
		i = len(tenant.lanes)
		tenant.lanes = append(tenant.lanes, &lane{registry: f.ref.registry()})
	}
	tenant.lanes[i].flights = append(tenant.lanes[i].flights, f)
}

func (q *fairQueue) newTenant(name string) *tenantQueue {
	tenant := &tenantQueue{name: name}
	if last, ok := q.lastTurns.Get(name); ok {
		tenant.lastTurn = last.(uint64)
	}
	q.byName[name] = tenant
	after := slices.IndexFunc(q.tenants, func(other *tenantQueue) bool { return other.lastTurn > tenant.lastTurn })
	if after < 0 {
		after = len(q.tenants)
	}
	q.tenants = slices.Insert(q.tenants, after, tenant)
	return tenant
}

func (t *tenantQueue) lane(registry string) int {
	return slices.IndexFunc(t.lanes, func(l *lane) bool { return l.registry == registry })
}

// next takes the flight whose turn it is of those that may start; nil where
// there is none.
func (q *fairQueue) next(mayStart func(*flight) bool) *flight {
	for i, tenant := range q.tenants {
		for j, lane := range tenant.lanes {
			first := lane.flights[0]
			if !mayStart(first) {
				continue
			}
			tenant.lanes = append(slices.Delete(tenant.lanes, j, j+1), lane)
			q.tenants = append(slices.Delete(q.tenants, i, i+1), tenant)
			q.turns++
			tenant.lastTurn = q.turns
			q.lastTurns.Add(tenant.name, q.turns)
			q.remove(first)
			return first
		}
	}
	return nil
}

// remove takes a flight out that is queued.
func (q *fairQueue) remove(f *flight) {
	tenant := q.byName[f.tenant]
	lane := tenant.lanes[tenant.lane(f.ref.registry())]
	i := slices.Index(lane.flights, f)
	lane.flights = slices.Delete(lane.flights, i, i+1)
	q.length--
	q.dropEmpty(tenant)
}

// removeLane takes out all that a tenant has for a registry.
func (q *fairQueue) removeLane(name, registry string) []*flight {
	tenant := q.byName[name]
	if tenant == nil {
		return nil
	}
	i := tenant.lane(registry)
	if i < 0 {
		return nil
	}
	flights := tenant.lanes[i].flights
	tenant.lanes[i].flights = nil
	q.length -= len(flights)
	q.dropEmpty(tenant)
	return flights
}

func (q *fairQueue) dropEmpty(tenant *tenantQueue) {
	tenant.lanes = slices.DeleteFunc(tenant.lanes, func(l *lane) bool { return len(l.flights) == 0 })
	if len(tenant.lanes) > 0 {
		return
	}
	delete(q.byName, tenant.name)
	i := slices.Index(q.tenants, tenant)
	q.tenants = slices.Delete(q.tenants, i, i+1)
}
