// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package v1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// ElasticWebSpec says what the web application is, and what it must serve.
//
// +kubebuilder:validation:XValidation:rule="!(has(self.totalQPS) && has(self.replicas))",message="totalQPS and replicas exclude each other: keep totalQPS to let the operator work out the pods, or replicas to set them (kubectl scale, HPA, KEDA); to change over, remove the other one in the same request, with null in kubectl patch --type=merge where another field manager owns it (server-side apply takes no null)",fieldPath=".replicas"
// +kubebuilder:validation:XValidation:rule="!(has(self.demand) && has(self.totalQPS))",message="demand and totalQPS exclude each other: keep demand to have the traffic read, or totalQPS to say what it is; to change over, remove the other one in the same request, with null in kubectl patch --type=merge where another field manager owns it (server-side apply takes no null)",fieldPath=".totalQPS"
// +kubebuilder:validation:XValidation:rule="!(has(self.demand) && has(self.replicas))",message="demand and replicas exclude each other: keep demand to have the pods follow the traffic, or replicas to set them (kubectl scale, HPA, KEDA); to change over, remove the other one in the same request, with null in kubectl patch --type=merge where another field manager owns it (server-side apply takes no null)",fieldPath=".replicas"
// +kubebuilder:validation:XValidation:rule="!has(self.minReplicas) || !has(self.maxReplicas) || self.minReplicas <= self.maxReplicas",message="minReplicas is above maxReplicas: lower minReplicas or raise maxReplicas",fieldPath=".minReplicas"
type ElasticWebSpec struct {
	// image that the pods run, for instance registry.example.com/shop:1.4, or the same with a digest.
	// The architectures that it holds decide where the pods may run.
	//
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=512
	// +kubebuilder:validation:XValidation:rule="self == '' || self.matches('^((([a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9])([.]([a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9]))*|[[][a-fA-F0-9:]+[]])(:[0-9]{1,5})?/)?[a-z0-9]+(([.]|_|__|-+)[a-z0-9]+)*(/[a-z0-9]+(([.]|_|__|-+)[a-z0-9]+)*)*(:[a-zA-Z0-9_][a-zA-Z0-9_.-]{0,127})?(@(sha256:[a-f0-9]{64}|sha384:[a-f0-9]{96}|sha512:[a-f0-9]{128}))?$')",message="image is not an image reference: write it like registry.example.com/shop:1.4 or registry.example.com/shop@sha256:<64 hex digits>, without a scheme or blanks, the repository in lower case"
	Image string `json:"image"`

	// port that clients reach. It is the node port of a NodePort Service (the default type), and the
	// Service's own port for the types LoadBalancer and ClusterIP. From 1 to 65535; a node port must
	// lie in the node port range of the cluster, which the API server checks.
	//
	// +required
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=65535
	Port *int32 `json:"port"`

	// singlePodsQPS is what one pod can serve, in requests per second, on every architecture for which
	// nothing else is said or measured.
	//
	// +required
	// +kubebuilder:validation:Minimum=1
	SinglePodsQPS *int32 `json:"singlePodsQPS"`

	// totalQPS is what the application must serve, in requests per second. The operator works out the
	// number of pods from it. Absent or 0 means that there is no demand: nothing is created, and what
	// exists goes to 0 pods. It excludes replicas and demand.
	//
	// +optional
	// +kubebuilder:validation:Minimum=0
	TotalQPS *int32 `json:"totalQPS,omitempty"`

	// demand has the operator read the traffic, in the place of totalQPS and replicas: the pods follow it.
	//
	// +optional
	Demand *DemandSpec `json:"demand,omitempty"`

	// replicas is the number of pods, in the place of totalQPS. It is what kubectl scale, a
	// HorizontalPodAutoscaler and KEDA write through the scale subresource. 0 means no demand.
	//
	// +optional
	// +kubebuilder:validation:Minimum=0
	Replicas *int32 `json:"replicas,omitempty"`

	// minReplicas is the least number of pods while there is demand. With none of totalQPS, demand and
	// replicas it hands the number of pods to an autoscaler: the operator sets replicas once, and then leaves it.
	//
	// +optional
	// +kubebuilder:validation:Minimum=1
	MinReplicas *int32 `json:"minReplicas,omitempty"`

	// maxReplicas is the greatest number of pods. A demand that needs more is reported, not met.
	//
	// +optional
	// +kubebuilder:validation:Minimum=1
	MaxReplicas *int32 `json:"maxReplicas,omitempty"`

	// headroomPercent is capacity kept above totalQPS, or above what is expected of demand, in percent of it, from 0 to 1000.
	//
	// +optional
	// +kubebuilder:validation:Minimum=0
	// +kubebuilder:validation:Maximum=1000
	HeadroomPercent *int32 `json:"headroomPercent,omitempty"`

	// containerPort is the port on which the application listens in its container. Default: the only TCP
	// port that the image exposes, else 8080.
	//
	// +optional
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=65535
	ContainerPort *int32 `json:"containerPort,omitempty"`

	// architectures restricts the pods to the architectures that are listed here, and says what a pod
	// can serve on each. Default: every architecture that the image holds.
	//
	// +optional
	// +listType=map
	// +listMapKey=name
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=16
	Architectures []ArchitectureSpec `json:"architectures,omitempty"`

	// benchmarkRef names an ElasticWebBenchmark of the same namespace. What it measured wins over every
	// singlePodsQPS.
	//
	// +optional
	BenchmarkRef *BenchmarkReference `json:"benchmarkRef,omitempty"`

	// service says how the application is reached.
	//
	// +optional
	Service *ServiceSpec `json:"service,omitempty"`

	// expose leads a host name to the application, by an HTTPRoute, a Route or an Ingress that the operator makes. Default: none.
	// With it, a Service that is made anew is a ClusterIP where service.type says nothing.
	//
	// +optional
	Expose *ExposeSpec `json:"expose,omitempty"`

	// balancing is what spreads the requests over the pods. Even: the Service does, evenly, so that each pod counts at what the slowest one
	// serves, and pods join only where the whole serves more for them. It is the default. LeastRequest: a mesh or a gateway sends them to the pods with the
	// fewest requests under way, so that the pods serve about their sum; all of them join. A change of it restarts no pod.
	//
	// +optional
	Balancing *Balancing `json:"balancing,omitempty"`

	// rollout says how a new version takes the place of the old one. A change of it restarts no pod.
	//
	// +optional
	Rollout *RolloutSpec `json:"rollout,omitempty"`

	// rebalance says whether pods come back to the architecture that is preferred, when its nodes may have room again. A change of it
	// restarts no pod. Default: they stay where they are.
	//
	// +optional
	Rebalance *RebalanceSpec `json:"rebalance,omitempty"`

	PodSettings `json:",inline"`
}

