// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package caches

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"

	"github.com/elasticweb/elasticweb-operator/internal/observed"
)

// What decides about pods is kept, in one order, and nothing else.
func TestProjectNodeKeepsWhatDecidesAboutPods(t *testing.T) {
	added, deleted := ptr.To(metav1.Unix(1, 0)), ptr.To(metav1.Unix(2, 0))
	got := projectNode(&corev1.Node{
		ObjectMeta: metav1.ObjectMeta{
			Name: "n", UID: "u", ResourceVersion: "7", DeletionTimestamp: deleted, Annotations: map[string]string{"a": "b"},
			Labels: map[string]string{"kubernetes.io/arch": "arm64", "kubernetes.io/hostname": "n", "pool": "web"},
		},
		Spec: corev1.NodeSpec{PodCIDR: "10.0.0.0/24", Unschedulable: true, Taints: []corev1.Taint{
			{Key: "b", Effect: corev1.TaintEffectNoSchedule, TimeAdded: added}, {Key: "c", Effect: corev1.TaintEffectPreferNoSchedule},
			{Key: "a", Value: "x", Effect: corev1.TaintEffectNoExecute},
		}},
		Status: corev1.NodeStatus{Phase: corev1.NodeRunning},
	})
	want := &corev1.Node{
		ObjectMeta: metav1.ObjectMeta{
			Name: "n", UID: "u", ResourceVersion: "7", DeletionTimestamp: deleted,
			Labels:      map[string]string{"kubernetes.io/arch": "arm64", "pool": "web"},
			Annotations: map[string]string{observed.AnnotationLikeness: observed.Likeness(got)},
		},
		Spec: corev1.NodeSpec{Unschedulable: true, Taints: []corev1.Taint{
			{Key: "a", Value: "x", Effect: corev1.TaintEffectNoExecute}, {Key: "b", Effect: corev1.TaintEffectNoSchedule},
		}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}
