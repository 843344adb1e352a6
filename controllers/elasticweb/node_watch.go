// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package elasticweb

import (
	"context"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/client-go/util/workqueue"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/event"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	elasticwebv1 "github.com/elasticweb/elasticweb-operator/api/v1"
	"github.com/elasticweb/elasticweb-operator/controllers/caches"
)

// nodeHandler counts the nodes anew, and wakes those whom that concerns: all ElasticWebs where the set of
// architectures changed, else those with pods on a node that is new.
func (r *Reconciler) nodeHandler() handler.EventHandler {
	type queue = workqueue.TypedRateLimitingInterface[reconcile.Request]
	wake := func(ctx context.Context, node client.Object, q queue) {
		changed, err := r.nodes.Changed(ctx)
		if err != nil {
			ctrl.LoggerFrom(ctx).Error(err, "count nodes")
		}
		for _, request := range r.concernedByNode(ctx, node.GetName(), changed) {
			q.Add(request)
		}
	}
	return handler.Funcs{
		CreateFunc: func(ctx context.Context, e event.CreateEvent, q queue) { wake(ctx, e.Object, q) },
		DeleteFunc: func(ctx context.Context, e event.DeleteEvent, q queue) { wake(ctx, e.Object, q) },
		UpdateFunc: func(ctx context.Context, e event.UpdateEvent, q queue) {
			if caches.NodeDiffers(e.ObjectOld, e.ObjectNew) {
				wake(ctx, e.ObjectNew, q)
			}
		},
	}
}

func (r *Reconciler) concernedByNode(ctx context.Context, node string, all bool) []reconcile.Request {
	var requests []reconcile.Request
	if all {
		webs := &elasticwebv1.ElasticWebList{}
		if err := r.Cached.List(ctx, webs, client.UnsafeDisableDeepCopy); err != nil {
			ctrl.LoggerFrom(ctx).Error(err, "list elasticwebs")
		}
		for i := range webs.Items {
			requests = append(requests, reconcile.Request{NamespacedName: client.ObjectKeyFromObject(&webs.Items[i])})
		}
		return requests
	}
	pods := &corev1.PodList{}
	if err := r.Cached.List(ctx, pods, client.MatchingFields{indexPodsByNode: node}); err != nil {
		ctrl.LoggerFrom(ctx).Error(err, "list pods of a node")
	}
	for i := range pods.Items {
		requests = append(requests, r.elasticWebOfPod(ctx, &pods.Items[i])...)
	}
	return requests
}
