// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package status

import (
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	elasticwebv1 "github.com/elasticweb/elasticweb-operator/api/v1"
)

// patience is whether a verdict makes the ElasticWeb Stalled, and if not, since when it is Reconciling and when to look again; 0
// for never. While its Deployment is in progress the ElasticWeb is not Stalled by what may heal: tools give up at once on Stalled. Where
// none is, what may heal is waited for as long as the Deployment's deadline is.
func patience(in Input, v verdict) (isStalled bool, since metav1.Time, again time.Duration) {
	since = in.Now
	reconciling := meta.FindStatusCondition(in.Web.Status.Conditions, elasticwebv1.ConditionReconciling)
	if isSame(reconciling, in, v) && !reconciling.LastTransitionTime.After(in.Now.Time) { // a time to come is another clock's, or this one was set back.
		since = reconciling.LastTransitionTime
	}
	stalls := rows[v.reason].stalls
	switch {
	case stalls == never:
		return false, since, 0
	case stalls == atOnce || v.isFinal || hasGivenUp(in.Observed.Deployment):
		return true, since, 0
	case isInProgress(in.Observed.Deployment):
		return false, since, 0
	case isSame(meta.FindStatusCondition(in.Web.Status.Conditions, elasticwebv1.ConditionStalled), in, v):
		return true, since, 0
	}
	deadline := time.Duration(in.Plan.Rollout.ProgressDeadlineSeconds) * time.Second
	left := since.Add(deadline).Sub(in.Now.Time)
	return left <= 0, since, max(left, 0)
}

// isSame reports whether a condition speaks of the same reason and the same spec: another one has all its time before it.
func isSame(condition *metav1.Condition, in Input, v verdict) bool {
	return condition != nil && condition.Reason == v.reason && condition.ObservedGeneration == in.Web.Generation
}

// hasGivenUp reports whether a Deployment has passed its deadline, and would be called failed for it.
func hasGivenUp(deployment *appsv1.Deployment) bool {
	condition := deploymentCondition(deployment, appsv1.DeploymentProgressing)
	return condition != nil && condition.Status == corev1.ConditionFalse && condition.Reason == "ProgressDeadlineExceeded" &&
		deployment.Status.ObservedGeneration >= deployment.Generation
}

// isInProgress reports whether a Deployment has not all that it should have, as kstatus tells it.
func isInProgress(deployment *appsv1.Deployment) bool {
	if deployment == nil {
		return false
	}
	wanted, status := int32(1), deployment.Status
	if deployment.Spec.Replicas != nil {
		wanted = *deployment.Spec.Replicas
	}
	available := deploymentCondition(deployment, appsv1.DeploymentAvailable)
	return status.ObservedGeneration < deployment.Generation ||
		status.Replicas != wanted || status.UpdatedReplicas != wanted || status.ReadyReplicas != wanted || status.AvailableReplicas != wanted ||
		!wasCompleted(deployment) || available == nil || available.Status != corev1.ConditionTrue
}

// wasCompleted reports whether the present template of a Deployment was rolled out to the end once.
func wasCompleted(deployment *appsv1.Deployment) bool {
	condition := deploymentCondition(deployment, appsv1.DeploymentProgressing)
	return condition != nil && condition.Status == corev1.ConditionTrue && condition.Reason == "NewReplicaSetAvailable"
}

func deploymentCondition(deployment *appsv1.Deployment, kind appsv1.DeploymentConditionType) *appsv1.DeploymentCondition {
	if deployment == nil {
		return nil
	}
	for i := range deployment.Status.Conditions {
		if deployment.Status.Conditions[i].Type == kind {
			return &deployment.Status.Conditions[i]
		}
	}
	return nil
}
