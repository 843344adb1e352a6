// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package way

// Backend is a Service of the ElasticWeb's namespace that a way in leads to, and its share of the requests: its weight in proportion to
// the sum of all.
type Backend struct {
	Service string `json:"service"`
	Weight  int32  `json:"weight"`
}

// The greatest weights that the kinds take.
const (
	MaxHTTPRouteWeight int32 = 1_000_000
	MaxRouteWeight     int32 = 256
)

// MaxRouteBackends is how many Services a Route leads to at most.
const MaxRouteBackends = 4

// BackendRefs are backends as an HTTPRoute has them. Each Service is reached at the same port.
func BackendRefs(backends []Backend, port int32) []BackendRef {
	refs := make([]BackendRef, 0, len(backends))
	for _, backend := range backends {
		refs = append(refs, BackendRef{
			Kind: "Service", Name: backend.Service, Port: port, Weight: min(max(backend.Weight, 0), MaxHTTPRouteWeight),
		})
	}
	return refs
}

// RouteTargets are backends as a Route has them: the first, and the others. Those beyond MaxRouteBackends are left out.
func RouteTargets(backends []Backend) (to RouteTarget, alternates []RouteTarget) {
	for i, backend := range backends[:min(len(backends), MaxRouteBackends)] {
		target := RouteTarget{Kind: "Service", Name: backend.Service, Weight: min(max(backend.Weight, 0), MaxRouteWeight)}
		if i == 0 {
			to = target
			continue
		}
		alternates = append(alternates, target)
	}
	return to, alternates
}