// Balancing is what spreads the requests over the pods.
//
// +kubebuilder:validation:Enum=Even;LeastRequest
type Balancing string

const (
	// BalancingEven is a Service, which sends each pod as many as any other. It is the default.
	BalancingEven Balancing = "Even"
	// BalancingLeastRequest is a mesh or a gateway that sends to the pods with the fewest requests under way.
	BalancingLeastRequest Balancing = "LeastRequest"
)

// Architecture is a processor architecture as the node label kubernetes.io/arch has it.
//
// +kubebuilder:validation:Enum=amd64;arm64;ppc64le;s390x;riscv64;loong64;mips64le;arm;"386"
type Architecture string

// ArchitectureSpec says what is known and wished of one architecture.
type ArchitectureSpec struct {
	// name of the architecture, as in the node label kubernetes.io/arch.
	//
	// +required
	Name Architecture `json:"name"`

	// singlePodsQPS is what one pod can serve on this architecture, in requests per second. Default: the
	// singlePodsQPS of the spec.
	//
	// +optional
	// +kubebuilder:validation:Minimum=1
	SinglePodsQPS *int32 `json:"singlePodsQPS,omitempty"`

	// weight of the preferred node affinity for this architecture, from 1 to 100, the highest preferred.
	// Default: by rank of what a pod can serve.
	//
	// +optional
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=100
	Weight *int32 `json:"weight,omitempty"`
}

// BenchmarkReference names an ElasticWebBenchmark of the same namespace.
type BenchmarkReference struct {
	// name of the ElasticWebBenchmark.
	//
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=253
	Name string `json:"name"`
}

// ServiceType is how a Service is reached from outside the cluster.
//
// +kubebuilder:validation:Enum=NodePort;LoadBalancer;ClusterIP
type ServiceType string

