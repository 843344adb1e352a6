// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package controllers

import (
	"fmt"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"

	elasticwebv1 "github.com/elasticweb/elasticweb-operator/api/v1"
)

// CacheOptions keep of the cluster only what the reconcilers use, in the given namespaces; none for all.
func CacheOptions(namespaces []string) cache.Options {
	ours := labels.SelectorFromSet(labels.Set{elasticwebv1.LabelManagedBy: elasticwebv1.ManagedByValue})
	// What the Services select, whatever else was stripped from a pod.
	selected := labels.SelectorFromSet(labels.Set{elasticwebv1.LabelName: elasticwebv1.NameValue})
	options := cache.Options{
		DefaultTransform:            cache.TransformStripManagedFields(),
		ReaderFailOnMissingInformer: true,
		ByObject: map[client.Object]cache.ByObject{
			&appsv1.Deployment{}:            {Label: ours},
			&corev1.Service{}:               {Label: ours},
			&policyv1.PodDisruptionBudget{}: {Label: ours},
			&corev1.Pod{}:                   {Label: selected, Transform: projectPod},
			&corev1.Node{}:                  {Transform: projectNode},
		},
	}
	for _, namespace := range namespaces {
		if options.DefaultNamespaces == nil {
			options.DefaultNamespaces = map[string]cache.Config{}
		}
		options.DefaultNamespaces[namespace] = cache.Config{}
	}
	return options
}

// projectPod keeps of a pod what observePod reads.
func projectPod(object any) (any, error) {
	pod, isPod := object.(*corev1.Pod)
	if !isPod {
		return nil, fmt.Errorf("%T is no pod", object)
	}
	kept := &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{
			Name: pod.Name, Namespace: pod.Namespace, UID: pod.UID, ResourceVersion: pod.ResourceVersion,
			DeletionTimestamp: pod.DeletionTimestamp,
			Labels: keep(pod.Labels, elasticwebv1.LabelName, elasticwebv1.LabelInstance,
				appsv1.DefaultDeploymentUniqueLabelKey),
			Annotations: keep(pod.Annotations, corev1.PodDeletionCost),
		},
		Spec:   corev1.PodSpec{NodeName: pod.Spec.NodeName},
		Status: corev1.PodStatus{Phase: pod.Status.Phase},
	}
	for _, condition := range pod.Status.Conditions {
		if condition.Type == corev1.PodReady || condition.Type == corev1.PodScheduled && condition.Status != corev1.ConditionTrue {
			kept.Status.Conditions = append(kept.Status.Conditions, corev1.PodCondition{
				Type: condition.Type, Status: condition.Status, Reason: condition.Reason, Message: condition.Message,
			})
		}
	}
	for _, container := range pod.Status.ContainerStatuses {
		if container.Ready {
			continue // only what keeps a container from being ready is looked at.
		}
		kept.Status.ContainerStatuses = append(kept.Status.ContainerStatuses, corev1.ContainerStatus{
			Name: container.Name, State: container.State, LastTerminationState: container.LastTerminationState,
			RestartCount: container.RestartCount,
		})
	}
	return kept, nil
}

// projectNode keeps of a node what the census counts.
func projectNode(object any) (any, error) {
	node, isNode := object.(*corev1.Node)
	if !isNode {
		return nil, fmt.Errorf("%T is no node", object)
	}
	return &corev1.Node{
		ObjectMeta: metav1.ObjectMeta{
			Name: node.Name, UID: node.UID, ResourceVersion: node.ResourceVersion,
			Labels: keep(node.Labels, corev1.LabelArchStable, corev1.LabelOSStable),
		},
		Spec: corev1.NodeSpec{Unschedulable: node.Spec.Unschedulable},
	}, nil
}

func keep(all map[string]string, keys ...string) map[string]string {
	kept := map[string]string{}
	for _, key := range keys {
		if value, isThere := all[key]; isThere {
			kept[key] = value
		}
	}
	return kept
}
