// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package cluster_test

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/elasticweb/elasticweb-operator/test/cluster"
)

func TestNodesComeAndGo(t *testing.T) {
	client, namespace := newNamespace(t)
	taint := corev1.Taint{Key: "kubernetes.io/arch", Value: "s390x", Effect: corev1.TaintEffectNoSchedule}
	names, err := shared.AddNodes(t.Context(), cluster.NodePool{
		Arch: "s390x", Count: 2, CPU: "2", Memory: "8Gi", Pods: 20, Zone: "z1",
		Labels: map[string]string{"disk": "fast"}, Taints: []corev1.Taint{taint},
	})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"s390x-0", "s390x-1"}, names); diff != "" {
		t.Errorf("names (-want +got):\n%s", diff)
	}
	node, err := client.CoreV1().Nodes().Get(t.Context(), names[0], metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	wantLabels := map[string]string{
		"kubernetes.io/arch": "s390x", "kubernetes.io/os": "linux", "kubernetes.io/hostname": "s390x-0",
		"topology.kubernetes.io/zone": "z1", "disk": "fast",
	}
	for _, later := range []string{"beta.kubernetes.io/arch", "beta.kubernetes.io/os"} {
		delete(node.Labels, later) // the node controller adds them at a time of its own.
	}
	if diff := cmp.Diff(wantLabels, node.Labels); diff != "" {
		t.Errorf("labels (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]corev1.Taint{taint}, node.Spec.Taints); diff != "" {
		t.Errorf("taints (-want +got):\n%s", diff)
	}
	if got := node.Status.Allocatable; got.Cpu().String() != "2" || got.Memory().String() != "8Gi" || got.Pods().String() != "20" {
		t.Errorf("allocatable: got %v, want 2 CPUs, 8Gi, 20 pods", got)
	}

	template := webTemplate(nil)
	template.Spec.NodeSelector = map[string]string{"disk": "fast"}
	template.Spec.Tolerations = []corev1.Toleration{{Key: taint.Key, Operator: corev1.TolerationOpExists}}
	createDeployment(t, client, namespace, 4, template)
	awaitReadyReplicas(t, client, namespace, 4)
	if err := shared.RemoveNodes(t.Context(), names...); err != nil {
		t.Fatal(err)
	}
	if _, err := client.CoreV1().Nodes().Get(t.Context(), names[0], metav1.GetOptions{}); !apierrors.IsNotFound(err) {
		t.Errorf("a removed node: got error %v, want NotFound", err)
	}
	awaitPods(t, client, namespace, "pending again", 4, func(pod *corev1.Pod) bool { return !slices.Contains(names, pod.Spec.NodeName) })
	again, err := shared.AddNodes(t.Context(), cluster.NodePool{Arch: "s390x", Count: 1})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"s390x-2"}, again); diff != "" {
		t.Errorf("names are not used twice (-want +got):\n%s", diff)
	}
	if err := shared.RemoveNodes(t.Context(), again...); err != nil {
		t.Error(err)
	}
}
