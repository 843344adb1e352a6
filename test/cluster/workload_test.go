// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package cluster_test

import (
	"context"
	"fmt"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
)

var webLabels = map[string]string{"app": "web"}

// webTemplate is that of pods of one container, with annotations for the simulated nodes.
func webTemplate(annotations map[string]string) corev1.PodTemplateSpec {
	return corev1.PodTemplateSpec{
		ObjectMeta: metav1.ObjectMeta{Labels: webLabels, Annotations: annotations},
		Spec:       corev1.PodSpec{Containers: []corev1.Container{{Name: "web", Image: "registry.example.com/web:1"}}},
	}
}

func createDeployment(t *testing.T, client kubernetes.Interface, namespace string, replicas int32, template corev1.PodTemplateSpec) {
	t.Helper()
	_, err := client.AppsV1().Deployments(namespace).Create(t.Context(), &appsv1.Deployment{
		ObjectMeta: metav1.ObjectMeta{Name: "web"},
		Spec:       appsv1.DeploymentSpec{Replicas: &replicas, Selector: &metav1.LabelSelector{MatchLabels: webLabels}, Template: template},
	}, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
}

func awaitReadyReplicas(t *testing.T, client kubernetes.Interface, namespace string, replicas int32) {
	t.Helper()
	eventually(t, fmt.Sprintf("%d replicas are ready", replicas), func(ctx context.Context) (bool, string) {
		deployment, err := client.AppsV1().Deployments(namespace).Get(ctx, "web", metav1.GetOptions{})
		if err != nil {
			return false, err.Error()
		}
		return deployment.Status.ReadyReplicas == replicas && deployment.Status.Replicas == replicas, fmt.Sprintf("%+v", deployment.Status)
	})
}

func podsOf(ctx context.Context, client kubernetes.Interface, namespace string) ([]corev1.Pod, error) {
	pods, err := client.CoreV1().Pods(namespace).List(ctx, metav1.ListOptions{})
	if err != nil {
		return nil, err
	}
	return pods.Items, nil
}

// awaitPods waits until each of a number of pods is as it should be.
func awaitPods(t *testing.T, client kubernetes.Interface, namespace, what string, count int, good func(*corev1.Pod) bool) {
	t.Helper()
	eventually(t, fmt.Sprintf("%d pods: %s", count, what), func(ctx context.Context) (bool, string) {
		pods, err := podsOf(ctx, client, namespace)
		if err != nil {
			return false, err.Error()
		}
		found := 0
		for i := range pods {
			if good(&pods[i]) {
				found++
			}
		}
		return found == count && len(pods) == count, fmt.Sprintf("%d of %d pods: %+v", found, len(pods), statuses(pods))
	})
}

func statuses(pods []corev1.Pod) map[string]corev1.PodStatus {
	all := map[string]corev1.PodStatus{}
	for _, pod := range pods {
		all[pod.Name] = pod.Status
	}
	return all
}

func isReady(pod *corev1.Pod) bool {
	for _, condition := range pod.Status.Conditions {
		if condition.Type == corev1.PodReady {
			return condition.Status == corev1.ConditionTrue
		}
	}
	return false
}

func createJob(t *testing.T, client kubernetes.Interface, namespace string, annotations map[string]string) {
	t.Helper()
	always, noRetries := corev1.ContainerRestartPolicyAlways, int32(0)
	_, err := client.BatchV1().Jobs(namespace).Create(t.Context(), &batchv1.Job{
		ObjectMeta: metav1.ObjectMeta{Name: "job"},
		Spec: batchv1.JobSpec{
			BackoffLimit: &noRetries,
			Template: corev1.PodTemplateSpec{
				ObjectMeta: metav1.ObjectMeta{Annotations: annotations},
				Spec: corev1.PodSpec{
					RestartPolicy:  corev1.RestartPolicyNever,
					InitContainers: []corev1.Container{{Name: "sidecar", Image: "registry.example.com/web:1", RestartPolicy: &always}},
					Containers:     []corev1.Container{{Name: "main", Image: "registry.example.com/main:1"}},
				},
			},
		},
	}, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
}

func awaitJob(t *testing.T, namespace string, want batchv1.JobConditionType) {
	t.Helper()
	client := clientOf(t, shared)
	eventually(t, fmt.Sprintf("the job is %s", want), func(ctx context.Context) (bool, string) {
		job, err := client.BatchV1().Jobs(namespace).Get(ctx, "job", metav1.GetOptions{})
		if err != nil {
			return false, err.Error()
		}
		for _, condition := range job.Status.Conditions {
			if condition.Type == want && condition.Status == corev1.ConditionTrue {
				return true, ""
			}
		}
		return false, fmt.Sprintf("%+v", job.Status)
	})
}
