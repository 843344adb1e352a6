// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package resources

import (
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	corev1ac "k8s.io/client-go/applyconfigurations/core/v1"

	elasticwebv1 "github.com/elasticweb/elasticweb-operator/api/v1"
	"github.com/elasticweb/elasticweb-operator/internal/plan"
)

// Service is the Service of an ElasticWeb. Where it selects by that, requests go to those pods alone that joined.
func Service(web *elasticwebv1.ElasticWeb, p *plan.Plan) *corev1ac.ServiceApplyConfiguration {
	port := corev1ac.ServicePort().
		WithName(PortName).
		WithProtocol(corev1.ProtocolTCP).
		WithPort(DefaultServicePort).
		WithTargetPort(intstr.FromString(PortName))
	serviceType := elasticwebv1.ServiceTypeNodePort
	service := corev1ac.Service(web.Name, web.Namespace).
		WithLabels(labels(web.Name)).
		WithOwnerReferences(owner(web))
	if settings := web.Spec.Service; settings != nil {
		service.WithAnnotations(settings.Annotations)
		if settings.Type != "" {
			serviceType = settings.Type
		}
	}
	if serviceType == elasticwebv1.ServiceTypeNodePort {
		port.WithNodePort(*web.Spec.Port)
	} else {
		port.WithPort(*web.Spec.Port)
	}
	selector := plan.Selector(web.Name)
	if p.SelectsJoined {
		selector[elasticwebv1.LabelJoined] = elasticwebv1.JoinedTrue
	}
	return service.WithSpec(corev1ac.ServiceSpec().
		WithType(corev1.ServiceType(serviceType)).
		WithSelector(selector).
		WithPorts(port))
}
