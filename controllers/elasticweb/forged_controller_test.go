// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package elasticweb

import (
	"context"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/clock"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/elasticweb/elasticweb-operator/internal/observed"
)

// chainCache has pods, and the ReplicaSet shop-1 of the Deployment.
type chainCache struct {
	client.Reader
	pods []corev1.Pod
}

func (c chainCache) List(_ context.Context, list client.ObjectList, _ ...client.ListOption) error {
	list.(*corev1.PodList).Items = c.pods
	return nil
}

func (c chainCache) Get(_ context.Context, key client.ObjectKey, into client.Object, _ ...client.GetOption) error {
	if key.Name != "shop-1" {
		return apierrors.NewNotFound(schema.GroupResource{Resource: "replicasets"}, key.Name)
	}
	set := into.(*metav1.PartialObjectMetadata)
	set.Name, set.Namespace, set.UID = key.Name, key.Namespace, "set"
	set.OwnerReferences = []metav1.OwnerReference{{Name: "shop", UID: "deployment", Controller: ptr.To(true)}}
	return nil
}

// A pod that names a ReplicaSet's UID under another name, or its name with another UID, is nobody's, and hides no other one.
func TestAForgedController(t *testing.T) {
	pod := func(name, set string, uid string) corev1.Pod {
		owner := metav1.OwnerReference{Name: set, UID: types.UID(uid), Controller: ptr.To(true)}
		return corev1.Pod{ObjectMeta: metav1.ObjectMeta{Namespace: "dev", Name: name, OwnerReferences: []metav1.OwnerReference{owner}}}
	}
	deployment := &appsv1.Deployment{ObjectMeta: metav1.ObjectMeta{Namespace: "dev", Name: "shop", UID: "deployment"}}
	for title, forged := range map[string]corev1.Pod{"the UID": pod("forged", "no-such-set", "set"), "the name": pod("forged", "shop-1", "other")} {
		for at, pods := range [][]corev1.Pod{
			{forged, pod("a", "shop-1", "set"), pod("b", "shop-1", "set")}, {pod("a", "shop-1", "set"), pod("b", "shop-1", "set"), forged},
		} {
			r := &Reconciler{Cached: chainCache{pods: pods}, Clock: clock.RealClock{}}
			seen, err := r.observePods(t.Context(), deployment, observed.Nodes{})
			if err != nil {
				t.Fatal(err)
			}
			if len(seen) != 2 || seen[0].Name != "a" || seen[1].Name != "b" {
				t.Errorf("%s forged, order %d: counted are %+v", title, at, seen)
			}
		}
	}
}
