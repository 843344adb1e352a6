// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package benchmark

import (
	"context"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/builder"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/event"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"
	"sigs.k8s.io/controller-runtime/pkg/source"

	"github.com/elasticweb/elasticweb-operator/api/v1alpha1"
	"github.com/elasticweb/elasticweb-operator/controllers"
	"github.com/elasticweb/elasticweb-operator/internal/apply"
	"github.com/elasticweb/elasticweb-operator/internal/benchmark"
)

// indexPodsByBenchmark finds the pods of a benchmark's Jobs in the cache.
const indexPodsByBenchmark = "benchmark"

// SetupWithManager registers the reconciler and its watches. resolved brings the benchmarks whose image was looked up.
func (r *Reconciler) SetupWithManager(ctx context.Context, mgr ctrl.Manager, resolved <-chan event.GenericEvent) error {
	r.images.Kind, r.images.Images, r.images.Live, r.images.Wait, r.images.Clock = Kind, r.Images, r.Live, r.ImageWait, r.Clock
	r.applier = apply.New(r.Writer, r.Live, controllers.FieldManager, apply.NewWritten(r.Clock), r.Clock)
	if err := controllers.Index(ctx, mgr, &corev1.Pod{}, indexPodsByBenchmark, instanceOfPod); err != nil {
		return err
	}
	work := ctrl.NewControllerManagedBy(mgr).
		Named("elasticwebbenchmark").
		For(&v1alpha1.ElasticWebBenchmark{}).
		Owns(&batchv1.Job{}).
		Watches(&corev1.Pod{}, handler.EnqueueRequestsFromMapFunc(r.benchmarkOfPod)).
		WithOptions(controllers.Options(1))
	if r.WatchesNodes {
		work = work.Watches(&corev1.Node{}, handler.EnqueueRequestsFromMapFunc(r.withoutRun), builder.WithPredicates(controllers.NodeDiffers()))
	}
	if resolved != nil {
		work = work.WatchesRawSource(source.Channel(resolved, &handler.EnqueueRequestForObject{}))
	}
	return work.Complete(controllers.UntilStopped(r))
}

// instanceOfPod is the name of the benchmark that a pod says it is of.
var instanceOfPod = controllers.Instance(v1alpha1.NameValue)

// benchmarkOfPod is the benchmark whose Job controls a pod. Where the cache does not show the Job yet, its event brings the benchmark.
func (r *Reconciler) benchmarkOfPod(ctx context.Context, pod client.Object) []reconcile.Request {
	controller := metav1.GetControllerOfNoCopy(pod)
	if controller == nil || instanceOfPod(pod) == "" {
		return nil
	}
	job := &batchv1.Job{}
	err := r.Cached.Get(ctx, client.ObjectKey{Namespace: pod.GetNamespace(), Name: controller.Name}, job, client.UnsafeDisableDeepCopy)
	if client.IgnoreNotFound(err) != nil {
		ctrl.LoggerFrom(ctx).Error(err, "find the benchmark of a pod")
	}
	owner := metav1.GetControllerOfNoCopy(job)
	if err != nil || job.UID != controller.UID || owner == nil || owner.Kind != Kind {
		return nil
	}
	return []reconcile.Request{{NamespacedName: client.ObjectKey{Namespace: pod.GetNamespace(), Name: owner.Name}}}
}

// withoutRun are the benchmarks that wait for nodes to run on.
func (r *Reconciler) withoutRun(ctx context.Context, _ client.Object) []reconcile.Request {
	return controllers.Listed(ctx, r.Cached, &v1alpha1.ElasticWebBenchmarkList{}, func(object client.Object) bool {
		b, isBenchmark := object.(*v1alpha1.ElasticWebBenchmark)
		return isBenchmark && benchmark.NeedsRun(b)
	})
}
