// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package cluster_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/elasticweb/elasticweb-operator/test/cluster"
)

func TestPodStates(t *testing.T) {
	for name, test := range map[string]struct {
		state cluster.PodState
		phase corev1.PodPhase
		seen  func(corev1.ContainerStatus) bool
	}{
		"runs without getting ready": {
			state: cluster.PodState{},
			phase: corev1.PodRunning,
			seen:  func(s corev1.ContainerStatus) bool { return s.State.Running != nil },
		},
		"image cannot be pulled": {
			state: cluster.Waiting("ImagePullBackOff", "no match for platform in manifest"),
			phase: corev1.PodPending,
			seen: func(s corev1.ContainerStatus) bool {
				return s.State.Waiting != nil && s.State.Waiting.Reason == "ImagePullBackOff" && strings.HasPrefix(s.State.Waiting.Message, "no match")
			},
		},
		"crashes again and again": {
			state: cluster.CrashLoop(255, "exec /web: exec format error"),
			phase: corev1.PodRunning,
			seen: func(s corev1.ContainerStatus) bool {
				return s.RestartCount == 5 && s.State.Waiting != nil && s.State.Waiting.Reason == "CrashLoopBackOff" &&
					s.LastTerminationState.Terminated != nil && s.LastTerminationState.Terminated.ExitCode == 255
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			client, namespace := newNamespace(t)
			createDeployment(t, client, namespace, 2, webTemplate(test.state.Annotations()))
			asTold := func(pod *corev1.Pod) bool {
				return !isReady(pod) && pod.Status.Phase == test.phase && len(pod.Status.ContainerStatuses) == 1 &&
					!pod.Status.ContainerStatuses[0].Ready && test.seen(pod.Status.ContainerStatuses[0])
			}
			awaitPods(t, client, namespace, name, 2, asTold)
			assertQuiet(t, namespace)
		})
	}
}

// assertQuiet fails when the simulated nodes write the status of the same pods again and again.
func assertQuiet(t *testing.T, namespace string) {
	t.Helper()
	client := clientOf(t, shared)
	before, err := podsOf(t.Context(), client, namespace)
	if err != nil {
		t.Fatal(err)
	}
	time.Sleep(time.Second)
	after, err := podsOf(t.Context(), client, namespace)
	if err != nil {
		t.Fatal(err)
	}
	for i := range before {
		if before[i].ResourceVersion != after[i].ResourceVersion {
			t.Errorf("pod %s changes while nothing happens", before[i].Name)
		}
	}
}

func TestPodStateOnSomeNodes(t *testing.T) {
	client, namespace := newNamespace(t)
	state := cluster.CrashLoop(1, "exec format error")
	state.Nodes = "arm64-"
	createDeployment(t, client, namespace, 8, webTemplate(state.Annotations()))
	awaitPods(t, client, namespace, "ready on amd64 only", 8, func(pod *corev1.Pod) bool {
		return len(pod.Status.ContainerStatuses) == 1 && isReady(pod) == strings.HasPrefix(pod.Spec.NodeName, "amd64-")
	})
}

func TestPodStateComesAndGoes(t *testing.T) {
	client, namespace := newNamespace(t)
	createDeployment(t, client, namespace, 1, webTemplate(nil))
	awaitReadyReplicas(t, client, namespace, 1)
	pods, err := podsOf(t.Context(), client, namespace)
	if err != nil {
		t.Fatal(err)
	}
	annotate := func(annotations map[string]any) {
		t.Helper()
		patch, err := json.Marshal(map[string]any{"metadata": map[string]any{"annotations": annotations}})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := client.CoreV1().Pods(namespace).Patch(t.Context(), pods[0].Name, types.MergePatchType, patch, metav1.PatchOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	set, unset := map[string]any{}, map[string]any{}
	for key, value := range cluster.Waiting("ErrImagePull", "").Annotations() {
		set[key], unset[key] = value, nil
	}
	annotate(set)
	awaitPods(t, client, namespace, "fails", 1, func(pod *corev1.Pod) bool { return !isReady(pod) })
	annotate(unset)
	awaitPods(t, client, namespace, "ready again, at the same address", 1, func(pod *corev1.Pod) bool {
		return isReady(pod) && pod.Status.PodIP == pods[0].Status.PodIP
	})
}

func TestPodTakesTimeToGetReady(t *testing.T) {
	client, namespace := newNamespace(t)
	createDeployment(t, client, namespace, 1, webTemplate(map[string]string{cluster.ReadyAfter: "3"}))
	awaitPods(t, client, namespace, "runs, not ready", 1, func(pod *corev1.Pod) bool {
		return pod.Status.Phase == corev1.PodRunning && !isReady(pod)
	})
	awaitReadyReplicas(t, client, namespace, 1)
}

func TestDeletedPodSleepsInItsPreStopHook(t *testing.T) {
	client, namespace := newNamespace(t)
	template := webTemplate(nil)
	template.Spec.Containers[0].Lifecycle = &corev1.Lifecycle{PreStop: &corev1.LifecycleHandler{Sleep: &corev1.SleepAction{Seconds: 3}}}
	createDeployment(t, client, namespace, 1, template)
	awaitReadyReplicas(t, client, namespace, 1)
	started := time.Now()
	if err := client.AppsV1().Deployments(namespace).Delete(t.Context(), "web", metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	awaitPods(t, client, namespace, "terminating", 1, func(pod *corev1.Pod) bool { return pod.DeletionTimestamp != nil })
	awaitPods(t, client, namespace, "gone", 0, func(*corev1.Pod) bool { return false })
	// Timestamps are whole seconds, so one may be missing.
	if took := time.Since(started); took < 2*time.Second || took > 20*time.Second {
		t.Errorf("the pod lived for %s, want about 3s", took)
	}
}

func TestJobs(t *testing.T) {
	for name, test := range map[string]struct {
		annotations map[string]string
		want        batchv1.JobConditionType
		message     string
		exitCode    int32
	}{
		"ends well at once": {
			annotations: map[string]string{cluster.EndsAfter: "0"},
			want:        batchv1.JobComplete,
		},
		"leaves a message after a while": {
			annotations: map[string]string{cluster.EndsAfter: "2", cluster.TerminationMessage: `{"qps": 800}`},
			want:        batchv1.JobComplete,
			message:     `{"qps": 800}`,
		},
		"fails": {
			annotations: map[string]string{cluster.EndsAfter: "0", cluster.ExitCode: "3"},
			want:        batchv1.JobFailed,
			exitCode:    3,
		},
	} {
		t.Run(name, func(t *testing.T) {
			client, namespace := newNamespace(t)
			createJob(t, client, namespace, test.annotations)
			awaitPods(t, client, namespace, "ended", 1, func(pod *corev1.Pod) bool {
				if len(pod.Status.ContainerStatuses) != 1 {
					return false
				}
				ended := pod.Status.ContainerStatuses[0].State.Terminated
				return ended != nil && ended.Message == test.message && ended.ExitCode == test.exitCode
			})
			awaitJob(t, namespace, test.want)
		})
	}
}

func TestFailingSidecarOfAJob(t *testing.T) {
	client, namespace := newNamespace(t)
	state := cluster.CrashLoop(139, "")
	state.Container = "sidecar"
	createJob(t, client, namespace, state.Annotations())
	awaitPods(t, client, namespace, "the sidecar crashes", 1, func(pod *corev1.Pod) bool {
		return !isReady(pod) && len(pod.Status.InitContainerStatuses) == 1 && pod.Status.InitContainerStatuses[0].RestartCount == 5
	})
	assertQuiet(t, namespace)
}
