// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package benchmark

import (
	"context"
	"fmt"
	"slices"

	"github.com/operator-framework/operator-lib/proxy"
	batchv1 "k8s.io/api/batch/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/elasticweb/elasticweb-operator/api/v1alpha1"
	"github.com/elasticweb/elasticweb-operator/internal/apply"
	"github.com/elasticweb/elasticweb-operator/internal/benchmark"
	"github.com/elasticweb/elasticweb-operator/internal/helmrelease"
)

// look lets through the Jobs that the run lacks. One that was begun is never begun again.
func (r *ReleaseReconciler) look(ctx context.Context, owner client.Object, rendered []byte) (manifest []byte, run string, err error) {
	b, err := typed(owner)
	if err != nil {
		return nil, "", err
	}
	jobs, err := ownedJobs(ctx, r.Live, b)
	if err != nil {
		return nil, "", err
	}
	lacking := benchmark.Lacking(b.Status.Run, jobs)
	manifest, err = applied(b, rendered, func(job *batchv1.Job) (bool, error) {
		if !slices.Contains(lacking, job.Labels[v1alpha1.LabelArchitecture]) {
			return false, nil
		}
		return r.isFree(ctx, b, job)
	})
	return manifest, b.Status.Run.ID, err
}

// isFree reports whether there is no Job of that name. The benchmark's own gets back the labels by which it is found; another is left alone.
func (r *ReleaseReconciler) isFree(ctx context.Context, b *v1alpha1.ElasticWebBenchmark, wanted *batchv1.Job) (bool, error) {
	job := &batchv1.Job{}
	if err := r.Live.Get(ctx, client.ObjectKeyFromObject(wanted), job); err != nil {
		return apierrors.IsNotFound(err), client.IgnoreNotFound(err)
	}
	if !metav1.IsControlledBy(job, b) {
		foreign := &apply.NotOwnedError{Kind: "Job", Name: job.Name, Owner: apply.OwnerOf(job)}
		return false, fmt.Errorf("%w, so it is left alone: delete it, or set the annotation %s to a new value", foreign, v1alpha1.AnnotationRerun)
	}
	before := job.DeepCopy()
	job.Labels = labels.Merge(job.Labels, wanted.Labels)
	return false, r.Writer.Patch(ctx, job, client.MergeFromWithOptions(before, client.MergeFromWithOptimisticLock{}))
}

// applied is what may be applied of a rendered chart: of the Jobs of the run that the status holds those that are wanted, owned by the
// benchmark, and as the types have them. Anything else is refused.
func applied(b *v1alpha1.ElasticWebBenchmark, rendered []byte, isWanted func(*batchv1.Job) (bool, error)) ([]byte, error) {
	jobs, err := benchmark.Rendered(rendered, b, proxy.ReadProxyVarsFromEnv())
	if err != nil {
		return nil, err
	}
	var objects []map[string]any
	for i := range jobs {
		if wanted, err := isWanted(&jobs[i]); err != nil {
			return nil, err
		} else if !wanted {
			continue
		}
		jobs[i].OwnerReferences = []metav1.OwnerReference{*metav1.NewControllerRef(b, v1alpha1.GroupVersion.WithKind(Kind))}
		object, err := runtime.DefaultUnstructuredConverter.ToUnstructured(&jobs[i])
		if err != nil {
			return nil, fmt.Errorf("convert the Job: %w", err)
		}
		delete(object, "status")
		objects = append(objects, object)
	}
	return helmrelease.Manifest(objects)
}
