// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package plan

import (
	appsv1 "k8s.io/api/apps/v1"
)

// IsRollingOut reports whether a Deployment has pods of an older template, or a template that its
// controller has not seen yet.
func IsRollingOut(deployment *appsv1.Deployment) bool {
	return deployment.Status.ObservedGeneration < deployment.Generation ||
		deployment.Status.UpdatedReplicas < deployment.Status.Replicas
}
