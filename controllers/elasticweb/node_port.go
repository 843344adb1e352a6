// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package elasticweb

import (
	"context"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	elasticwebv1 "github.com/elasticweb/elasticweb-operator/api/v1"
	"github.com/elasticweb/elasticweb-operator/internal/plan"
)

// yieldNodePort lets go of the node port where ElasticWebs wait for each other's in a ring: none of them
// could ever move otherwise. refused is the error to go on with.
func (r *Reconciler) yieldNodePort(ctx context.Context, web *elasticwebv1.ElasticWeb, observed *plan.Observed, confirm confirmation, refused error) error {
	ports, err := r.nodePorts(ctx)
	if err != nil {
		return err
	}
	if !plan.YieldsNodePort(client.ObjectKeyFromObject(web), ports) {
		return refused
	}
	service, err := r.applyServiceAs(ctx, web, observed, confirm, true)
	if err != nil {
		return err
	}
	observed.Service = service
	return refused
}

// nodePorts is which node port each ElasticWeb has and wants.
func (r *Reconciler) nodePorts(ctx context.Context) (map[types.NamespacedName]plan.NodePort, error) {
	services := &corev1.ServiceList{}
	if err := r.Cached.List(ctx, services); err != nil {
		return nil, fmt.Errorf("list services: %w", err)
	}
	webs := &elasticwebv1.ElasticWebList{}
	if err := r.Cached.List(ctx, webs, client.UnsafeDisableDeepCopy); err != nil {
		return nil, fmt.Errorf("list elasticwebs: %w", err)
	}
	ports := make(map[types.NamespacedName]plan.NodePort, len(webs.Items))
	for i := range webs.Items {
		web := &webs.Items[i]
		if settings := web.Spec.Service; settings != nil && settings.Type != "" && settings.Type != elasticwebv1.ServiceTypeNodePort {
			continue
		}
		ports[client.ObjectKeyFromObject(web)] = plan.NodePort{Wants: *web.Spec.Port}
	}
	for i := range services.Items {
		service := &services.Items[i]
		name := client.ObjectKeyFromObject(service)
		port, isWeb := ports[name]
		if !isWeb || metav1.GetControllerOfNoCopy(service) == nil || len(service.Spec.Ports) == 0 {
			continue
		}
		port.Has = service.Spec.Ports[0].NodePort
		ports[name] = port
	}
	return ports, nil
}
