// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package benchmark_test

import (
	"reflect"
	"testing"
	"time"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"

	"github.com/elasticweb/elasticweb-operator/api/v1alpha1"
	"github.com/elasticweb/elasticweb-operator/internal/benchmark"
	"github.com/elasticweb/elasticweb-operator/internal/podfailure"
)

func TestWhatAJobSays(t *testing.T) {
	job, at := jobOf("r", "arm64"), time.Unix(1_000_000, 0)
	want := benchmark.Job{Name: "r-arm64", Run: "r", Architecture: "arm64", Complete: true, FinishedAt: at}
	job.Status.Conditions = []batchv1.JobCondition{{Type: batchv1.JobComplete, Status: corev1.ConditionTrue, LastTransitionTime: metav1.NewTime(at)}, {Type: batchv1.JobFailed, Status: corev1.ConditionFalse, Reason: "no"}}
	if got := benchmark.ObserveJob(&job); got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
	job.Status.Conditions[0].Status, want.Complete = corev1.ConditionFalse, false
	job.Status.Conditions[1] = batchv1.JobCondition{
		Type: batchv1.JobFailed, Status: corev1.ConditionTrue, Reason: "DeadlineExceeded", Message: "late", LastTransitionTime: metav1.NewTime(at),
	}
	want.Failed, want.Message, want.FinishedAt = "DeadlineExceeded", "late", at
	if got := benchmark.ObserveJob(&job); got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
}

// Labels make no pod a benchmark's: its Job does, and says which run it is of.
func TestPodsAreThoseOfTheJobs(t *testing.T) {
	job, at := jobOf("r", "arm64"), metav1.NewTime(time.Unix(1_000_000, 0))
	job.UID = "j"
	pod := corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: "p", OwnerReferences: []metav1.OwnerReference{{UID: "j", Controller: ptr.To(true)}},
		Labels: map[string]string{v1alpha1.LabelRun: "forged", v1alpha1.LabelArchitecture: "forged"}}}
	pod.Status = corev1.PodStatus{
		Phase: corev1.PodFailed, Reason: "Evicted", Message: "no room",
		Conditions: []corev1.PodCondition{{Type: corev1.PodScheduled, Reason: corev1.PodReasonUnschedulable, Message: "no node"}},
		InitContainerStatuses: []corev1.ContainerStatus{{Name: "injected", RestartCount: 9}, {Name: v1alpha1.TargetContainer, RestartCount: 2,
			State:                corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: "CrashLoopBackOff", Message: "back-off"}},
			LastTerminationState: corev1.ContainerState{Terminated: &corev1.ContainerStateTerminated{ExitCode: 3, Reason: "Error"}}}},
		ContainerStatuses: []corev1.ContainerStatus{{Name: v1alpha1.GeneratorContainer,
			State: corev1.ContainerState{Terminated: &corev1.ContainerStateTerminated{ExitCode: 1, Message: "said", FinishedAt: at}}}},
	}
	forged := *pod.DeepCopy()
	forged.OwnerReferences[0].UID = "another"
	got := benchmark.ObservePods([]batchv1.Job{job}, []corev1.Pod{forged, pod})
	want := []benchmark.Pod{{
		Name: "p", Run: "r", Architecture: "arm64", Failed: "Evicted", Message: "no room", Unschedulable: "no node",
		Target:    benchmark.Container{Restarts: 2, Waiting: "CrashLoopBackOff", Message: "back-off", LastMessage: "exit code 3 (Error)", LastClass: podfailure.Crash},
		Generator: benchmark.Container{Ended: true, ExitCode: 1, Message: "said", EndedAt: at.Time},
	}}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%+v, want %+v", got, want)
	}
	pod.Spec.NodeName, pod.DeletionTimestamp, pod.Status = "n", &at, corev1.PodStatus{InitContainerStatuses: []corev1.ContainerStatus{{
		Name: v1alpha1.TargetContainer, State: corev1.ContainerState{Running: &corev1.ContainerStateRunning{}},
		LastTerminationState: corev1.ContainerState{Terminated: &corev1.ContainerStateTerminated{Message: "last words"}}}},
		Conditions: forged.Status.Conditions, ContainerStatuses: []corev1.ContainerStatus{{
			Name: v1alpha1.GeneratorContainer, State: corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: "PodInitializing"}}}}}
	got = benchmark.ObservePods([]batchv1.Job{job}, []corev1.Pod{pod})
	want = []benchmark.Pod{{Name: "p", Run: "r", Architecture: "arm64", Node: "n", Terminating: true,
		Target: benchmark.Container{Running: true, LastMessage: "last words", LastClass: podfailure.Crash}}}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%+v, want %+v", got, want)
	}
}
