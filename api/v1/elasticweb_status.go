// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package v1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// ElasticWebStatus reports what was made of an ElasticWeb, and what it really serves.
type ElasticWebStatus struct {
	// observedGeneration is the generation of the spec that this status speaks of; -1 before the first.
	//
	// +optional
	ObservedGeneration int64 `json:"observedGeneration,omitempty"`

	// realQPS is what the ready pods serve together, in requests per second: their number times what a
	// pod serves on the slowest architecture among them, since a Service spreads requests evenly. A pod
	// counts once it has been ready for spec.rollout.minReadySeconds.
	//
	// +optional
	RealQPS *int32 `json:"realQPS,omitempty"`

	// replicas is the number of pods that exist and are not about to end.
	//
	// +optional
	// +kubebuilder:default=0
	Replicas int32 `json:"replicas,omitempty"`

	// readyReplicas is the number of those that are ready.
	//
	// +optional
	// +kubebuilder:default=0
	ReadyReplicas int32 `json:"readyReplicas,omitempty"`

	// selector of the pods, in the form that the scale subresource needs.
	//
	// +optional
	Selector string `json:"selector,omitempty"`

	// podsByArchitecture is a summary for tables: the pods of each architecture, the best one first, for
	// instance "arm64=3,amd64=1".
	//
	// +optional
	PodsByArchitecture string `json:"podsByArchitecture,omitempty"`

	// demand reports on the traffic, where spec.demand has it read.
	//
	// +optional
	Demand *DemandStatus `json:"demand,omitempty"`

	// address is the URL of the application, where spec.expose has a way in made and nobody refuses it; see the condition Exposed.
	//
	// +optional
	Address string `json:"address,omitempty"`

	// image holds the facts of the image that the pods are made from.
	//
	// +optional
	Image *ImageStatus `json:"image,omitempty"`

	// architectures on which the pods may run, the best-performing first, and behind them what else a benchmark measured: those that are
	// left out for being slow, and those that the image does not hold at present.
	//
	// +optional
	// +listType=map
	// +listMapKey=name
	Architectures []ArchitectureStatus `json:"architectures,omitempty"`

	// conditions are Ready, Reconciling, Stalled, CapacityMet, DemandObserved, Exposed, PlatformsResolved and Contested.
	//
	// +optional
	// +listType=map
	// +listMapKey=type
	Conditions []metav1.Condition `json:"conditions,omitempty"`
}

// ImageStatus holds the facts of an image that decide about the pods.
type ImageStatus struct {
	// reference is the image as the spec names it.
	//
	// +optional
	Reference string `json:"reference,omitempty"`

	// digest of the manifest or index that the reference stood for when it was looked up.
	//
	// +optional
	Digest string `json:"digest,omitempty"`

	// platforms that the image holds, for instance linux/arm64 or linux/arm/v7.
	//
	// +optional
	// +listType=set
	Platforms []string `json:"platforms,omitempty"`

	// port is the only TCP port that the image exposes.
	//
	// +optional
	Port *int32 `json:"port,omitempty"`

	// user is the numeric user other than root that the image runs as.
	//
	// +optional
	User *int64 `json:"user,omitempty"`
}

// QPSSource says where the QPS of a pod comes from.
//
// +kubebuilder:validation:Enum=Spec;Measured
type QPSSource string

const (
	// QPSSourceSpec is a singlePodsQPS of the spec.
	QPSSourceSpec QPSSource = "Spec"
	// QPSSourceMeasured is a result of an ElasticWebBenchmark.
	QPSSourceMeasured QPSSource = "Measured"
)

// ArchitectureStatus reports on one architecture.
type ArchitectureStatus struct {
	// name of the architecture, as in the node label kubernetes.io/arch.
	//
	// +required
	Name string `json:"name"`

	// singlePodsQPS is what one pod serves on it, in requests per second.
	//
	// +optional
	SinglePodsQPS int32 `json:"singlePodsQPS,omitempty"`

	// source of singlePodsQPS: Spec or Measured.
	//
	// +optional
	Source QPSSource `json:"source,omitempty"`

	// benchmark that measured singlePodsQPS; absent where it is of the spec. The number stays until the benchmark that
	// spec.benchmarkRef names has another one.
	//
	// +optional
	Benchmark string `json:"benchmark,omitempty"`

	// atLeast says that not the application was the limit when singlePodsQPS was measured: it may serve more.
	//
	// +optional
	AtLeast bool `json:"atLeast,omitempty"`

	// weight of the preferred node affinity for it; absent where there is nothing to prefer.
	//
	// +optional
	Weight int32 `json:"weight,omitempty"`

	// pods on it that are not about to end.
	//
	// +optional
	Pods int32 `json:"pods"`

	// readyPods of them.
	//
	// +optional
	ReadyPods int32 `json:"readyPods"`

	// joined says that requests are sent to its pods that are ready. Where it is absent and there are pods, these wait: with them the
	// Service, which sends each pod as many requests as any other, would serve less.
	//
	// +optional
	Joined bool `json:"joined,omitempty"`
}
