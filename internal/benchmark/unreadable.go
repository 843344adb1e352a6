// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package benchmark

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/elasticweb/elasticweb-operator/api/v1alpha1"
)

// Unreadable is the status of a benchmark whose spec could not be decoded: what was measured before stays.
func Unreadable(b *v1alpha1.ElasticWebBenchmark, now metav1.Time) v1alpha1.ElasticWebBenchmarkStatus {
	status := *b.Status.DeepCopy()
	status.ObservedGeneration = b.Generation
	status.DeployedRelease = nil // Helm's reconciler reports it.
	status.Conditions = conditions(b, verdict{
		v1alpha1.ReasonInvalidSpec, b.UnreadableSpec + ": correct it, for instance with kubectl edit; no run begins until then",
	}, now)
	return status
}
