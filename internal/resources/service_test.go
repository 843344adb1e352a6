// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package resources_test

import (
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	elasticwebv1 "github.com/elasticweb/elasticweb-operator/api/v1"
	"github.com/elasticweb/elasticweb-operator/internal/plan"
	"github.com/elasticweb/elasticweb-operator/internal/resources"
)

// A type that is said is taken. Where none is, the way in decides, and only a Service that was a ClusterIP beside one stays that without it.
func TestTheTypeOfTheService(t *testing.T) {
	const none, nodePort, clusterIP = corev1.ServiceType(""), corev1.ServiceTypeNodePort, corev1.ServiceTypeClusterIP
	for _, tc := range []struct {
		said                 elasticwebv1.ServiceType
		isExposed, isMarked  bool
		present, want        corev1.ServiceType
		isMarkedByTheService bool
	}{
		{want: nodePort},
		{isExposed: true, want: clusterIP, isMarkedByTheService: true},
		{present: nodePort, isExposed: true, want: nodePort},
		{present: clusterIP, isExposed: true, want: clusterIP, isMarkedByTheService: true},
		{present: clusterIP, isMarked: true, want: clusterIP, isMarkedByTheService: true},
		{present: nodePort, isMarked: true, want: clusterIP, isMarkedByTheService: true},
		{present: clusterIP, want: nodePort},
		{present: corev1.ServiceTypeLoadBalancer, isExposed: true, want: nodePort},
		{said: elasticwebv1.ServiceTypeClusterIP, present: nodePort, want: clusterIP},
		{said: elasticwebv1.ServiceTypeNodePort, present: clusterIP, isExposed: true, isMarked: true, want: nodePort},
	} {
		web := &elasticwebv1.ElasticWeb{ObjectMeta: metav1.ObjectMeta{Namespace: "dev", Name: "shop"}, Spec: minimal()}
		if tc.said != "" {
			web.Spec.Service = &elasticwebv1.ServiceSpec{Type: tc.said}
		}
		if tc.isExposed {
			web.Spec.Expose = &elasticwebv1.ExposeSpec{Ingress: &elasticwebv1.IngressSpec{Host: "shop.example.com"}}
		}
		var present *corev1.Service
		if tc.present != none {
			present = &corev1.Service{Spec: corev1.ServiceSpec{Type: tc.present}}
		}
		if tc.isMarked {
			present.Annotations = map[string]string{resources.AnnotationDefaultType: string(clusterIP)}
		}
		got := resources.Service(web, &plan.Plan{}, present)
		if _, isMarked := got.Annotations[resources.AnnotationDefaultType]; *got.Spec.Type != tc.want || isMarked != tc.isMarkedByTheService {
			t.Errorf("%+v: is %s, marked: %t", tc, *got.Spec.Type, isMarked)
		}
	}
}
