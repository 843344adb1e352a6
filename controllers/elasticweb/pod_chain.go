// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package elasticweb

import (
	"context"
	"fmt"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/elasticweb/elasticweb-operator/controllers/caches"
	"github.com/elasticweb/elasticweb-operator/internal/observed"
	"github.com/elasticweb/elasticweb-operator/internal/plan"
	"github.com/elasticweb/elasticweb-operator/internal/resources"
)

// A pod is an ElasticWeb's where its controller is a ReplicaSet whose controller is the ElasticWeb's Deployment, by their UIDs. Labels
// tell nothing: whoever may create pods can give them any.

// observePods reads the pods of a Deployment through the index of the cache.
func (r *Reconciler) observePods(ctx context.Context, deployment *appsv1.Deployment, nodes observed.Nodes) ([]plan.Pod, error) {
	if deployment == nil {
		return nil, nil
	}
	list := &corev1.PodList{}
	err := r.Cached.List(ctx, list, client.InNamespace(deployment.Namespace), client.MatchingFields{indexPodsByInstance: deployment.Name})
	if err != nil {
		return nil, fmt.Errorf("list pods: %w", err)
	}
	ours, err := podsOf(ctx, r.Cached, deployment, list.Items)
	if err != nil {
		return nil, err
	}
	remembered, now := r.memory.of(deployment), r.Clock.Now()
	pods := planPods(deployment, ours, nodes, now)
	for i := range pods {
		remembered.stamps.See(ours[i], &pods[i])
	}
	remembered.stamps.Keep(pods)
	remembered.flaps.See(pods, now)
	return pods, nil
}

// podsOf are the pods that are a Deployment's by their chain. Each of their ReplicaSets is read once.
func podsOf(ctx context.Context, reader client.Reader, deployment *appsv1.Deployment, pods []corev1.Pod) ([]*corev1.Pod, error) {
	ours, isOurs := make([]*corev1.Pod, 0, len(pods)), map[string]bool{}
	for i := range pods {
		controller := metav1.GetControllerOfNoCopy(&pods[i])
		if controller == nil {
			continue
		}
		owner := controller.Name + "/" + string(controller.UID) // both: whoever may create pods can write one beside another's other.
		if _, isKnown := isOurs[owner]; !isKnown {
			set, err := replicaSetOf(ctx, reader, &pods[i])
			if err != nil {
				return nil, err
			}
			isOurs[owner] = set != nil && metav1.IsControlledBy(set, deployment)
		}
		if isOurs[owner] {
			ours = append(ours, &pods[i])
		}
	}
	return ours, nil
}

func planPods(deployment *appsv1.Deployment, pods []*corev1.Pod, nodes observed.Nodes, now time.Time) []plan.Pod {
	result, minReady := make([]plan.Pod, 0, len(pods)), time.Duration(deployment.Spec.MinReadySeconds)*time.Second
	for _, pod := range pods {
		result = append(result, observed.Pod(pod, resources.ContainerName, nodes, minReady, now))
	}
	return result
}

// replicaSetOf is what is to be known of the ReplicaSet that controls a pod; nil where it has none.
func replicaSetOf(ctx context.Context, reader client.Reader, pod client.Object) (*metav1.PartialObjectMetadata, error) {
	controller, set := metav1.GetControllerOfNoCopy(pod), caches.ReplicaSet()
	if controller == nil {
		return nil, nil //nolint:nilnil // that there is none is an answer.
	}
	err := reader.Get(ctx, types.NamespacedName{Namespace: pod.GetNamespace(), Name: controller.Name}, set)
	if apierrors.IsNotFound(err) || err == nil && set.UID != controller.UID {
		return nil, nil //nolint:nilnil // that there is none is an answer.
	}
	if err != nil {
		return nil, fmt.Errorf("read ReplicaSet %s: %w", controller.Name, err)
	}
	return set, nil
}

// elasticWebOfPod is the ElasticWeb that a pod is of, by its chain. Where the cache does not show the ReplicaSet yet, its event
// brings the ElasticWeb.
func (r *Reconciler) elasticWebOfPod(ctx context.Context, pod client.Object) []reconcile.Request {
	if instanceOfPod(pod) == "" {
		return nil
	}
	set, err := replicaSetOf(ctx, r.Cached, pod)
	if err != nil {
		ctrl.LoggerFrom(ctx).Error(err, "find the ElasticWeb of a pod")
	}
	if set == nil {
		return nil
	}
	return elasticWebOfReplicaSet(ctx, set)
}

// elasticWebOfReplicaSet is the ElasticWeb whose Deployment controls a ReplicaSet: they have one name.
func elasticWebOfReplicaSet(_ context.Context, set client.Object) []reconcile.Request {
	deployment := metav1.GetControllerOfNoCopy(set)
	if deployment == nil {
		return nil
	}
	return []reconcile.Request{{NamespacedName: types.NamespacedName{Namespace: set.GetNamespace(), Name: deployment.Name}}}
}
