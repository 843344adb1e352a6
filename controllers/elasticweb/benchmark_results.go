// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package elasticweb

import (
	"context"
	"fmt"

	"k8s.io/apimachinery/pkg/api/equality"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/types"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/event"
	"sigs.k8s.io/controller-runtime/pkg/predicate"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	elasticwebv1 "github.com/elasticweb/elasticweb-operator/api/v1"
	"github.com/elasticweb/elasticweb-operator/api/v1alpha1"
	"github.com/elasticweb/elasticweb-operator/internal/benchmark"
	"github.com/elasticweb/elasticweb-operator/internal/plan"
	"github.com/elasticweb/elasticweb-operator/internal/status"
)

// indexWebsByBenchmark finds the ElasticWebs that follow a benchmark in the cache.
const indexWebsByBenchmark = "benchmarkRef"

func indexByBenchmark(ctx context.Context, mgr ctrl.Manager) error {
	err := mgr.GetFieldIndexer().IndexField(ctx, &elasticwebv1.ElasticWeb{}, indexWebsByBenchmark, func(object client.Object) []string {
		if web, isWeb := object.(*elasticwebv1.ElasticWeb); isWeb && web.Spec.BenchmarkRef != nil {
			return []string{web.Spec.BenchmarkRef.Name}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("index elasticwebs by benchmark: %w", err)
	}
	return nil
}

// observeBenchmark is what the benchmark that the spec names has measured, by architecture; nil where it has
// measured nothing.
func (r *Reconciler) observeBenchmark(ctx context.Context, web *elasticwebv1.ElasticWeb) (map[string]plan.Measurement, error) {
	if web.Spec.BenchmarkRef == nil || !r.FollowsBenchmarks {
		return nil, nil
	}
	b := &v1alpha1.ElasticWebBenchmark{}
	err := r.Cached.Get(ctx, types.NamespacedName{Namespace: web.Namespace, Name: web.Spec.BenchmarkRef.Name}, b, client.UnsafeDisableDeepCopy)
	if apierrors.IsNotFound(err) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read ElasticWebBenchmark: %w", err)
	}
	return benchmark.Measurements(b), nil
}

// followers are the ElasticWebs that name a benchmark.
func (r *Reconciler) followers(ctx context.Context, object client.Object) []reconcile.Request {
	list := &elasticwebv1.ElasticWebList{}
	err := r.Cached.List(ctx, list, client.InNamespace(object.GetNamespace()),
		client.MatchingFields{indexWebsByBenchmark: object.GetName()}, client.UnsafeDisableDeepCopy)
	if err != nil {
		ctrl.LoggerFrom(ctx).Error(err, "list the elasticwebs of a benchmark")
	}
	var requests []reconcile.Request
	for i := range list.Items {
		requests = append(requests, reconcile.Request{NamespacedName: client.ObjectKeyFromObject(&list.Items[i])})
	}
	return requests
}

// resultsChanged lets through the benchmarks whose results ElasticWebs follow, or wait for.
func resultsChanged() predicate.Predicate {
	return predicate.Funcs{UpdateFunc: func(e event.UpdateEvent) bool {
		before, isBenchmark := e.ObjectOld.(*v1alpha1.ElasticWebBenchmark)
		after, isAlsoBenchmark := e.ObjectNew.(*v1alpha1.ElasticWebBenchmark)
		return !isBenchmark || !isAlsoBenchmark || stateOf(before) != stateOf(after) ||
			!equality.Semantic.DeepEqual(benchmark.Measurements(before), benchmark.Measurements(after))
	}}
}

// benchmarkState is how far the benchmark is that the spec names.
func (r *Reconciler) benchmarkState(ctx context.Context, web *elasticwebv1.ElasticWeb) (status.BenchmarkState, error) {
	if web.Spec.BenchmarkRef == nil {
		return status.BenchmarkAbsent, nil
	}
	if !r.FollowsBenchmarks {
		return status.BenchmarksOff, nil
	}
	b := &v1alpha1.ElasticWebBenchmark{}
	err := r.Cached.Get(ctx, types.NamespacedName{Namespace: web.Namespace, Name: web.Spec.BenchmarkRef.Name}, b, client.UnsafeDisableDeepCopy)
	switch {
	case apierrors.IsNotFound(err):
		return status.BenchmarkAbsent, nil
	case err != nil:
		return 0, fmt.Errorf("read ElasticWebBenchmark: %w", err)
	default:
		return stateOf(b), nil
	}
}

// stateOf is how far a benchmark without a result is: one that is complete without has failed.
func stateOf(b *v1alpha1.ElasticWebBenchmark) status.BenchmarkState {
	if meta.IsStatusConditionTrue(b.Status.Conditions, v1alpha1.ConditionStalled) ||
		meta.IsStatusConditionTrue(b.Status.Conditions, v1alpha1.ConditionComplete) {
		return status.BenchmarkFailed
	}
	return status.BenchmarkRunning
}
