// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package elasticweb

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/util/workqueue"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/event"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	elasticwebv1 "github.com/elasticweb/elasticweb-operator/api/v1"
	"github.com/elasticweb/elasticweb-operator/internal/apply"
	"github.com/elasticweb/elasticweb-operator/internal/packed"
	"github.com/elasticweb/elasticweb-operator/internal/status"
)

// nodePorts knows which Service in the cache has which node port, and which ElasticWebs wait for one. Its zero value is empty,
// and it is safe for concurrent use.
type nodePorts struct {
	mu      sync.Mutex
	holders map[int32]portHolder
	waiting map[types.NamespacedName]int32
}

// portHolder is a Service with a node port.
type portHolder struct {
	types.NamespacedName
	isWebs bool
}

// String is for the message of a condition.
func (h portHolder) String() string {
	if h.isWebs {
		return Kind + " " + h.NamespacedName.String()
	}
	return kindService + " " + h.NamespacedName.String()
}

// moved takes note that a Service has other node ports than before, and gives the ElasticWebs that wait for those it let go of.
func (p *nodePorts) moved(service portHolder, before, after []int32) (woken []types.NamespacedName) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, port := range after {
		if p.holders == nil {
			p.holders = map[int32]portHolder{}
		}
		p.holders[port] = service
	}
	for _, port := range before {
		if slices.Contains(after, port) {
			continue
		}
		if p.holders[port].NamespacedName == service.NamespacedName {
			delete(p.holders, port)
		}
		for name, wanted := range p.waiting {
			if wanted == port {
				woken = append(woken, name)
			}
		}
	}
	return woken
}

// await notes that an ElasticWeb waits for a node port, and says who has it, "" where no Service in the cache has.
func (p *nodePorts) await(name types.NamespacedName, port int32) (holder string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.waiting == nil {
		p.waiting = map[types.NamespacedName]int32{}
	}
	p.waiting[name] = port
	if found, isHeld := p.holders[port]; isHeld {
		return found.String()
	}
	return ""
}

func (p *nodePorts) stopWaiting(name types.NamespacedName) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.waiting, name)
}

// nodePortTakenError says that another Service has the node port. holder is as nodePorts gives it.
type nodePortTakenError struct {
	port   int32
	holder string
}

// Error implements error.
func (e *nodePortTakenError) Error() string { return status.NodePortTaken(e.port, e.holder).Message }

// awaitNodePort gives the error with which a Service was applied, and has the ElasticWeb woken when the node port is let go that
// it was refused. The Service keeps the port that it has until then: to give it up for another one's sake would cut its clients off for
// as long as that one takes, which may be for ever.
func (r *Reconciler) awaitNodePort(web *elasticwebv1.ElasticWeb, err error) error {
	name := client.ObjectKeyFromObject(web)
	refused, isRefused := errors.AsType[*apply.RefusedError](err)
	if !isRefused || !status.IsNodePortTaken(refused.Err) {
		r.ports.stopWaiting(name)
		return err
	}
	taken := *refused
	taken.Err = &nodePortTakenError{*web.Spec.Port, r.ports.await(name, *web.Spec.Port)}
	return &taken
}

// releasedAfter is when the API server has let go of the node ports that a Service no longer shows, be it deleted or changed: a moment
// later.
const releasedAfter = 500 * time.Millisecond

// nodePortHandler keeps the node ports of all Services in the cache, and wakes those that wait for one. It has to see the events
// of the operator's own writes, too.
func (r *Reconciler) nodePortHandler() handler.EventHandler {
	type queue = workqueue.TypedRateLimitingInterface[reconcile.Request]
	moved := func(before, after client.Object, q queue) {
		of := after
		if of == nil {
			of = before
		}
		service := portHolder{client.ObjectKeyFromObject(of), len(webOfOwner(of)) > 0}
		for _, name := range r.ports.moved(service, nodePortsOf(before), nodePortsOf(after)) {
			r.applier.TryAgain(kindService, name)
			q.AddAfter(reconcile.Request{NamespacedName: name}, releasedAfter)
		}
	}
	return handler.Funcs{
		CreateFunc: func(_ context.Context, e event.CreateEvent, q queue) { moved(nil, e.Object, q) },
		UpdateFunc: func(_ context.Context, e event.UpdateEvent, q queue) { moved(e.ObjectOld, e.ObjectNew, q) },
		DeleteFunc: func(_ context.Context, e event.DeleteEvent, q queue) { moved(e.Object, nil, q) },
	}
}

// nodePortsOf is all node ports that a Service has, those of a load balancer included.
func nodePortsOf(object client.Object) []int32 {
	if object == nil {
		return nil
	}
	service, isService := packed.Whole(object).(*corev1.Service)
	if !isService {
		return nil
	}
	ports := []int32{service.Spec.HealthCheckNodePort}
	for _, port := range service.Spec.Ports {
		ports = append(ports, port.NodePort)
	}
	return slices.DeleteFunc(ports, func(port int32) bool { return port == 0 })
}
