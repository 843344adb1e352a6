// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package benchmark

import (
	"context"
	"fmt"
	"slices"
	"time"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	elasticwebv1 "github.com/elasticweb/elasticweb-operator/api/v1"
	"github.com/elasticweb/elasticweb-operator/api/v1alpha1"
	"github.com/elasticweb/elasticweb-operator/controllers/caches"
	"github.com/elasticweb/elasticweb-operator/controllers/images"
	"github.com/elasticweb/elasticweb-operator/internal/benchmark"
	"github.com/elasticweb/elasticweb-operator/internal/plan"
	"github.com/elasticweb/elasticweb-operator/internal/podfailure"
)

// observe reads what the status depends on, from the caches alone. retry is when to look again though nothing
// tells; 0 for never.
func (r *Reconciler) observe(ctx context.Context, b *v1alpha1.ElasticWebBenchmark) (observed *benchmark.Observed, retry time.Duration, err error) {
	observed = &benchmark.Observed{GeneratorImage: r.GeneratorImage}
	if benchmark.NeedsRun(b) {
		if observed.Nodes, err = r.countNodes(ctx); err != nil {
			return nil, 0, err
		}
		pod := images.Pod{Image: b.Spec.Image, ServiceAccount: b.Spec.ServiceAccountName, PullSecrets: b.Spec.ImagePullSecrets}
		observed.Image, retry = r.images.Observe(client.ObjectKeyFromObject(b), pod, true)
		return observed, retry, nil
	}
	r.images.StopWaiting(client.ObjectKeyFromObject(b))
	if benchmark.IsFinished(b.Status.Run) {
		return observed, 0, nil
	}
	jobs, err := ownedJobs(ctx, r.Cached, b)
	if err != nil {
		return nil, 0, err
	}
	for i := range jobs {
		observed.Jobs = append(observed.Jobs, observeJob(&jobs[i]))
	}
	observed.Pods, err = r.observePods(ctx, b, jobs)
	return observed, 0, err
}

func (r *Reconciler) countNodes(ctx context.Context) (*plan.Nodes, error) {
	if !r.WatchesNodes {
		return nil, nil //nolint:nilnil // that the nodes are not known is an answer.
	}
	list := &corev1.NodeList{}
	if err := r.Cached.List(ctx, list, client.UnsafeDisableDeepCopy); err != nil {
		return nil, fmt.Errorf("list nodes: %w", err)
	}
	return caches.CountNodes(list.Items).Counts, nil
}

// ownedJobs are the Jobs of all runs of the benchmark, from the cache.
func ownedJobs(ctx context.Context, cached client.Reader, b *v1alpha1.ElasticWebBenchmark) ([]batchv1.Job, error) {
	list := &batchv1.JobList{}
	err := cached.List(ctx, list, client.InNamespace(b.Namespace), client.MatchingLabels{
		elasticwebv1.LabelName: v1alpha1.NameValue, elasticwebv1.LabelInstance: b.Name,
	}, client.UnsafeDisableDeepCopy)
	if err != nil {
		return nil, fmt.Errorf("list Jobs: %w", err)
	}
	var owned []batchv1.Job
	for i := range list.Items {
		if metav1.IsControlledBy(&list.Items[i], b) {
			owned = append(owned, list.Items[i])
		}
	}
	return owned, nil
}

func observeJob(job *batchv1.Job) benchmark.Job {
	result := benchmark.Job{
		Name: job.Name, Run: job.Labels[v1alpha1.LabelRun], Architecture: job.Labels[v1alpha1.LabelArchitecture],
	}
	for _, condition := range job.Status.Conditions {
		if condition.Type == batchv1.JobFailed && condition.Status == corev1.ConditionTrue {
			result.Failed, result.Message, result.FinishedAt = condition.Reason, condition.Message, condition.LastTransitionTime.Time
		}
	}
	return result
}

// observePods are the pods of the Jobs. Labels make no pod a benchmark's: whoever may create pods could forge a result.
func (r *Reconciler) observePods(ctx context.Context, b *v1alpha1.ElasticWebBenchmark, jobs []batchv1.Job) ([]benchmark.Pod, error) {
	list := &corev1.PodList{}
	err := r.Cached.List(ctx, list, client.InNamespace(b.Namespace),
		client.MatchingFields{indexPodsByBenchmark: b.Name})
	if err != nil {
		return nil, fmt.Errorf("list pods: %w", err)
	}
	pods := make([]benchmark.Pod, 0, len(list.Items))
	for i := range list.Items {
		pod := &list.Items[i]
		at := slices.IndexFunc(jobs, func(job batchv1.Job) bool { return metav1.IsControlledBy(pod, &job) })
		if at >= 0 {
			pods = append(pods, observePod(pod, &jobs[at]))
		}
	}
	return pods, nil
}

// observePod takes from a pod what decides. Which run it is of, its Job says.
func observePod(pod *corev1.Pod, job *batchv1.Job) benchmark.Pod {
	result := benchmark.Pod{
		Name: pod.Name, Run: job.Labels[v1alpha1.LabelRun], Architecture: job.Labels[v1alpha1.LabelArchitecture],
		Node: pod.Spec.NodeName, Terminating: pod.DeletionTimestamp != nil,
	}
	if pod.Status.Phase == corev1.PodFailed {
		result.Failed, result.Message = pod.Status.Reason, pod.Status.Message
	}
	for _, condition := range pod.Status.Conditions {
		if condition.Type == corev1.PodScheduled && condition.Reason == corev1.PodReasonUnschedulable && pod.Spec.NodeName == "" {
			result.Unschedulable = condition.Message
		}
	}
	for _, status := range pod.Status.InitContainerStatuses {
		if status.Name == v1alpha1.TargetContainer {
			result.Target = observeContainer(&status)
		}
	}
	for _, status := range pod.Status.ContainerStatuses {
		if status.Name == v1alpha1.GeneratorContainer {
			result.Generator = observeContainer(&status)
		}
	}
	return result
}

func observeContainer(status *corev1.ContainerStatus) benchmark.Container {
	result := benchmark.Container{Running: status.State.Running != nil, Restarts: status.RestartCount}
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
