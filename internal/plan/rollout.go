// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package plan

import (
	appsv1 "k8s.io/api/apps/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
)

// MaxSurge is how much of a Deployment a rollout adds before anything is removed.
const MaxSurge = "25%"

// IsRollingOut reports whether a Deployment has pods of an older template, or a template that its controller has not seen yet.
func IsRollingOut(deployment *appsv1.Deployment) bool {
	return deployment.Status.ObservedGeneration < deployment.Generation ||
		deployment.Status.UpdatedReplicas < deployment.Status.Replicas
}

// maxSurge stays above its share of the replicas where these fall while a rollout runs. The Deployment controller then takes pods from
// the old ReplicaSet and the new one in proportion, whether they are ready or not: if the surge fell as well, pods that are not ready
// would be left in the place of ready ones.
func maxSurge(deployment *appsv1.Deployment, replicas int32) intstr.IntOrString {
	share := intstr.FromString(MaxSurge)
	if deployment == nil || deployment.Spec.Strategy.RollingUpdate == nil || !IsRollingOut(deployment) {
		return share
	}
	live := surgePods(deployment.Spec.Strategy.RollingUpdate.MaxSurge, existingReplicas(deployment))
	if live <= surgePods(&share, replicas) {
		return share
	}
	return intstr.FromInt(live)
}

func surgePods(surge *intstr.IntOrString, replicas int32) int {
	pods, _ := intstr.GetScaledValueFromIntOrPercent(surge, int(replicas), true) // 0 for a value that is none: it is about to be put right.
	return pods
}
