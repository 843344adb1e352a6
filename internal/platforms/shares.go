// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package platforms

// shares are places that tenants occupy.
type shares struct {
	used int
	by   map[string]int
}

func newShares() shares { return shares{by: map[string]int{}} }

// has reports whether there is a place for the tenant: while it has fewer than
// are free. One alone gets half of them, and whoever comes next finds one.
func (s *shares) has(tenant string, places int) bool { return s.by[tenant] < places-s.used }

func (s *shares) take(tenant string) {
	s.used++
	s.by[tenant]++
}

func (s *shares) giveBack(tenant string) {
	s.used--
	if s.by[tenant]--; s.by[tenant] == 0 {
		delete(s.by, tenant)
	}
}
