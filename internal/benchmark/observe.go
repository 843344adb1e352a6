// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package benchmark

import (
	"fmt"
	"slices"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/elasticweb/elasticweb-operator/api/v1alpha1"
	"github.com/elasticweb/elasticweb-operator/internal/podfailure"
)

// ObserveJob takes from a Job what decides.
func ObserveJob(job *batchv1.Job) Job {
	result := Job{Name: job.Name, Run: job.Labels[v1alpha1.LabelRun], Architecture: job.Labels[v1alpha1.LabelArchitecture]}
	for _, condition := range job.Status.Conditions {
		switch {
		case condition.Status != corev1.ConditionTrue:
		case condition.Type == batchv1.JobFailed:
			result.Failed, result.Message, result.FinishedAt = condition.Reason, condition.Message, condition.LastTransitionTime.Time
		case condition.Type == batchv1.JobComplete:
			result.Complete, result.FinishedAt = true, condition.LastTransitionTime.Time
		}
	}
	return result
}

// ObservePods takes from the pods of Jobs what decides: of those whose controller is one of the Jobs, by its UID. Labels make no pod a
// benchmark's. Whoever may create pods can write such a controller, too, see SECURITY.md.
func ObservePods(jobs []batchv1.Job, all []corev1.Pod) []Pod {
	byUID := make(map[types.UID]*batchv1.Job, len(jobs))
	for i := range jobs {
		byUID[jobs[i].UID] = &jobs[i]
	}
	pods := make([]Pod, 0, len(all))
	for i := range all {
		controller := metav1.GetControllerOfNoCopy(&all[i])
		if controller == nil {
			continue
		}
		if job := byUID[controller.UID]; job != nil {
			pods = append(pods, observePod(&all[i], job))
		}
	}
	return pods
}

// observePod takes from a pod what decides. Which run it is of, its Job says.
func observePod(pod *corev1.Pod, job *batchv1.Job) Pod {
	result := Pod{
		Name: pod.Name, Run: job.Labels[v1alpha1.LabelRun], Architecture: job.Labels[v1alpha1.LabelArchitecture],
		Node: pod.Spec.NodeName, Terminating: pod.DeletionTimestamp != nil,
		Target:    observeContainer(pod.Status.InitContainerStatuses, v1alpha1.TargetContainer),
		Generator: observeContainer(pod.Status.ContainerStatuses, v1alpha1.GeneratorContainer),
	}
	if pod.Status.Phase == corev1.PodFailed {
		result.Failed, result.Message = pod.Status.Reason, pod.Status.Message
	}
	for _, condition := range pod.Status.Conditions {
		if condition.Type == corev1.PodScheduled && condition.Reason == corev1.PodReasonUnschedulable && pod.Spec.NodeName == "" {
			result.Unschedulable = condition.Message
		}
	}
	return result
}

func observeContainer(containers []corev1.ContainerStatus, name string) Container {
	at := slices.IndexFunc(containers, func(status corev1.ContainerStatus) bool { return status.Name == name })
	if at < 0 {
		return Container{}
	}
	status := &containers[at]
	result := Container{Running: status.State.Running != nil, Restarts: status.RestartCount}
	// Such a pod waits for its init containers, which say why.
	if waiting := status.State.Waiting; waiting != nil && waiting.Reason != "PodInitializing" && waiting.Reason != "ContainerCreating" {
		result.Waiting, result.Message = waiting.Reason, waiting.Message
	}
	if ended := status.State.Terminated; ended != nil {
		result.Ended, result.ExitCode, result.Message, result.EndedAt = true, ended.ExitCode, ended.Message, ended.FinishedAt.Time
	}
	if last := status.LastTerminationState.Terminated; last != nil {
		result.LastMessage, result.LastClass = last.Message, podfailure.OfEnd(last).Class
		if result.LastMessage == "" {
			result.LastMessage = fmt.Sprintf("exit code %d (%s)", last.ExitCode, last.Reason)
		}
	}
	return result
}
