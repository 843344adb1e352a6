// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package caches

import (
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/elasticweb/elasticweb-operator/internal/podfailure"
)

// From when on a pod is ready decides when it counts.
func TestProjectPodKeepsSinceWhenItIsReady(t *testing.T) {
	since := metav1.NewTime(time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC))
	for status, want := range map[corev1.ConditionStatus]metav1.Time{corev1.ConditionTrue: since, corev1.ConditionFalse: {}} {
		pod := &corev1.Pod{Status: corev1.PodStatus{Conditions: []corev1.PodCondition{
			{Type: corev1.PodReady, Status: status, LastTransitionTime: since, LastProbeTime: since},
		}}}
		if kept := projectPod(pod).Status.Conditions; len(kept) != 1 || kept[0].LastTransitionTime != want || !kept[0].LastProbeTime.IsZero() {
			t.Errorf("%s: %+v is kept", status, kept)
		}
	}
}

// From its creation counts how long it takes to be ready.
func TestProjectPodKeepsWhenItWasMade(t *testing.T) {
	made := metav1.NewTime(time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC))
	if kept := projectPod(&corev1.Pod{ObjectMeta: metav1.ObjectMeta{CreationTimestamp: made}}); kept.CreationTimestamp != made {
		t.Errorf("made at %v", kept.CreationTimestamp)
	}
}

// The failure of a pod is read from the cache as it is from the pod, of init containers, too.
func TestProjectPodKeepsWhatFails(t *testing.T) {
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	ended := corev1.ContainerState{Terminated: &corev1.ContainerStateTerminated{Reason: "Error", ExitCode: 3, FinishedAt: metav1.NewTime(now)}}
	running := corev1.ContainerState{Running: &corev1.ContainerStateRunning{StartedAt: metav1.NewTime(now)}}
	for name, status := range map[string]corev1.PodStatus{
		"an init container": {InitContainerStatuses: []corev1.ContainerStatus{{Name: "prepare", State: ended}}},
		"a container":       {ContainerStatuses: []corev1.ContainerStatus{{Name: "web", State: running, LastTerminationState: ended}}},
		"one beside a ready one": {ContainerStatuses: []corev1.ContainerStatus{
			{Name: "web", State: running, Ready: true}, {Name: "proxy", State: ended},
		}},
	} {
		pod := &corev1.Pod{Status: status}
		whole, kept := podfailure.Of(pod, "web", now), podfailure.Of(projectPod(pod), "web", now)
		if whole == nil || kept == nil || *whole != *kept {
			t.Errorf("%s: %+v of the pod, %+v of what is kept", name, whole, kept)
		}
	}
	ready := &corev1.Pod{Status: corev1.PodStatus{ContainerStatuses: []corev1.ContainerStatus{{Name: "web", State: running, LastTerminationState: ended, Ready: true}}}}
	if kept := projectPod(ready); len(kept.Status.ContainerStatuses) > 0 {
		t.Errorf("of a pod that is ready too much is kept: %+v", kept.Status)
	}
}
