// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

// Package observed takes from objects of the cluster what the plan looks at. It does no I/O, and reads no clock.
package observed

import (
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	elasticwebv1 "github.com/elasticweb/elasticweb-operator/api/v1"
	"github.com/elasticweb/elasticweb-operator/internal/plan"
	"github.com/elasticweb/elasticweb-operator/internal/podfailure"
)

// Pod is what decides about a pod that a ReplicaSet controls. container is the one that serves, and minReady how long a pod must have been
// ready until it counts.
func Pod(pod *corev1.Pod, container string, nodes Nodes, minReady time.Duration, now time.Time) plan.Pod {
	result := plan.Pod{
		Name:              pod.Name,
		Node:              pod.Spec.NodeName,
		Architecture:      nodes.Architecture[pod.Spec.NodeName],
		TemplateHash:      metav1.GetControllerOfNoCopy(pod).Name, // the ReplicaSet, which has one template.
		Gone:              pod.DeletionTimestamp != nil || pod.Status.Phase == corev1.PodFailed || pod.Status.Phase == corev1.PodSucceeded,
		Created:           pod.CreationTimestamp.Time,
		DeletionCost:      pod.Annotations[corev1.PodDeletionCost],
		ArchitectureLabel: pod.Labels[elasticwebv1.LabelArchitecture],
		JoinedLabel:       pod.Labels[elasticwebv1.LabelJoined],
		Tiers:             TiersOf(pod),
		Failure:           podfailure.Of(pod, container, now),
	}
	for _, condition := range pod.Status.Conditions {
		switch {
		case condition.Type == corev1.PodReady:
			result.Ready = condition.Status == corev1.ConditionTrue
			if result.Ready {
				result.ReadySince = condition.LastTransitionTime.Time
			}
			if until := condition.LastTransitionTime.Add(minReady); result.Ready && minReady > 0 && now.Before(until) {
				result.WarmUntil = until
			}
		case condition.Type == corev1.PodScheduled && condition.Status == corev1.ConditionFalse && pod.Spec.NodeName == "" &&
			(condition.Reason == corev1.PodReasonUnschedulable || condition.Reason == corev1.PodReasonSchedulingGated):
			result.Unschedulable = condition.Message
		}
	}
	return result
}

// NextChange is when the first pod counts otherwise although nothing happens to it: its failure no longer does, or it has been ready for
// long enough; 0 for never.
func NextChange(pods []plan.Pod, now time.Time) (first time.Duration) {
	consider := func(at time.Time) {
		if left := at.Sub(now); !at.IsZero() && left > 0 && (first == 0 || left < first) {
			first = left
		}
	}
	for i := range pods {
		consider(pods[i].WarmUntil)
		consider(pods[i].WaversUntil)
		if failure := pods[i].Failure; failure != nil {
			consider(failure.Until)
		}
	}
	return first
}

// TiersOf are the labels of a pod that say which backends of a weighted way in it is in.
func TiersOf(pod *corev1.Pod) string {
	tiers := map[string]bool{}
	for _, architecture := range elasticwebv1.Architectures {
		if value, isThere := pod.Labels[elasticwebv1.LabelTierPrefix+string(architecture)]; isThere {
			tiers[string(architecture)] = value == "true"
		}
	}
	return plan.FormatTiers(tiers)
}
