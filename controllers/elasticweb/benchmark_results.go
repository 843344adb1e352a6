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
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/event"
	"sigs.k8s.io/controller-runtime/pkg/predicate"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	elasticwebv1 "github.com/elasticweb/elasticweb-operator/api/v1"
	"github.com/elasticweb/elasticweb-operator/api/v1alpha1"
	"github.com/elasticweb/elasticweb-operator/controllers"
	"github.com/elasticweb/elasticweb-operator/internal/benchmark"
	"github.com/elasticweb/elasticweb-operator/internal/plan"
	"github.com/elasticweb/elasticweb-operator/internal/status"
)

// indexWebsByBenchmark finds the ElasticWebs that follow a benchmark in the cache.
const indexWebsByBenchmark = "benchmarkRef"

func benchmarkOfWeb(object client.Object) string {
	if web, isWeb := object.(*elasticwebv1.ElasticWeb); isWeb && web.Spec.BenchmarkRef != nil {
		return web.Spec.BenchmarkRef.Name
	}
	return ""
}

// observeBenchmark is what the benchmark that the spec names has measured, by architecture, nil for nothing, and how far it is.
func (r *Reconciler) observeBenchmark(ctx context.Context, web *elasticwebv1.ElasticWeb) (map[string]plan.Measurement, status.BenchmarkState, error) {
	if web.Spec.BenchmarkRef != nil && !r.FollowsBenchmarks {
		return nil, status.BenchmarksOff, nil
	}
	return readBenchmark(ctx, r.Cached, web)
}

func readBenchmark(ctx context.Context, reader client.Reader, web *elasticwebv1.ElasticWeb) (map[string]plan.Measurement, status.BenchmarkState, error) {
	if web.Spec.BenchmarkRef == nil {
		return nil, status.BenchmarkAbsent, nil
	}
	b := &v1alpha1.ElasticWebBenchmark{}
	err := reader.Get(ctx, types.NamespacedName{Namespace: web.Namespace, Name: web.Spec.BenchmarkRef.Name}, b, client.UnsafeDisableDeepCopy)
	switch {
	case apierrors.IsNotFound(err):
		return nil, status.BenchmarkAbsent, nil
	case err != nil:
		return nil, 0, fmt.Errorf("read ElasticWebBenchmark: %w", err)
	default:
		return benchmark.Measurements(b), stateOf(b), nil
	}
}

// followers are the ElasticWebs that name a benchmark.
func (r *Reconciler) followers(ctx context.Context, object client.Object) []reconcile.Request {
	return controllers.Listed(ctx, r.Cached, &elasticwebv1.ElasticWebList{}, nil,
		client.InNamespace(object.GetNamespace()), client.MatchingFields{indexWebsByBenchmark: object.GetName()})
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

// stateOf is how far a benchmark without a result is: one that is complete without has failed.
func stateOf(b *v1alpha1.ElasticWebBenchmark) status.BenchmarkState {
	if meta.IsStatusConditionTrue(b.Status.Conditions, v1alpha1.ConditionStalled) ||
		meta.IsStatusConditionTrue(b.Status.Conditions, v1alpha1.ConditionComplete) {
		return status.BenchmarkFailed
	}
	return status.BenchmarkRunning
}
