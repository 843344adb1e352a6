// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package way

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/elasticweb/elasticweb-operator/internal/packed"
)

// Kinds of the ways in.
const (
	KindHTTPRoute = "HTTPRoute"
	KindRoute     = "Route"
	KindIngress   = "Ingress"
)

// HTTPRouteVersion and RouteVersion are the API versions that are written and read.
var (
	HTTPRouteVersion = schema.GroupVersion{Group: "gateway.networking.k8s.io", Version: "v1"}
	RouteVersion     = schema.GroupVersion{Group: "route.openshift.io", Version: "v1"}
)

// AddToScheme makes the kinds known that Kubernetes does not have.
func AddToScheme(scheme *runtime.Scheme) error {
	scheme.AddKnownTypes(HTTPRouteVersion, &HTTPRoute{}, &HTTPRouteList{})
	scheme.AddKnownTypes(RouteVersion, &Route{}, &RouteList{})
	for _, version := range []schema.GroupVersion{HTTPRouteVersion, RouteVersion} {
		metav1.AddToGroupVersion(scheme, version)
	}
	return nil
}

// HTTPRoute is one of the Gateway API, as a cluster has it.
type HTTPRoute struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata,omitempty"`

	Spec   packed.JSON     `json:"spec"`
	Status HTTPRouteStatus `json:"status"`
}

// HTTPRouteList is a list of HTTPRoutes.
type HTTPRouteList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`

	Items []HTTPRoute `json:"items"`
}

// Route is one of OpenShift, as a cluster has it.
type Route struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata,omitempty"`

	Spec   packed.JSON `json:"spec"`
	Status RouteStatus `json:"status"`
}

// RouteList is a list of Routes.
type RouteList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`

	Items []Route `json:"items"`
}

// DeepCopyObject implements runtime.Object.
func (r *HTTPRoute) DeepCopyObject() runtime.Object { return r.deepCopy() }

func (r *HTTPRoute) deepCopy() *HTTPRoute {
	return &HTTPRoute{r.TypeMeta, *r.ObjectMeta.DeepCopy(), r.Spec, r.Status.deepCopy()}
}

// DeepCopyObject implements runtime.Object.
func (l *HTTPRouteList) DeepCopyObject() runtime.Object {
	result := &HTTPRouteList{TypeMeta: l.TypeMeta, ListMeta: *l.ListMeta.DeepCopy()}
	for i := range l.Items {
		result.Items = append(result.Items, *l.Items[i].deepCopy())
	}
	return result
}

// DeepCopyObject implements runtime.Object.
func (r *Route) DeepCopyObject() runtime.Object { return r.deepCopy() }

func (r *Route) deepCopy() *Route {
	return &Route{r.TypeMeta, *r.ObjectMeta.DeepCopy(), r.Spec, r.Status.deepCopy()}
}

// DeepCopyObject implements runtime.Object.
func (l *RouteList) DeepCopyObject() runtime.Object {
	result := &RouteList{TypeMeta: l.TypeMeta, ListMeta: *l.ListMeta.DeepCopy()}
	for i := range l.Items {
		result.Items = append(result.Items, *l.Items[i].deepCopy())
	}
	return result
}
