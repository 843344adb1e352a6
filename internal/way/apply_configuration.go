// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package way

import (
	metav1ac "k8s.io/client-go/applyconfigurations/meta/v1"
)

// HTTPRouteApplyConfiguration is what the operator writes of an HTTPRoute.
type HTTPRouteApplyConfiguration struct {
	metav1ac.TypeMetaApplyConfiguration    `json:",inline"`
	*metav1ac.ObjectMetaApplyConfiguration `json:"metadata,omitempty"`

	Spec *HTTPRouteSpec `json:"spec,omitempty"`
}

// IsApplyConfiguration implements runtime.ApplyConfiguration.
func (HTTPRouteApplyConfiguration) IsApplyConfiguration() {}

// HTTPRouteSpec holds the defaults of the API as well, so that it is the same as what the API server makes of it: each of its lists
// belongs to one manager as a whole.
type HTTPRouteSpec struct {
	ParentRefs []ParentReference `json:"parentRefs"`
	Hostnames  []string          `json:"hostnames"`
	Rules      []HTTPRouteRule   `json:"rules"`
}

// ParentReference names a Gateway.
type ParentReference struct {
	Group       string `json:"group"`
	Kind        string `json:"kind"`
	Namespace   string `json:"namespace,omitempty"`
	Name        string `json:"name"`
	SectionName string `json:"sectionName,omitempty"`
	Port        int32  `json:"port,omitempty"`
}

// HTTPRouteRule leads the requests that match to its backends, each by its weight.
type HTTPRouteRule struct {
	Matches     []HTTPRouteMatch `json:"matches"`
	BackendRefs []BackendRef     `json:"backendRefs"`
}

// HTTPRouteMatch is which requests match.
type HTTPRouteMatch struct {
	Path PathMatch `json:"path"`
}

// PathMatch is how paths match.
type PathMatch struct {
	Type  string `json:"type"`
	Value string `json:"value"`
}

// BackendRef is a Service of the same namespace, and its share.
type BackendRef struct {
	Group  string `json:"group"`
	Kind   string `json:"kind"`
	Name   string `json:"name"`
	Port   int32  `json:"port"`
	Weight int32  `json:"weight"`
}

// RouteApplyConfiguration is what the operator writes of a Route.
type RouteApplyConfiguration struct {
	metav1ac.TypeMetaApplyConfiguration    `json:",inline"`
	*metav1ac.ObjectMetaApplyConfiguration `json:"metadata,omitempty"`

	Spec *RouteSpec `json:"spec,omitempty"`
}

// IsApplyConfiguration implements runtime.ApplyConfiguration.
func (RouteApplyConfiguration) IsApplyConfiguration() {}

// RouteSpec is how OpenShift's router leads to Services.
type RouteSpec struct {
	Host              string        `json:"host,omitempty"`
	Path              string        `json:"path,omitempty"`
	To                RouteTarget   `json:"to"`
	AlternateBackends []RouteTarget `json:"alternateBackends,omitempty"`
	Port              RoutePort     `json:"port"`
	TLS               *RouteTLS     `json:"tls,omitempty"`
}

// RouteTarget is a Service, and its share.
type RouteTarget struct {
	Kind   string `json:"kind"`
	Name   string `json:"name"`
	Weight int32  `json:"weight"`
}

// RoutePort is a port of these Services.
type RoutePort struct {
	TargetPort string `json:"targetPort"`
}

// RouteTLS is how a Route serves HTTPS.
type RouteTLS struct {
	Termination                   string `json:"termination"`
	InsecureEdgeTerminationPolicy string `json:"insecureEdgeTerminationPolicy,omitempty"`
}
