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

// AnnotationDefaultType is the annotation of a Service whose type nobody said, and that is no NodePort all the same. It keeps such a Service
// a ClusterIP when spec.expose goes.
const AnnotationDefaultType = "elasticweb.example.com/default-type"

// serviceType is the type of an ElasticWeb's Service, whose present one may be nil.
func serviceType(web *elasticwebv1.ElasticWeb, present *corev1.Service) elasticwebv1.ServiceType {
	if web.Spec.Service != nil && web.Spec.Service.Type != "" {
		return web.Spec.Service.Type
	}
	if isClusterIPByDefault(web, present) {
		return elasticwebv1.ServiceTypeClusterIP
	}
	return elasticwebv1.ServiceTypeNodePort
}

// isClusterIPByDefault is true of a Service that is made, or is a ClusterIP already, while there is another way in, and stays true of it.
func isClusterIPByDefault(web *elasticwebv1.ElasticWeb, present *corev1.Service) bool {
	if web.Spec.Service != nil && web.Spec.Service.Type != "" {
		return false
	}
	if present == nil {
		return web.Spec.Expose != nil
	}
	return present.Annotations[AnnotationDefaultType] == string(elasticwebv1.ServiceTypeClusterIP) ||
		web.Spec.Expose != nil && present.Spec.Type == corev1.ServiceTypeClusterIP
}

// Service is the Service of an ElasticWeb, whose present one may be nil. Where it selects by that, requests go to those pods alone that joined.
func Service(web *elasticwebv1.ElasticWeb, p *plan.Plan, present *corev1.Service) *corev1ac.ServiceApplyConfiguration {
	port := corev1ac.ServicePort().
		WithName(PortName).
		WithProtocol(corev1.ProtocolTCP).
		WithPort(DefaultServicePort).
		WithTargetPort(intstr.FromString(PortName))
	serviceType := serviceType(web, present)
	service := corev1ac.Service(web.Name, web.Namespace).
		WithLabels(labels(web.Name)).
		WithOwnerReferences(owner(web))
	if settings := web.Spec.Service; settings != nil {
		service.WithAnnotations(settings.Annotations)
	}
	if isClusterIPByDefault(web, present) {
		service.WithAnnotations(map[string]string{AnnotationDefaultType: string(elasticwebv1.ServiceTypeClusterIP)})
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
