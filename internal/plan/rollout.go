// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package plan

import (
	appsv1 "k8s.io/api/apps/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/utils/ptr"

	elasticwebv1 "github.com/elasticweb/elasticweb-operator/api/v1"
)

// MaxSurge is how much of a Deployment a rollout adds before anything is removed, where the spec does not say.
const MaxSurge = "25%"

// progressDeadlineSeconds is how long a rollout may go without progress before it is reported, where the spec does not say.
const progressDeadlineSeconds = 600

// Rollout is how a Deployment brings a new template to its pods.
type Rollout struct {
	MaxSurge, MaxUnavailable                 intstr.IntOrString
	MinReadySeconds, ProgressDeadlineSeconds int32
}

func rolloutOf(spec *elasticwebv1.ElasticWebSpec, deployment *appsv1.Deployment, replicas int32) Rollout {
	given := ptr.Deref(spec.Rollout, elasticwebv1.RolloutSpec{})
	return Rollout{
		MaxSurge:                maxSurge(ptr.Deref(given.MaxSurge, intstr.FromString(MaxSurge)), deployment, replicas),
		MaxUnavailable:          ptr.Deref(given.MaxUnavailable, intstr.FromInt32(0)),
		MinReadySeconds:         ptr.Deref(given.MinReadySeconds, 0),
		ProgressDeadlineSeconds: ptr.Deref(given.ProgressDeadlineSeconds, progressDeadlineSeconds),
	}
}

// IsRollingOut reports whether a Deployment has pods of an older template, or a template that its controller has not seen yet.
func IsRollingOut(deployment *appsv1.Deployment) bool {
	return deployment.Status.ObservedGeneration < deployment.Generation ||
		deployment.Status.UpdatedReplicas < deployment.Status.Replicas
}

// maxSurge stays above its share of the replicas where these fall while a rollout runs. The Deployment controller then takes pods from
// the old ReplicaSet and the new one in proportion, whether they are ready or not: if the surge fell as well, pods that are not ready
// would be left in the place of ready ones. A number of pods does not fall with the replicas, and who wants none has no room for any.
func maxSurge(share intstr.IntOrString, deployment *appsv1.Deployment, replicas int32) intstr.IntOrString {
	isFixed := share.Type == intstr.Int || share.StrVal == "0%"
	if isFixed || deployment == nil || deployment.Spec.Strategy.RollingUpdate == nil || !IsRollingOut(deployment) {
		return share
	}
	held, existing := deployment.Spec.Strategy.RollingUpdate.MaxSurge, existingReplicas(deployment)
	isHeld := held != nil && held.Type == intstr.Int // in a pass before: the replicas fell already.
	live := surgePods(held, existing)
	if live <= surgePods(&share, replicas) || replicas >= existing && !isHeld {
		return share
	}
	return intstr.FromInt(live)
}

func surgePods(surge *intstr.IntOrString, replicas int32) int {
	pods, _ := intstr.GetScaledValueFromIntOrPercent(surge, int(replicas), true) // 0 for a value that is none: it is about to be put right.
	return pods
}
