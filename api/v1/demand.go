// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package v1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// DemandSpec says where the traffic is read, and within which limits the pods follow it. There is at least one pod: at none, most
// metrics of the application are gone, and nothing would call for the next.
//
// +kubebuilder:validation:XValidation:rule="[has(self.prometheus), has(self.external), has(self.object)].filter(each, each).size() == 1",message="the traffic is read from one place: set exactly one of prometheus, external and object"
// +kubebuilder:validation:XValidation:rule="!has(self.minQPS) || !has(self.maxQPS) || self.minQPS <= self.maxQPS",message="minQPS is above maxQPS: lower minQPS or raise maxQPS",fieldPath=".minQPS"
type DemandSpec struct {
	// prometheus reads the traffic by a query, from the Prometheus that the administrator named to the operator.
	//
	// +optional
	Prometheus *PrometheusDemand `json:"prometheus,omitempty"`

	// external reads a metric of external.metrics.k8s.io, as in autoscaling/v2. Where it has several series, their sum counts.
	//
	// +optional
	External *ExternalDemand `json:"external,omitempty"`

	// object reads a metric of custom.metrics.k8s.io that describes one object of the namespace, as in autoscaling/v2.
	//
	// +optional
	Object *ObjectDemand `json:"object,omitempty"`

	// minQPS is the least that is planned for, in requests per second, without headroom. Default: 0.
	//
	// +optional
	// +kubebuilder:validation:Minimum=0
	MinQPS *int32 `json:"minQPS,omitempty"`

	// maxQPS is the greatest that is planned for, in requests per second, without headroom. Default: no limit.
	//
	// +optional
	// +kubebuilder:validation:Minimum=1
	MaxQPS *int32 `json:"maxQPS,omitempty"`

	// fallbackQPS is planned for where the traffic could not be read for more than a minute, in requests per second,
	// without headroom. No pod goes for it: where there are more, they stay. Default: none, and what there is stays.
	//
	// +optional
	// +kubebuilder:validation:Minimum=1
	FallbackQPS *int32 `json:"fallbackQPS,omitempty"`

	// behavior says how fast the pods follow.
	//
	// +optional
	Behavior *DemandBehavior `json:"behavior,omitempty"`

	// forecast says whether pods are made ahead of a rise: Auto, from the trend and from the same time of earlier days, or "Off", in
	// quotes, since YAML takes the bare word for a boolean.
	//
	// +optional
	// +kubebuilder:default=Auto
	Forecast ForecastMode `json:"forecast,omitempty"`
}

// PrometheusDemand is a query.
type PrometheusDemand struct {
	// query in PromQL that gives one number, in requests per second: a scalar, or a vector of one series, for instance
	// sum(rate(http_requests_total{service="shop"}[1m])). At most 4096 characters.
	//
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=4096
	Query string `json:"query"`
}

// ExternalDemand is a metric that describes no object of the cluster.
type ExternalDemand struct {
	// metric that is read.
	//
	// +required
	Metric MetricIdentifier `json:"metric"`
}

// ObjectDemand is a metric that describes an object.
type ObjectDemand struct {
	// describedObject is the object that the metric describes, in the namespace of the ElasticWeb.
	//
	// +required
	DescribedObject DescribedObject `json:"describedObject"`

	// metric that is read.
	//
	// +required
	Metric MetricIdentifier `json:"metric"`
}

// DescribedObject names an object of the namespace.
type DescribedObject struct {
	// apiVersion of the object, for instance networking.k8s.io/v1.
	//
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=317
	// +kubebuilder:validation:XValidation:rule="self == '' || self.matches('^([a-z0-9]([-a-z0-9]*[a-z0-9])?([.][a-z0-9]([-a-z0-9]*[a-z0-9])?)*/)?[a-z0-9]([-a-z0-9]*[a-z0-9])?$')",message="apiVersion is not one: write it like networking.k8s.io/v1 or v1"
	APIVersion string `json:"apiVersion"`

	// kind of the object, for instance Ingress.
	//
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=63
	// +kubebuilder:validation:XValidation:rule="self == '' || self.matches('^[A-Za-z][A-Za-z0-9]*$')",message="kind is not one: write it like Ingress"
	Kind string `json:"kind"`

	// name of the object.
	//
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=253
	// +kubebuilder:validation:XValidation:rule="self == '' || self.matches('^[a-z0-9]([-a-z0-9]*[a-z0-9])?([.][a-z0-9]([-a-z0-9]*[a-z0-9])?)*$')",message="name is not that of an object: use lower case letters, digits, dashes and dots"
	Name string `json:"name"`
}

// MetricIdentifier names a metric, as in autoscaling/v2.
type MetricIdentifier struct {
	// name of the metric.
	//
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=253
	// +kubebuilder:validation:XValidation:rule="self != '.' && self != '..' && !self.contains('/') && !self.contains('%')",message="name is not that of a metric: it stands in the path of a request, so it holds no / and no %, and is neither . nor .."
	Name string `json:"name"`

	// selector of the series, as label selectors are. Default: all of the name.
	//
	// +optional
	Selector *metav1.LabelSelector `json:"selector,omitempty"`
}

// DemandBehavior says how fast the pods follow the traffic.
type DemandBehavior struct {
	// scaleDown says how fast pods go.
	//
	// +optional
	ScaleDown *DemandScaleDown `json:"scaleDown,omitempty"`
}

// DemandScaleDown says how fast pods go.
type DemandScaleDown struct {
	// stabilizationWindowSeconds is for how long nothing may have called for more pods before some go, from 0 to 3600 seconds.
	//
	// +optional
	// +kubebuilder:default=300
	// +kubebuilder:validation:Minimum=0
	// +kubebuilder:validation:Maximum=3600
	StabilizationWindowSeconds *int32 `json:"stabilizationWindowSeconds,omitempty"`
}

// DefaultStabilizationWindowSeconds is that of a spec without behavior.
const DefaultStabilizationWindowSeconds int32 = 300

// ForecastMode says whether pods are made ahead of a rise.
//
// +kubebuilder:validation:Enum=Auto;Off
type ForecastMode string

const (
	// ForecastAuto looks ahead, from the trend and from the same time of earlier days.
	ForecastAuto ForecastMode = "Auto"
	// ForecastOff plans for what is observed.
	ForecastOff ForecastMode = "Off"
)

// DemandStatus reports on the traffic, in requests per second. It is written anew when what is planned changes, and else when a number
// moved by more than a tenth, at most twice a minute; the operator's metrics have every number.
type DemandStatus struct {
	// observedQPS is the last number that was read; absent before the first.
	//
	// +optional
	ObservedQPS *int32 `json:"observedQPS,omitempty"`

	// expectedQPS is the greatest that is expected until pods that are asked for now are ready, within minQPS and maxQPS.
	//
	// +optional
	ExpectedQPS *int32 `json:"expectedQPS,omitempty"`

	// plannedQPS is what the pods have to serve, headroom included.
	//
	// +optional
	PlannedQPS *int64 `json:"plannedQPS,omitempty"`

	// leadTime is how long a pod takes to be ready, in whole seconds from 5s to 15m0s: nine in ten of the last 20 took no longer. It
	// is 1m0s until one was seen.
	//
	// +optional
	// +kubebuilder:validation:MaxLength=32
	// +kubebuilder:validation:Pattern=`^([0-9]+m)?[0-9]+s$`
	LeadTime string `json:"leadTime,omitempty"`
}
