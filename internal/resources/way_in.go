// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package resources

import (
	"cmp"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1ac "k8s.io/client-go/applyconfigurations/meta/v1"
	networkingv1ac "k8s.io/client-go/applyconfigurations/networking/v1"

	elasticwebv1 "github.com/elasticweb/elasticweb-operator/api/v1"
	"github.com/elasticweb/elasticweb-operator/internal/way"
)

// ServicePort is the port of a Service inside the cluster, at which a way in reaches the pods: that of the Service as it is, and else
// that with which it is going to be made.
func ServicePort(web *elasticwebv1.ElasticWeb, service *corev1.Service) int32 {
	if service != nil {
		for _, port := range service.Spec.Ports {
			if port.Name == PortName {
				return port.Port
			}
		}
	}
	if serviceType(web, service) == elasticwebv1.ServiceTypeNodePort {
		return DefaultServicePort
	}
	return *web.Spec.Port
}

// HTTPRoute is that of an ElasticWeb that asks for one. The Services of the backends have the port.
func HTTPRoute(web *elasticwebv1.ElasticWeb, port int32, backends []way.Backend) *way.HTTPRouteApplyConfiguration {
	asked := web.Spec.Expose.HTTPRoute
	spec := &way.HTTPRouteSpec{ParentRefs: way.ParentReferences(web), Rules: []way.HTTPRouteRule{{
		Matches:     []way.HTTPRouteMatch{{Path: way.PathMatch{Type: "PathPrefix", Value: cmp.Or(string(asked.PathPrefix), "/")}}},
		BackendRefs: way.BackendRefs(backends, port),
	}}}
	for _, name := range asked.Hostnames {
		spec.Hostnames = append(spec.Hostnames, string(name))
	}
	return &way.HTTPRouteApplyConfiguration{
		TypeMetaApplyConfiguration:   typeMeta(way.HTTPRouteVersion.String(), way.KindHTTPRoute),
		ObjectMetaApplyConfiguration: objectMeta(web, nil),
		Spec:                         spec,
	}
}

// Route is that of an ElasticWeb that asks for one.
func Route(web *elasticwebv1.ElasticWeb, backends []way.Backend) *way.RouteApplyConfiguration {
	asked := web.Spec.Expose.Route
	spec := &way.RouteSpec{Host: string(asked.Host), Path: string(asked.Path), Port: way.RoutePort{TargetPort: PortName}}
	spec.To, spec.AlternateBackends = way.RouteTargets(backends)
	if tls := asked.TLS; tls != nil {
		spec.TLS = &way.RouteTLS{
			Termination: string(tls.Termination), InsecureEdgeTerminationPolicy: string(tls.InsecureEdgeTerminationPolicy),
		}
	}
	return &way.RouteApplyConfiguration{
		TypeMetaApplyConfiguration:   typeMeta(way.RouteVersion.String(), way.KindRoute),
		ObjectMetaApplyConfiguration: objectMeta(web, asked.Annotations),
		Spec:                         spec,
	}
}

// Ingress is that of an ElasticWeb that asks for one.
func Ingress(web *elasticwebv1.ElasticWeb) *networkingv1ac.IngressApplyConfiguration {
	asked := web.Spec.Expose.Ingress
	path := networkingv1ac.HTTPIngressPath().
		WithPath(cmp.Or(string(asked.Path), "/")).
		WithPathType(networkingv1.PathTypePrefix).
		WithBackend(networkingv1ac.IngressBackend().WithService(networkingv1ac.IngressServiceBackend().
			WithName(web.Name).
			WithPort(networkingv1ac.ServiceBackendPort().WithName(PortName))))
	spec := networkingv1ac.IngressSpec().WithRules(networkingv1ac.IngressRule().
		WithHost(string(asked.Host)).
		WithHTTP(networkingv1ac.HTTPIngressRuleValue().WithPaths(path)))
	if asked.ClassName != "" {
		spec.WithIngressClassName(asked.ClassName)
	}
	if tls := asked.TLS; tls != nil {
		encrypted := networkingv1ac.IngressTLS().WithHosts(string(asked.Host))
		if tls.SecretName != "" {
			encrypted.WithSecretName(tls.SecretName)
		}
		spec.WithTLS(encrypted)
	}
	return networkingv1ac.Ingress(web.Name, web.Namespace).
		WithLabels(labels(web.Name)).
		WithAnnotations(asked.Annotations).
		WithOwnerReferences(owner(web)).
		WithSpec(spec)
}

func typeMeta(version, kind string) metav1ac.TypeMetaApplyConfiguration {
	return metav1ac.TypeMetaApplyConfiguration{APIVersion: &version, Kind: &kind}
}

func objectMeta(web *elasticwebv1.ElasticWeb, annotations map[string]string) *metav1ac.ObjectMetaApplyConfiguration {
	return metav1ac.ObjectMeta().
		WithName(web.Name).
		WithNamespace(web.Namespace).
		WithLabels(labels(web.Name)).
		WithAnnotations(annotations).
		WithOwnerReferences(owner(web))
}
