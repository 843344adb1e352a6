// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package controllers

import (
	"k8s.io/client-go/util/workqueue"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"
)

// FairQueue is a controller's queue that gives turns to one namespace after the other: who changes thousands of objects at once holds up
// nobody else's. controller-runtime's own knows no namespaces.
func FairQueue(name string, limiter workqueue.TypedRateLimiter[reconcile.Request]) workqueue.TypedRateLimitingInterface[reconcile.Request] {
	queue := workqueue.NewTypedWithConfig(workqueue.TypedQueueConfig[reconcile.Request]{
		Name: name, Queue: &turns{waiting: map[string][]reconcile.Request{}},
	})
	delaying := workqueue.NewTypedDelayingQueueWithConfig(workqueue.TypedDelayingQueueConfig[reconcile.Request]{Name: name, Queue: queue})
	return workqueue.NewTypedRateLimitingQueueWithConfig(limiter, workqueue.TypedRateLimitingQueueConfig[reconcile.Request]{DelayingQueue: delaying})
}

// turns are the order of a FairQueue.
type turns struct {
	length int
	// waiting is what waits by namespace, in none of which nothing does; namespaces has that whose turn is next first.
	waiting    map[string][]reconcile.Request
	namespaces []string
}

// Touch does nothing: what is added again keeps its turn.
func (t *turns) Touch(reconcile.Request) {}

// Push adds to the end of its namespace.
func (t *turns) Push(item reconcile.Request) {
	if len(t.waiting[item.Namespace]) == 0 {
		t.namespaces = append(t.namespaces, item.Namespace)
	}
	t.waiting[item.Namespace] = append(t.waiting[item.Namespace], item)
	t.length++
}

// Len is how many wait.
func (t *turns) Len() int { return t.length }

// Pop takes the first of the namespace whose turn it is.
func (t *turns) Pop() reconcile.Request {
	namespace := t.namespaces[0]
	item, left := t.waiting[namespace][0], t.waiting[namespace][1:]
	t.namespaces, t.waiting[namespace] = t.namespaces[1:], left
	t.length--
	if len(left) == 0 {
		delete(t.waiting, namespace)
	} else {
		t.namespaces = append(t.namespaces, namespace)
	}
	return item
}
