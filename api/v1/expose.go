// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package v1

// ExposeSpec is the way in from outside the cluster: exactly one kind of object that leads a host name to the Service. The
// operator makes that object under the ElasticWeb's name, keeps it as it is here, and removes it when it goes from the spec.
//
// +kubebuilder:validation:XValidation:rule="[has(self.httpRoute), has(self.route), has(self.ingress)].exists_one(isSet, isSet)",message="expose takes exactly one of httpRoute, route and ingress: keep one; to change over, remove the other one in the same request, with null in kubectl patch --type=merge where another field manager owns it (server-side apply takes no null)"
type ExposeSpec struct {
	// httpRoute is an HTTPRoute of the Gateway API (gateway.networking.k8s.io/v1).
	//
	// +optional
	HTTPRoute *HTTPRouteSpec `json:"httpRoute,omitempty"`

	// route is a Route of OpenShift (route.openshift.io/v1).
	//
	// +optional
	Route *RouteSpec `json:"route,omitempty"`

	// ingress is an Ingress of Kubernetes (networking.k8s.io/v1).
	//
	// +optional
	Ingress *IngressSpec `json:"ingress,omitempty"`
}

// HTTPRouteSpec says to which Gateways the application is attached, and under which names.
type HTTPRouteSpec struct {
	// parentRefs are the Gateways that serve the application. From 1 to 8, each of them once.
	//
	// +required
	// +listType=atomic
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=8
	// +kubebuilder:validation:XValidation:rule="self.all(a, self.exists_one(b, a == b))",message="parentRefs names a Gateway twice: leave one out, or tell them apart by sectionName or port"
	ParentRefs []GatewayReference `json:"parentRefs"`

	// hostnames under which the application is reached. Each may begin with *. for all names of a domain. From 1 to 16.
	//
	// +required
	// +listType=atomic
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=16
	Hostnames []Hostname `json:"hostnames"`

	// pathPrefix of the requests that reach the application, for instance /shop. Default: /, which is all of them.
	//
	// +optional
	PathPrefix URLPath `json:"pathPrefix,omitempty"`
}

// GatewayReference names a Gateway, and which of its listeners, if not all.
type GatewayReference struct {
	// name of the Gateway.
	//
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=253
	// +kubebuilder:validation:Pattern=`^[a-z0-9]([-a-z0-9]*[a-z0-9])?([.][a-z0-9]([-a-z0-9]*[a-z0-9])?)*$`
	Name string `json:"name"`

	// namespace of the Gateway. Default: that of the ElasticWeb. A Gateway of another one takes the application only if its
	// listeners allow that (allowedRoutes).
	//
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=63
	// +kubebuilder:validation:Pattern=`^[a-z0-9]([-a-z0-9]*[a-z0-9])?$`
	Namespace string `json:"namespace,omitempty"`

	// sectionName is the name of a listener of the Gateway. Default: all of its listeners.
	//
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=253
	// +kubebuilder:validation:Pattern=`^[a-z0-9]([-a-z0-9]*[a-z0-9])?([.][a-z0-9]([-a-z0-9]*[a-z0-9])?)*$`
	SectionName string `json:"sectionName,omitempty"`

	// port of the listeners, from 1 to 65535. Default: all ports.
	//
	// +optional
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=65535
	Port *int32 `json:"port,omitempty"`
}

// Hostname is a DNS name in lower case, which may begin with *. for all names of a domain.
//
// +kubebuilder:validation:MinLength=1
// +kubebuilder:validation:MaxLength=253
// +kubebuilder:validation:Pattern=`^([*][.])?[a-z0-9]([-a-z0-9]*[a-z0-9])?([.][a-z0-9]([-a-z0-9]*[a-z0-9])?)*$`
type Hostname string

// URLPath is the beginning of a path, from the slash on.
//
// +kubebuilder:validation:MinLength=1
// +kubebuilder:validation:MaxLength=1024
// +kubebuilder:validation:Pattern=`^/([A-Za-z0-9/._~!$&'()*+,;=:@-]|%[0-9a-fA-F]{2})*$`
// +kubebuilder:validation:XValidation:rule="!self.matches('//|/[.][.]?(/|$)|%2[fF]')",message="the path has an empty part, a . or .. as a part, or an encoded slash: write it as requests have it, for instance /shop"
type URLPath string

