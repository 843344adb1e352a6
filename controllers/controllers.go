// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

// Package controllers holds what the reconcilers of all kinds share. Each kind has a folder: its reconciler reads, has the
// pure packages decide, and writes.
package controllers

import (
	"time"

	"k8s.io/client-go/util/workqueue"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"
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
