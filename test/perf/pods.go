// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"maps"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

const podsEach = 3

// addPods makes nodes, half of them of each of two architectures, and three ready pods for each ElasticWeb, and
// lets an operator write to the status what follows from them.
func (s *scene) addPods(ctx context.Context) error {
	s.operator.stop() // it would be at work still when the next one takes over.
	err := forEach(ctx, span{0, s.nodes}, s.concurrency, func(ctx context.Context, i int) error { return s.api.Create(ctx, node(i)) })
	if err != nil {
		return err
	}
	sets := make([]*appsv1.ReplicaSet, s.n)
	err = forEach(ctx, span{0, s.n}, s.concurrency, func(ctx context.Context, i int) (err error) {
		sets[i], err = s.addReplicaSet(ctx, i)
		return err
	})
	if err != nil {
		return err
	}
	err = forEach(ctx, span{0, s.n * podsEach}, s.concurrency, func(ctx context.Context, i int) error {
		made := pod(i, s.nodes)
		maps.Copy(made.Labels, sets[i/podsEach].Labels)
		made.OwnerReferences = []metav1.OwnerReference{
			*metav1.NewControllerRef(sets[i/podsEach], appsv1.SchemeGroupVersion.WithKind("ReplicaSet")),
		}
		if err := s.api.Create(ctx, made); err != nil {
			return err
		}
		return s.setReady(ctx, i, true)
	})
	if err != nil {
		return err
	}
	if err := s.start(ctx, noResync); err != nil {
		return err
	}
	_, err = s.operator.quiet(ctx, s.n)
	return err
}

func node(i int) *corev1.Node {
	return &corev1.Node{ObjectMeta: metav1.ObjectMeta{
		Name: fmt.Sprintf("node-%05d", i),
		Labels: map[string]string{
			corev1.LabelArchStable: []string{"amd64", "arm64"}[i%2],
			corev1.LabelOSStable:   "linux",
		},
	}}
}

// addReplicaSet makes the ReplicaSet through which pods are an ElasticWeb's.
func (s *scene) addReplicaSet(ctx context.Context, i int) (*appsv1.ReplicaSet, error) {
	deployment := &appsv1.Deployment{}
	if err := s.api.Get(ctx, client.ObjectKey{Namespace: namespace, Name: web(i).Name}, deployment); err != nil {
		return nil, err
	}
	set := &appsv1.ReplicaSet{
		ObjectMeta: metav1.ObjectMeta{
			Namespace: namespace, Name: web(i).Name + "-5d8f7c9b6d", Labels: deployment.Spec.Template.Labels,
			OwnerReferences: []metav1.OwnerReference{*metav1.NewControllerRef(deployment, appsv1.SchemeGroupVersion.WithKind("Deployment"))},
		},
		Spec: appsv1.ReplicaSetSpec{Selector: deployment.Spec.Selector, Template: deployment.Spec.Template},
	}
	return set, s.api.Create(ctx, set)
}

func pod(i, nodes int) *corev1.Pod {
	return &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{
			Namespace: namespace, Name: fmt.Sprintf("%s-5d8f7c9b6d-%d", web(i/podsEach).Name, i%podsEach),
			Labels: map[string]string{appsv1.DefaultDeploymentUniqueLabelKey: "5d8f7c9b6d"}, // and those of its template.
		},
		Spec: corev1.PodSpec{
			NodeName:   node(i % nodes).Name,
			Containers: []corev1.Container{{Name: "web", Image: "registry.example.com/shop:1.5"}},
		},
	}
}

// setReady reports of a pod what its kubelet would.
func (s *scene) setReady(ctx context.Context, i int, isReady bool) error {
	status := corev1.ConditionFalse
	if isReady {
		status = corev1.ConditionTrue
	}
	patch := fmt.Appendf(nil, `{"status":{"phase":"Running","conditions":[{"type":"Ready","status":%q}],
		"containerStatuses":[{"name":"web","image":"shop","imageID":"","restartCount":0,"ready":%t,"state":{"running":{}}}]}}`, status, isReady)
	return s.api.Status().Patch(ctx, pod(i, s.nodes), client.RawPatch(types.StrategicMergePatchType, patch))
}