// RouteSpec says how OpenShift's router leads to the application.
//
// +kubebuilder:validation:XValidation:rule="!has(self.tls) || self.tls.termination != 'passthrough' || !has(self.path)",message="path and the termination passthrough exclude each other, since the router does not see the path of what it does not decrypt: remove path, or take edge or reencrypt",fieldPath=".path"
type RouteSpec struct {
	// host is the name under which the application is reached. Default: one that OpenShift makes up of the ElasticWeb's name and namespace.
	//
	// +optional
	// +kubebuilder:validation:XValidation:rule="!self.startsWith('*')",message="a Route takes no name that begins with *: name the host itself"
	Host Hostname `json:"host,omitempty"`

	// path is the beginning of the path of requests that reach the application. Default: all of them.
	//
	// +optional
	Path URLPath `json:"path,omitempty"`

	// tls has the Route serve HTTPS. Default: HTTP alone.
	//
	// +optional
	TLS *RouteTLS `json:"tls,omitempty"`

	// annotations of the Route, for instance those that the router reads.
	//
	// +optional
	Annotations WayInAnnotations `json:"annotations,omitempty"`
}

// TLSTermination says where the encryption of clients ends.
//
// +kubebuilder:validation:Enum=edge;passthrough;reencrypt
type TLSTermination string

const (
	// TLSTerminationEdge: at the router, with its certificate. The pods are given HTTP.
	TLSTerminationEdge TLSTermination = "edge"
	// TLSTerminationPassthrough: at the pods, which the router leads the connection to as it is.
	TLSTerminationPassthrough TLSTermination = "passthrough"
	// TLSTerminationReencrypt: at the router, which encrypts again towards the pods.
	TLSTerminationReencrypt TLSTermination = "reencrypt"
)

// InsecurePolicy says what becomes of requests that are not encrypted.
//
// +kubebuilder:validation:Enum=None;Allow;Redirect
type InsecurePolicy string

// RouteTLS says how a Route serves HTTPS. Certificates are those of the router.
//
// +kubebuilder:validation:XValidation:rule="self.termination != 'passthrough' || !has(self.insecureEdgeTerminationPolicy) || self.insecureEdgeTerminationPolicy != 'Allow'",message="the termination passthrough cannot serve HTTP as well: take None or Redirect",fieldPath=".insecureEdgeTerminationPolicy"
type RouteTLS struct {
	// termination is edge, passthrough or reencrypt.
	//
	// +required
	Termination TLSTermination `json:"termination"`

	// insecureEdgeTerminationPolicy says what becomes of HTTP: None, Allow or Redirect to HTTPS. Default: the router's, which is None.
	//
	// +optional
	InsecureEdgeTerminationPolicy InsecurePolicy `json:"insecureEdgeTerminationPolicy,omitempty"`
}

// IngressSpec says how an ingress controller leads to the application.
type IngressSpec struct {
	// className is the name of an IngressClass. Default: the cluster's default class.
	//
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=253
	// +kubebuilder:validation:Pattern=`^[a-z0-9]([-a-z0-9]*[a-z0-9])?([.][a-z0-9]([-a-z0-9]*[a-z0-9])?)*$`
	ClassName string `json:"className,omitempty"`

	// host is the name under which the application is reached; it may begin with *. for all names of a domain.
	//
	// +required
	Host Hostname `json:"host"`

	// path is the beginning of the path of requests that reach the application. Default: /, which is all of them.
	//
	// +optional
	Path URLPath `json:"path,omitempty"`

	// tls has the Ingress serve HTTPS. Default: HTTP alone.
	//
	// +optional
	TLS *IngressTLS `json:"tls,omitempty"`

	// annotations of the Ingress, for instance those that its controller, or cert-manager, reads.
	//
	// +optional
	Annotations WayInAnnotations `json:"annotations,omitempty"`
}

// IngressTLS says with which certificate an Ingress serves HTTPS.
type IngressTLS struct {
	// secretName is the name of the Secret of this namespace that holds the certificate and its key. Default: the certificate of the controller.
	//
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=253
	// +kubebuilder:validation:Pattern=`^[a-z0-9]([-a-z0-9]*[a-z0-9])?([.][a-z0-9]([-a-z0-9]*[a-z0-9])?)*$`
	SecretName string `json:"secretName,omitempty"`
}

// WayInAnnotations are annotations of a Route or an Ingress: what their controllers make of these is not checked.
//
// +kubebuilder:validation:MaxProperties=64
// +kubebuilder:validation:XValidation:rule="self.all(k, !k.startsWith('elasticweb.example.com/'))",message="annotations with the prefix elasticweb.example.com/ belong to the operator: choose another key"
type WayInAnnotations map[string]string
