// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package elasticweb

import (
	"context"
	"fmt"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/elasticweb/elasticweb-operator/controllers/caches"
)

// A pod is an ElasticWeb's where its controller is a ReplicaSet whose controller is the ElasticWeb's Deployment, by their UIDs. Labels
// tell nothing: whoever may create pods can give them any.

// chain follows the controllers of one Deployment's pods. It looks each ReplicaSet up once.
type chain struct {
	cached     client.Reader
	deployment *appsv1.Deployment
	// sets are the UIDs of the ReplicaSets by name, "" for one that is not the Deployment's.
	sets map[string]types.UID
}

// leadsFrom reports whether the pod is the Deployment's.
func (c *chain) leadsFrom(ctx context.Context, pod *corev1.Pod) (bool, error) {
	controller := metav1.GetControllerOfNoCopy(pod)
	if controller == nil {
		return false, nil
	}
	uid, isKnown := c.sets[controller.Name]
	if !isKnown {
		set, err := replicaSet(ctx, c.cached, types.NamespacedName{Namespace: pod.Namespace, Name: controller.Name})
		if err != nil {
			return false, err
		}
		if set != nil && metav1.IsControlledBy(set, c.deployment) {
			uid = set.UID
		}
		c.sets[controller.Name] = uid
	}
	return uid != "" && uid == controller.UID, nil
}

// replicaSet is what the cache keeps of a ReplicaSet; nil where it has none of that name.
func replicaSet(ctx context.Context, cached client.Reader, name types.NamespacedName) (*metav1.PartialObjectMetadata, error) {
	set := caches.ReplicaSet()
	err := cached.Get(ctx, name, set)
	if apierrors.IsNotFound(err) {
		return nil, nil //nolint:nilnil // that there is none is an answer.
	}
	if err != nil {
		return nil, fmt.Errorf("read ReplicaSet %s: %w", name.Name, err)
	}
	return set, nil
}

// elasticWebOfPod is the ElasticWeb that a pod is of, by its chain. Where the cache does not show the ReplicaSet yet, its event
// brings the ElasticWeb.
func (r *Reconciler) elasticWebOfPod(ctx context.Context, pod client.Object) []reconcile.Request {
	controller := metav1.GetControllerOfNoCopy(pod)
	if controller == nil || instanceOfPod(pod) == "" {
		return nil
	}
	set, err := replicaSet(ctx, r.Cached, types.NamespacedName{Namespace: pod.GetNamespace(), Name: controller.Name})
	if err != nil {
		ctrl.LoggerFrom(ctx).Error(err, "find the ElasticWeb of a pod")
	}
	if set == nil || set.UID != controller.UID {
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
