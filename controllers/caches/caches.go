// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

// Package caches says what of the cluster is cached, and how.
package caches

import (
	"cmp"
	"fmt"
	"slices"
	"unique"

	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	utilruntime "k8s.io/apimachinery/pkg/util/runtime"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"

	elasticwebv1 "github.com/elasticweb/elasticweb-operator/api/v1"
	"github.com/elasticweb/elasticweb-operator/api/v1alpha1"
	"github.com/elasticweb/elasticweb-operator/internal/observed"
	"github.com/elasticweb/elasticweb-operator/internal/packed"
)

// Options keep of the cluster only what the reconcilers use, in the given namespaces; none for all. What there are
// many of is packed. ElasticWebs are not: they are listed for every scrape of the metrics.
func Options(namespaces []string) cache.Options {
	ours := labels.SelectorFromSet(labels.Set{elasticwebv1.LabelManagedBy: elasticwebv1.ManagedByValue})
	// What the Services select, whatever else was stripped from a pod.
	selected := labels.SelectorFromSet(labels.Set{elasticwebv1.LabelName: elasticwebv1.NameValue})
	options := cache.Options{
		DefaultTransform:            cache.TransformStripManagedFields(),
		ReaderFailOnMissingInformer: true,
		ByObject: map[client.Object]cache.ByObject{
			&elasticwebv1.ElasticWeb{}:      {Transform: projected(trimElasticWeb())},
			&appsv1.Deployment{}:            {Label: ours, Transform: packed.Transform(ofAnElasticWeb[appsv1.Deployment])},
			&corev1.Service{}:               {Label: ours, Transform: packed.Transform(ofAnElasticWebOrPorts)},
			&policyv1.PodDisruptionBudget{}: {Label: ours, Transform: packed.Transform(ofAnElasticWeb[policyv1.PodDisruptionBudget])},
			&corev1.Pod{}:                   {Label: selected, Transform: packed.Transform(projectPod)},
			ReplicaSet():                    {Label: selected, Transform: packed.Transform(projectReplicaSet)},
			&corev1.Node{}:                  {Transform: projected(projectNode)},
		},
	}
	if len(namespaces) > 0 {
		options.DefaultNamespaces = map[string]cache.Config{}
	}
	for _, namespace := range namespaces {
		options.DefaultNamespaces[namespace] = cache.Config{}
	}
	return options
}

// WithBenchmarks adds what the reconcilers of ElasticWebBenchmarks read.
func WithBenchmarks(options cache.Options) cache.Options {
	isBenchmark := labels.SelectorFromSet(labels.Set{elasticwebv1.LabelName: v1alpha1.NameValue})
	isOurs, err := labels.Parse(elasticwebv1.LabelName + " in (" + elasticwebv1.NameValue + "," + v1alpha1.NameValue + ")")
	utilruntime.Must(err) // a constant.
	for object := range options.ByObject {
		if _, isPod := object.(*corev1.Pod); isPod {
			options.ByObject[object] = cache.ByObject{Label: isOurs, Transform: packed.Transform(projectPod)}
		}
	}
	options.ByObject[&v1alpha1.ElasticWebBenchmark{}] = cache.ByObject{Transform: projected(projectBenchmark)}
	options.ByObject[&batchv1.Job{}] = cache.ByObject{Label: isBenchmark, Transform: projected(projectJob)}
	return options
}

// projectBenchmark keeps all of a benchmark but what of its metadata is not read. Its labels are: watches.yaml may select by them.
func projectBenchmark(benchmark *v1alpha1.ElasticWebBenchmark) *v1alpha1.ElasticWebBenchmark {
	benchmark.ManagedFields, benchmark.Finalizers, benchmark.OwnerReferences = nil, nil, nil
	benchmark.Annotations = keep(benchmark.Annotations, v1alpha1.AnnotationRerun)
	return benchmark
}

// ReplicaSet is an empty one, to be read from a cache, which keeps no more of it than whose it is.
func ReplicaSet() *metav1.PartialObjectMetadata {
	set := &metav1.PartialObjectMetadata{}
	set.SetGroupVersionKind(appsv1.SchemeGroupVersion.WithKind("ReplicaSet"))
	return set
}

// projectReplicaSet keeps of a ReplicaSet what leads from a pod to its Deployment.
func projectReplicaSet(set *metav1.PartialObjectMetadata) *metav1.PartialObjectMetadata {
	return &metav1.PartialObjectMetadata{ObjectMeta: metav1.ObjectMeta{
		Name: set.Name, Namespace: set.Namespace, UID: set.UID, ResourceVersion: set.ResourceVersion, OwnerReferences: controllerOf(set),
	}}
}

// projected is a transform that keeps of an object what project gives.
func projected[O any](project func(O) O) func(any) (any, error) {
	return func(object any) (any, error) {
		typed, isTyped := object.(O)
		if !isTyped {
			return nil, fmt.Errorf("%T is no %T", object, typed)
		}
		return project(typed), nil
	}
}

