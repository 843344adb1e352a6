// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package way

import "encoding/json"

// longestSpec bounds what is parsed of a spec that others may have changed.
const longestSpec = 64 << 10

// IsWeighted reports whether the route leads to several Services.
func (r *HTTPRoute) IsWeighted() bool { return len(r.Backends()) > 1 }

// Backends are the Services that the route leads to; none where it is not as the operator writes it.
func (r *HTTPRoute) Backends() (backends []Backend) {
	var spec HTTPRouteSpec
	if len(r.Spec) > longestSpec || json.Unmarshal([]byte(r.Spec), &spec) != nil || len(spec.Rules) != 1 {
		return nil
	}
	for _, ref := range spec.Rules[0].BackendRefs {
		backends = append(backends, Backend{Service: ref.Name, Weight: ref.Weight})
	}
	return backends
}

// IsWeighted reports whether the route leads to several Services.
func (r *Route) IsWeighted() bool { return len(r.Backends()) > 1 }

// Backends are the Services that the route leads to; none where its spec cannot be read.
func (r *Route) Backends() (backends []Backend) {
	var spec RouteSpec
	if len(r.Spec) > longestSpec || json.Unmarshal([]byte(r.Spec), &spec) != nil {
		return nil
	}
	for _, target := range append([]RouteTarget{spec.To}, spec.AlternateBackends...) {
		backends = append(backends, Backend{Service: target.Name, Weight: target.Weight})
	}
	return backends
}
