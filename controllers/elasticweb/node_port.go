// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package elasticweb

import (
	"context"
	"errors"
	"time"

	"k8s.io/client-go/util/workqueue"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/event"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	elasticwebv1 "github.com/elasticweb/elasticweb-operator/api/v1"
	"github.com/elasticweb/elasticweb-operator/internal/apply"
	"github.com/elasticweb/elasticweb-operator/internal/nodeports"
	"github.com/elasticweb/elasticweb-operator/internal/packed"
	"github.com/elasticweb/elasticweb-operator/internal/status"
)

// awaitNodePort gives the error with which a Service was applied, and has the ElasticWeb woken when the node port is let go that
// it was refused. The Service keeps the port that it has until then: to give it up for another one's sake would cut its clients off for
// as long as that one takes, which may be for ever.
func (r *Reconciler) awaitNodePort(web *elasticwebv1.ElasticWeb, err error) error {
	name := client.ObjectKeyFromObject(web)
	refused, isRefused := errors.AsType[*apply.RefusedError](err)
	if !isRefused || !status.IsNodePortTaken(refused.Err) {
		r.ports.StopWaiting(name)
		return err
	}
	taken := *refused
	taken.Err = &status.NodePortTakenError{Port: *web.Spec.Port, Holder: r.ports.Await(name, *web.Spec.Port)}
	return &taken
}

// releasedAfter is when the API server has let go of the node ports that a Service no longer shows, be it deleted or changed: a moment
// later.
const releasedAfter = 500 * time.Millisecond

// nodePortHandler keeps the node ports of all Services in the cache, and wakes those that wait for one. It has to see the events
// of the operator's own writes, too.
func (r *Reconciler) nodePortHandler() handler.EventHandler {
	nodePortsOf := func(service client.Object) []int32 { return nodeports.Of(packed.Whole(service)) }
	type queue = workqueue.TypedRateLimitingInterface[reconcile.Request]
	moved := func(ctx context.Context, service client.Object, before, after []int32, q queue) {
		holder := nodeports.Holder{NamespacedName: client.ObjectKeyFromObject(service), Kind: kindService}
		if len(webOfOwner(ctx, service)) > 0 {
			holder.Kind = Kind
		}
		for _, name := range r.ports.Moved(holder, before, after) {
			r.applier.TryAgain(kindService, name)
			q.AddAfter(reconcile.Request{NamespacedName: name}, releasedAfter)
		}
	}
	return handler.Funcs{
		CreateFunc: func(ctx context.Context, e event.CreateEvent, q queue) {
			moved(ctx, e.Object, nil, nodePortsOf(e.Object), q)
		},
		UpdateFunc: func(ctx context.Context, e event.UpdateEvent, q queue) {
			moved(ctx, e.ObjectNew, nodePortsOf(e.ObjectOld), nodePortsOf(e.ObjectNew), q)
		},
		DeleteFunc: func(ctx context.Context, e event.DeleteEvent, q queue) {
			moved(ctx, e.Object, nodePortsOf(e.Object), nil, q)
		},
	}
}
