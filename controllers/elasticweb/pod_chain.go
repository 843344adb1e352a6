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

// observePods reads the pods of a Deployment through the index of the cache, and each of their ReplicaSets once.
func (r *Reconciler) observePods(ctx context.Context, deployment *appsv1.Deployment, nodes observed.Nodes) ([]plan.Pod, error) {
	if deployment == nil {
		return nil, nil
	}
	list := &corev1.PodList{}
	err := r.Cached.List(ctx, list, client.InNamespace(deployment.Namespace), client.MatchingFields{indexPodsByInstance: deployment.Name})
	if err != nil {
		return nil, fmt.Errorf("list pods: %w", err)
	}
	pods, stamps := make([]plan.Pod, 0, len(list.Items)), r.memory.of(deployment).stamps
	isOurs, minReady := map[string]bool{}, time.Duration(deployment.Spec.MinReadySeconds)*time.Second
	for i := range list.Items {
		pod := &list.Items[i]
		controller := metav1.GetControllerOfNoCopy(pod)
		if controller == nil {
			continue
		}
		owner := controller.Name + "/" + string(controller.UID) // both: whoever may create pods can write one beside another's other.
		if _, isKnown := isOurs[owner]; !isKnown {
			set, err := r.replicaSetOf(ctx, pod)
			if err != nil {
				return nil, err
			}
			isOurs[owner] = set != nil && metav1.IsControlledBy(set, deployment)
		}
		if isOurs[owner] {
			seen := observed.Pod(pod, resources.ContainerName, nodes, minReady, r.Clock.Now())
			seen.DeletionCost, seen.CostIsOthers = stamps.CostOf(pod)
			pods = append(pods, seen)
		}
	}
	stamps.Keep(pods)
	return pods, nil
}

// replicaSetOf is what the cache keeps of the ReplicaSet that controls a pod; nil where it has none.
func (r *Reconciler) replicaSetOf(ctx context.Context, pod client.Object) (*metav1.PartialObjectMetadata, error) {
	controller, set := metav1.GetControllerOfNoCopy(pod), caches.ReplicaSet()
	if controller == nil {
		return nil, nil //nolint:nilnil // that there is none is an answer.
	}
	err := r.Cached.Get(ctx, types.NamespacedName{Namespace: pod.GetNamespace(), Name: controller.Name}, set)
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
	set, err := r.replicaSetOf(ctx, pod)
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
