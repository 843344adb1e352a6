// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package way

import "encoding/json"

// longestSpec bounds what is parsed of a spec that others may have changed.
const longestSpec = 64 << 10

// IsWeighted reports whether the route leads to several Services.
func (r *HTTPRoute) IsWeighted() bool {
	var spec HTTPRouteSpec
	if len(r.Spec) > longestSpec || json.Unmarshal([]byte(r.Spec), &spec) != nil {
		return false
	}
	return len(spec.Rules) == 1 && len(spec.Rules[0].BackendRefs) > 1
}

// IsWeighted reports whether the route leads to several Services.
func (r *Route) IsWeighted() bool {
	var spec RouteSpec
	return len(r.Spec) <= longestSpec && json.Unmarshal([]byte(r.Spec), &spec) == nil && len(spec.AlternateBackends) > 0
}
