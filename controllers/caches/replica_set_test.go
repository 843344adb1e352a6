// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package caches

import (
	"fmt"
	"runtime"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/ptr"

	"github.com/elasticweb/elasticweb-operator/internal/packed"
)

func newReplicaSet(i int) *metav1.PartialObjectMetadata {
	set := ReplicaSet()
	set.ObjectMeta = metav1.ObjectMeta{
		Namespace: "dev", Name: fmt.Sprintf("shop-%d-5d59d67564", i), UID: types.UID(fmt.Sprintf("5d7a5f8e-0000-4000-8000-%012d", i)),
		ResourceVersion: fmt.Sprint(1_000_000 + i),
		Labels:          map[string]string{"app.kubernetes.io/name": "elasticweb"}, Annotations: map[string]string{"deployment.kubernetes.io/revision": "1"},
		ManagedFields: []metav1.ManagedFieldsEntry{{Manager: "kube-controller-manager"}},
		OwnerReferences: []metav1.OwnerReference{
			{APIVersion: "v1", Kind: "ConfigMap", Name: "bystander", UID: "other"},
			*metav1.NewControllerRef(&metav1.ObjectMeta{Name: fmt.Sprintf("shop-%d", i), UID: "of-the-deployment"}, appsv1.SchemeGroupVersion.WithKind("Deployment")),
		},
	}
	return set
}

func TestReplicaSetsAreCutDownToWhoseTheyAre(t *testing.T) {
	kept, err := packed.Transform(projectReplicaSet)(newReplicaSet(7))
	if err != nil {
		t.Fatal(err)
	}
	set := packed.Whole(kept.(metav1.Object).(*packed.Object)).DeepCopyObject().(*metav1.PartialObjectMetadata)
	if set.Name != "shop-7-5d59d67564" || set.UID == "" || set.Labels != nil || set.Annotations != nil || set.ManagedFields != nil {
		t.Errorf("kept is %+v", set)
	}
	if want := (metav1.OwnerReference{Name: "shop-7", UID: "of-the-deployment", Controller: ptr.To(true)}); len(set.OwnerReferences) != 1 || set.OwnerReferences[0].UID != want.UID || set.OwnerReferences[0].Name != want.Name || !metav1.IsControlledBy(set, &metav1.ObjectMeta{UID: want.UID}) {
		t.Errorf("its owners are %+v", set.OwnerReferences)
	}
}

// BenchmarkReplicaSet gives the bytes of heap that one takes in a cache, without the cache's own.
func BenchmarkReplicaSet(b *testing.B) {
	const sets = 10_000
	transform := packed.Transform(projectReplicaSet)
	heap := func() float64 {
		var stats runtime.MemStats
		runtime.GC()
		runtime.GC()
		runtime.ReadMemStats(&stats)
		return float64(stats.HeapAlloc)
	}
	for b.Loop() {
		before, kept := heap(), make([]any, sets)
		for i := range sets {
			kept[i], _ = transform(newReplicaSet(i))
		}
		b.ReportMetric((heap()-before)/sets, "B/ReplicaSet")
		runtime.KeepAlive(kept)
	}
}
