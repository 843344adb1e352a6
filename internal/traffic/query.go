// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package traffic

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Query asks for one number, in requests per second. Exactly one of Prometheus, External and Object is set.
type Query struct {
	// Namespace is that of the application. Of the metrics APIs no other one is read, and it is the value of the tenant parameter.
	Namespace string
	// Prometheus is an expression of PromQL.
	Prometheus string
	External   *ExternalMetric
	Object     *ObjectMetric
}

// ExternalMetric is one of external.metrics.k8s.io, as in autoscaling/v2: where several series fit, their sum counts.
type ExternalMetric struct {
	Name     string
	Selector *metav1.LabelSelector
}

// ObjectMetric is one of custom.metrics.k8s.io, as in autoscaling/v2.
type ObjectMetric struct {
	APIVersion, Kind, Name string
	Metric                 string
	Selector               *metav1.LabelSelector
}
