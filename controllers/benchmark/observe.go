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
	"github.com/elasticweb/elasticweb-operator/controllers/images"
	"github.com/elasticweb/elasticweb-operator/internal/benchmark"
	nodes "github.com/elasticweb/elasticweb-operator/internal/observed"
)

// observe reads what the status depends on, from the caches alone. retry is when to look again though nothing
// tells; 0 for never.
func (r *Reconciler) observe(ctx context.Context, b *v1alpha1.ElasticWebBenchmark) (observed benchmark.Observed, retry time.Duration, err error) {
	observed.GeneratorImage = r.GeneratorImage
	if benchmark.NeedsRun(b) {
		if r.WatchesNodes {
			list := &corev1.NodeList{}
			if err := r.Cached.List(ctx, list, client.UnsafeDisableDeepCopy); err != nil {
				return observed, 0, fmt.Errorf("list nodes: %w", err)
			}
			observed.Nodes = nodes.CountNodes(list.Items).For(nodes.NodeTerms{NodeSelector: b.Spec.NodeSelector, Tolerations: b.Spec.Tolerations})
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
		return observed, 0, err
	}
	for i := range jobs {
		observed.Jobs = append(observed.Jobs, benchmark.ObserveJob(&jobs[i]))
	}
	pods := &corev1.PodList{}
	if err := r.Cached.List(ctx, pods, client.InNamespace(b.Namespace), client.MatchingFields{indexPodsByBenchmark: b.Name}); err != nil {
		return observed, 0, fmt.Errorf("list pods: %w", err)
	}
	observed.Pods = benchmark.ObservePods(jobs, pods.Items)
	return observed, 0, nil
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
	return slices.DeleteFunc(list.Items, func(job batchv1.Job) bool { return !metav1.IsControlledBy(&job, b) }), nil
}
