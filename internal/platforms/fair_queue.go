// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package platforms

import "slices"

// fairQueue gives turns: to one tenant after the other, and within a tenant to
// one registry after the other. Neither a tenant with thousands of images nor
// a registry that is slow holds up anything else.
type fairQueue struct {
	length  int
	byName  map[string]*tenantQueue
	tenants []*tenantQueue // that whose turn is next first, as in lanes.
}

type tenantQueue struct {
	name  string
	lanes []*lane
}

// lane holds the flights of one tenant to one registry, none of them never.
type lane struct {
	registry string
	flights  []*flight
}

func newFairQueue() fairQueue { return fairQueue{byName: map[string]*tenantQueue{}} }

func (q *fairQueue) add(f *flight) {
	q.length++
	tenant := q.byName[f.tenant]
	if tenant == nil {
		tenant = &tenantQueue{name: f.tenant}
		q.byName[f.tenant] = tenant
		q.tenants = append(q.tenants, tenant)
	}
	i := tenant.lane(f.ref.registry())
	if i < 0 {
		i = len(tenant.lanes)
		tenant.lanes = append(tenant.lanes, &lane{registry: f.ref.registry()})
	}
	tenant.lanes[i].flights = append(tenant.lanes[i].flights, f)
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
