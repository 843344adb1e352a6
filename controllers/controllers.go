// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

// Package controllers holds what the reconcilers of all kinds share. Each kind has a folder: its reconciler reads, has the
// pure packages decide, and writes.
package controllers

import (
	"context"
	"fmt"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/util/workqueue"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/event"
	"sigs.k8s.io/controller-runtime/pkg/predicate"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/elasticweb/elasticweb-operator/internal/observed"
)

// FieldManager owns the fields of everything that the operator applies.
const FieldManager = "elasticweb-operator"

// StaleRetry is how long to wait for a cache that is known to be behind. Its next event comes first, as a rule.
const StaleRetry = 200 * time.Millisecond

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
	if err := cached.List(ctx, list, append(options, client.UnsafeDisableDeepCopy)...); err != nil {
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

// NodeDiffers lets through the nodes of which that changed which is counted.
func NodeDiffers() predicate.Predicate {
	return predicate.Funcs{UpdateFunc: func(e event.UpdateEvent) bool { return observed.NodeDiffers(e.ObjectOld, e.ObjectNew) }}
}
