// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package elasticweb

import (
	"context"
	"errors"
	"fmt"
	"sync"

	corev1 "k8s.io/api/core/v1"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	elasticwebv1 "github.com/elasticweb/elasticweb-operator/api/v1"
	"github.com/elasticweb/elasticweb-operator/controllers"
	"github.com/elasticweb/elasticweb-operator/internal/observed"
	"github.com/elasticweb/elasticweb-operator/internal/plan"
	"github.com/elasticweb/elasticweb-operator/internal/podtemplate"
)

// nodeCensus counts the nodes by architecture, anew only after one came, went or changed. Its zero value has not counted yet.
type nodeCensus struct {
	mu      sync.Mutex
	isKnown bool
	counted observed.Nodes
}

// observeNodes counts the nodes where one has changed since; it gives nothing where the operator may not read them.
func (r *Reconciler) observeNodes(ctx context.Context) (observed.Nodes, error) {
	c := &r.nodes
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.isKnown || !r.WatchesNodes {
		return c.counted, nil
	}
	list := &corev1.NodeList{}
	if err := r.Cached.List(ctx, list, client.UnsafeDisableDeepCopy); err != nil {
		return observed.Nodes{}, fmt.Errorf("list nodes: %w", err)
	}
	c.counted, c.isKnown = observed.CountNodes(list.Items), true
	return c.counted, nil
}

func (c *nodeCensus) forget() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.isKnown = false
}

// nodeTerms are what decides about the nodes of the pods: the spec, or the Deployment's template where that is kept.
func nodeTerms(web *elasticwebv1.ElasticWeb, seen *plan.Observed) observed.NodeTerms {
	if seen.KeepsTemplate && seen.Deployment != nil {
		pod := &seen.Deployment.Spec.Template.Spec
		return observed.NodeTerms{NodeSelector: pod.NodeSelector, Affinity: pod.Affinity, Tolerations: pod.Tolerations}
	}
	return observed.NodeTerms{NodeSelector: web.Spec.NodeSelector, Affinity: web.Spec.Affinity, Tolerations: web.Spec.Tolerations}
}

// concernedByNode counts the nodes anew, and is the ElasticWebs for which the set of architectures changed, and those with pods on the
// node that changed. Of a change it is asked twice, and for the node as it was there is nothing to do. Versions do not tell which that is: a
// heartbeat may have come since, of which nobody is told.
func (r *Reconciler) concernedByNode(ctx context.Context, node client.Object) []reconcile.Request {
	now := &corev1.Node{}
	if err := r.Cached.Get(ctx, client.ObjectKeyFromObject(node), now, client.UnsafeDisableDeepCopy); err == nil && observed.NodeDiffers(now, node) {
		return nil
	}
	before, err := r.observeNodes(ctx)
	r.nodes.forget()
	after, errAfter := r.observeNodes(ctx)
	if err := errors.Join(err, errAfter); err != nil {
		ctrl.LoggerFrom(ctx).Error(err, "count nodes")
	}
	var requests []reconcile.Request
	if !before.IsLike(after) {
		requests = controllers.Listed(ctx, r.Cached, &elasticwebv1.ElasticWebList{}, func(object client.Object) bool {
			web, isElasticWeb := object.(*elasticwebv1.ElasticWeb)
			if !isElasticWeb {
				return false
			}
			web, _, refusal := podtemplate.Resolved(web)
			return refusal != nil || !before.IsSameFor(nodeTerms(web, &plan.Observed{}), after)
		})
	}
	requests = append(requests, r.waitingToComeHome(ctx, before, after)...)
	pods := &corev1.PodList{}
	if err := r.Cached.List(ctx, pods, client.MatchingFields{indexPodsByNode: node.GetName()}); err != nil {
		ctrl.LoggerFrom(ctx).Error(err, "list pods of a node")
	}
	for i := range pods.Items {
		requests = append(requests, r.elasticWebOfPod(ctx, &pods.Items[i])...)
	}
	return requests
}
