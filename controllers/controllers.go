// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

// Package controllers holds what the reconcilers of all kinds share. Each kind has a folder: its reconciler reads, has the
// pure packages decide, and writes.
package controllers

import (
	"context"
	"errors"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/tools/events"
	"k8s.io/client-go/util/workqueue"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller"
	"sigs.k8s.io/controller-runtime/pkg/event"
	"sigs.k8s.io/controller-runtime/pkg/predicate"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	elasticwebv1 "github.com/elasticweb/elasticweb-operator/api/v1"
	"github.com/elasticweb/elasticweb-operator/internal/apply"
	"github.com/elasticweb/elasticweb-operator/internal/observed"
	"github.com/elasticweb/elasticweb-operator/internal/status"
)

// FieldManager owns the fields of everything that the operator applies.
const FieldManager = "elasticweb-operator"

// StaleRetry is how long to wait for a cache that is known to be behind. Its next event comes first, as a rule.
const StaleRetry = 200 * time.Millisecond

// LookAgainAfter is how long to wait for the cache that something has changed in the meantime.
func LookAgainAfter(changed *apply.ChangedError) time.Duration {
	if changed.IsGone {
		return retryLast
	}
	return StaleRetry
}

// Errors of the API server that may pass are tried again after retryFirst, then after twice as long each time, up to
// retryLast.
const (
	retryFirst = 100 * time.Millisecond
	retryLast  = 30 * time.Second
)

// RateLimiter says when an object is tried again whose reconcile failed.
func RateLimiter() workqueue.TypedRateLimiter[reconcile.Request] {
	return workqueue.NewTypedItemExponentialFailureRateLimiter[reconcile.Request](retryFirst, retryLast)
}

// Options are those of every controller: no namespace holds up another.
func Options(workers int) controller.Options {
	return controller.Options{MaxConcurrentReconciles: workers, RateLimiter: RateLimiter(), NewQueue: FairQueue}
}

// UntilStopped leaves out the failures of a reconciler once the manager stops, which cancels requests: nothing failed.
func UntilStopped(r reconcile.Reconciler) reconcile.Reconciler {
	return reconcile.Func(func(ctx context.Context, request ctrl.Request) (ctrl.Result, error) {
		result, err := r.Reconcile(ctx, request)
		if ctx.Err() != nil {
			return ctrl.Result{}, nil
		}
		return result, err
	})
}

// Index has the cache find objects by a value of theirs, "" for none.
func Index(ctx context.Context, mgr ctrl.Manager, of client.Object, name string, value func(client.Object) string) error {
	err := mgr.GetFieldIndexer().IndexField(ctx, of, name, func(object client.Object) []string {
		if value := value(object); value != "" {
			return []string{value}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("index %T by %s: %w", of, name, err)
	}
	return nil
}

// Listed wakes what a list from the cache holds, those alone for which isConcerned, which may be nil, is true.
func Listed(
	ctx context.Context, cached client.Reader, list client.ObjectList, isConcerned func(client.Object) bool, options ...client.ListOption,
) []reconcile.Request {
	err := cached.List(ctx, list, append(options, client.UnsafeDisableDeepCopy)...)
	if _, comes := errors.AsType[*cache.ErrResourceNotCached](err); err != nil && !comes { // at a start: then each is woken when it comes.
		ctrl.LoggerFrom(ctx).Error(err, "list what is to be woken")
	}
	var requests []reconcile.Request
	_ = meta.EachListItem(list, func(item runtime.Object) error { // fails for what is no list.
		if object, isObject := item.(client.Object); isObject && (isConcerned == nil || isConcerned(object)) {
			requests = append(requests, reconcile.Request{NamespacedName: client.ObjectKeyFromObject(object)})
		}
		return nil
	})
	return requests
}

// Instance is which object of ours a pod says it is of: its label is believed only as far as the pod's controllers bear it out. "" for a
// pod whose label app.kubernetes.io/name is another.
func Instance(name string) func(pod client.Object) string {
	return func(pod client.Object) string {
		if labels := pod.GetLabels(); labels[elasticwebv1.LabelName] == name {
			return labels[elasticwebv1.LabelInstance]
		}
		return ""
	}
}

// NodeDiffers lets through the nodes of which that changed which is counted. Those that were there at the start are counted by the first
// pass, together.
func NodeDiffers() predicate.Predicate {
	return predicate.Funcs{
		CreateFunc: func(e event.CreateEvent) bool { return !e.IsInInitialList },
		UpdateFunc: func(e event.UpdateEvent) bool { return observed.NodeDiffers(e.ObjectOld, e.ObjectNew) },
	}
}

// StaleStatus is what comes of a status that cannot be written.
const StaleStatus = "the status is not the newest"

// Soonest is the shortest of the waits that are not 0; 0 where there is none.
func Soonest(waits ...time.Duration) time.Duration {
	var first time.Duration
	for _, wait := range waits {
		if wait > 0 && (first == 0 || wait < first) {
			first = wait
		}
	}
	return first
}

// Untold is when to try again what no status tells of, such as to write it, after what apply.Applier's Try gave for it. That it is refused an
// event says, with what comes of that, and the log.
func Untold(ctx context.Context, recorder events.EventRecorder, kind string, object client.Object, effect string, err error) (retry time.Duration, _ error) {
	if changed, hasChanged := errors.AsType[*apply.ChangedError](err); hasChanged {
		return LookAgainAfter(changed), nil
	}
	refused, isRefused := errors.AsType[*apply.RefusedError](err)
	if !isRefused {
		return 0, err
	}
	if !refused.Waiting && ctx.Err() == nil {
		ctrl.LoggerFrom(ctx).Error(refused.Err, "A write failed, and is tried again", "effect", effect, "tries", refused.Tries)
	}
	if !refused.Waiting && !refused.Passing && refused.Tries == 1 {
		problem := status.ProblemOf(kind, object.GetName(), refused.Err)
		recorder.Eventf(object, nil, corev1.EventTypeWarning, problem.Reason, "Reconcile", "%s: %s", effect, problem.Message)
	}
	return refused.RetryAfter, nil
}