// projectPod keeps of a pod what the reconcilers of ElasticWebs and benchmarks read.
func projectPod(pod *corev1.Pod) *corev1.Pod {
	kept := &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{
			Name: pod.Name, Namespace: pod.Namespace, UID: pod.UID, ResourceVersion: pod.ResourceVersion,
			CreationTimestamp: pod.CreationTimestamp, DeletionTimestamp: pod.DeletionTimestamp,
			Labels:          keep(pod.Labels, podLabels...),
			OwnerReferences: controllerOf(pod),
		},
		Spec:   corev1.PodSpec{NodeName: pod.Spec.NodeName},
		Status: corev1.PodStatus{Phase: pod.Status.Phase},
	}
	if pod.Labels[elasticwebv1.LabelName] == v1alpha1.NameValue {
		kept.Status.Reason, kept.Status.Message = pod.Status.Reason, pod.Status.Message
		kept.Status.Conditions = conditionsOf(pod, corev1.PodScheduled)
		kept.Status.InitContainerStatuses, kept.Status.ContainerStatuses = pod.Status.InitContainerStatuses, pod.Status.ContainerStatuses
		return kept
	}
	kept.Annotations = keep(pod.Annotations, corev1.PodDeletionCost)
	kept.Status.Conditions = conditionsOf(pod, corev1.PodReady, corev1.PodScheduled)
	kept.Status.InitContainerStatuses = notReady(pod.Status.InitContainerStatuses)
	kept.Status.ContainerStatuses = notReady(pod.Status.ContainerStatuses)
	return kept
}

// conditionsOf are conditions of a pod, without times but that from which it is ready. That it was scheduled its node says.
func conditionsOf(pod *corev1.Pod, wanted ...corev1.PodConditionType) []corev1.PodCondition {
	var kept []corev1.PodCondition
	for _, condition := range pod.Status.Conditions {
		isOld := condition.Type == corev1.PodScheduled && condition.Status == corev1.ConditionTrue
		if slices.Contains(wanted, condition.Type) && !isOld {
			trimmed := corev1.PodCondition{
				Type: condition.Type, Status: condition.Status, Reason: condition.Reason, Message: condition.Message,
			}
			if condition.Type == corev1.PodReady && condition.Status == corev1.ConditionTrue {
				trimmed.LastTransitionTime = condition.LastTransitionTime
			}
			kept = append(kept, trimmed)
		}
	}
	return kept
}

// notReady are the containers that are not ready, with what keeps them from it: only that is looked at.
func notReady(containers []corev1.ContainerStatus) []corev1.ContainerStatus {
	var kept []corev1.ContainerStatus
	for _, container := range containers {
		if !container.Ready {
			kept = append(kept, corev1.ContainerStatus{
				Name: container.Name, State: container.State, LastTerminationState: container.LastTerminationState,
			})
		}
	}
	return kept
}

// projectNode keeps of a node what is counted.
func projectNode(node *corev1.Node) *corev1.Node {
	kept := &corev1.Node{
		ObjectMeta: metav1.ObjectMeta{
			Name: node.Name, UID: node.UID, ResourceVersion: node.ResourceVersion,
			DeletionTimestamp: node.DeletionTimestamp, Labels: shared(node.Labels),
		},
		Spec: corev1.NodeSpec{Unschedulable: node.Spec.Unschedulable, Taints: closing(node.Spec.Taints)},
	}
	kept.Annotations = map[string]string{observed.AnnotationLikeness: unique.Make(observed.Likeness(kept)).Value()}
	return kept
}

// shared are labels whose texts are those of other nodes with the same: a cluster has many nodes, and few that are not alike.
func shared(labels map[string]string) map[string]string {
	kept := make(map[string]string, len(labels))
	for key, value := range labels {
		if key == corev1.LabelHostname {
			continue // every node has another.
		}
		kept[unique.Make(key).Value()] = unique.Make(value).Value()
	}
	return kept
}

// closing are the taints that keep pods away, in an order that is not that in which they came.
func closing(all []corev1.Taint) []corev1.Taint {
	var kept []corev1.Taint
	for _, taint := range all {
		if taint.Effect != corev1.TaintEffectPreferNoSchedule {
			kept = append(kept, corev1.Taint{Key: taint.Key, Value: taint.Value, Effect: taint.Effect})
		}
	}
	slices.SortFunc(kept, func(a, b corev1.Taint) int {
		return cmp.Or(cmp.Compare(a.Key, b.Key), cmp.Compare(a.Effect, b.Effect), cmp.Compare(a.Value, b.Value))
	})
	return kept
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

// podLabels are those of a pod that are read.
var podLabels = func() []string {
	labels := []string{elasticwebv1.LabelName, elasticwebv1.LabelInstance, elasticwebv1.LabelArchitecture, elasticwebv1.LabelJoined}
	for _, architecture := range elasticwebv1.Architectures {
		labels = append(labels, elasticwebv1.LabelTierPrefix+string(architecture))
	}
	return labels
}()