const (
	// ServiceTypeNodePort opens spec.port on every node. It is the default.
	ServiceTypeNodePort ServiceType = "NodePort"
	// ServiceTypeLoadBalancer asks the cloud for a load balancer that listens on spec.port.
	ServiceTypeLoadBalancer ServiceType = "LoadBalancer"
	// ServiceTypeClusterIP serves spec.port inside the cluster only.
	ServiceTypeClusterIP ServiceType = "ClusterIP"
)

// ServiceSpec says how the application is reached.
type ServiceSpec struct {
	// type of the Service: NodePort, LoadBalancer or ClusterIP. Default: NodePort, or ClusterIP for a Service that is made, or is a
	// ClusterIP already, while expose is there. Such a Service stays a ClusterIP when expose goes, until another type is said here.
	//
	// +optional
	Type ServiceType `json:"type,omitempty"`

	// annotations of the Service, for instance those that a cloud's load balancer reads.
	//
	// +optional
	// +kubebuilder:validation:MaxProperties=64
	// +kubebuilder:validation:XValidation:rule="self.all(k, !k.startsWith('elasticweb.example.com/'))",message="annotations with the prefix elasticweb.example.com/ belong to the operator: choose another key"
	Annotations map[string]string `json:"annotations,omitempty"`
}

// ElasticWeb is a web application that must serve a known load on nodes of mixed processor architectures.
// The operator keeps a Deployment, a Service and a PodDisruptionBudget of the same name for it.
//
// +kubebuilder:object:root=true
// +kubebuilder:subresource:status
// +kubebuilder:subresource:scale:specpath=.spec.replicas,statuspath=.status.replicas,selectorpath=.status.selector
// +kubebuilder:resource:path=elasticwebs,singular=elasticweb,scope=Namespaced,shortName=ew,categories=all
// +kubebuilder:printcolumn:name="Image",type=string,JSONPath=`.spec.image`
// +kubebuilder:printcolumn:name="TotalQPS",type=integer,JSONPath=`.spec.totalQPS`
// +kubebuilder:printcolumn:name="RealQPS",type=integer,JSONPath=`.status.realQPS`
// +kubebuilder:printcolumn:name="Pods",type=integer,JSONPath=`.status.replicas`
// +kubebuilder:printcolumn:name="Ready",type=string,JSONPath=`.status.conditions[?(@.type=="Ready")].status`
// +kubebuilder:printcolumn:name="Age",type=date,JSONPath=`.metadata.creationTimestamp`
// +kubebuilder:printcolumn:name="Port",type=integer,priority=1,JSONPath=`.spec.port`
// +kubebuilder:printcolumn:name="Architectures",type=string,priority=1,JSONPath=`.status.podsByArchitecture`
// +kubebuilder:printcolumn:name="PlannedQPS",type=integer,priority=1,JSONPath=`.status.demand.plannedQPS`
// +kubebuilder:printcolumn:name="Address",type=string,priority=1,JSONPath=`.status.address`
// +kubebuilder:printcolumn:name="Reason",type=string,priority=1,JSONPath=`.status.conditions[?(@.type=="Ready")].reason`
// +kubebuilder:validation:XValidation:rule="self.metadata.name.size() <= 63 && self.metadata.name.matches('^[a-z]([-a-z0-9]*[a-z0-9])?$')",message="metadata.name becomes the name of a Service: use at most 63 lower case letters, digits and dashes, beginning with a letter and ending with a letter or a digit",fieldPath=".metadata"
type ElasticWeb struct {
	metav1.TypeMeta `json:",inline"`

	// metadata is that of any object; its name becomes that of the Deployment, the Service and the budget.
	//
	// +optional
	metav1.ObjectMeta `json:"metadata,omitempty,omitzero"`

	// spec says what the web application is, and what it must serve.
	//
	// +required
	Spec ElasticWebSpec `json:"spec"`

	// status reports what was made of it, and what it really serves.
	//
	// +optional
	// +kubebuilder:default={"observedGeneration":-1}
	Status ElasticWebStatus `json:"status,omitempty,omitzero"`

	// UnreadableSpec says why the spec could not be decoded, which is empty then; "" where it was. It is never sent.
	UnreadableSpec string `json:"-"`

	// UnreadableStatus says the same of the status.
	UnreadableStatus string `json:"-"`
}

// ElasticWebList is a list of ElasticWebs.
//
// +kubebuilder:object:root=true
type ElasticWebList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`

	// Items of the list.
	Items []ElasticWeb `json:"items"`
}
