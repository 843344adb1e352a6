// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package caches

import (
	"slices"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"

	elasticwebv1 "github.com/elasticweb/elasticweb-operator/api/v1"
	"github.com/elasticweb/elasticweb-operator/api/v1alpha1"
	"github.com/elasticweb/elasticweb-operator/internal/apply"
	"github.com/elasticweb/elasticweb-operator/internal/resources"
)

// ofAnElasticWeb cuts what no ElasticWeb controls down to what says so. Such an object is never written, nor is its content read, and whoever
// puts the operator's labels on thousands of them, each of a megabyte, would fill the operator's memory.
func ofAnElasticWeb[T any, P interface {
	*T
	metav1.Object
}](object P) P {
	object.SetManagedFields(nil)
	if isOfAnElasticWeb(object) {
		return object
	}
	kept := P(new(T))
	identify(kept, object)
	return kept
}

// isOfAnElasticWeb goes by names alone, as the ElasticWeb itself may come into its cache later. A controller of another name has no such object.
func isOfAnElasticWeb(object metav1.Object) bool {
	controller := boundedController(object)
	if controller == nil || controller.Kind != "ElasticWeb" || schema.FromAPIVersionAndKind(controller.APIVersion, "").Group != elasticwebv1.GroupVersion.Group {
		return false
	}
	return controller.Name == object.GetName() || slices.ContainsFunc(elasticwebv1.Architectures, func(architecture elasticwebv1.Architecture) bool {
		return object.GetName() == resources.TierServiceName(controller.Name, string(architecture))
	})
}

// ofAnElasticWebOrPorts is the same for Services, of which node ports count whosever they are.
func ofAnElasticWebOrPorts(service *corev1.Service) *corev1.Service {
	kept := ofAnElasticWeb(service)
	if kept == service {
		return service
	}
	kept.Spec.HealthCheckNodePort = service.Spec.HealthCheckNodePort
	for _, port := range service.Spec.Ports {
		if port.NodePort != 0 {
			kept.Spec.Ports = append(kept.Spec.Ports, corev1.ServicePort{Port: port.Port, Protocol: port.Protocol, NodePort: port.NodePort})
		}
	}
	return kept
}

// identify tells which object it is, whose, and whether the operator made it once.
func identify(kept, object metav1.Object) {
	kept.SetName(object.GetName())
	kept.SetNamespace(object.GetNamespace())
	kept.SetUID(object.GetUID())
	kept.SetResourceVersion(object.GetResourceVersion())
	kept.SetCreationTimestamp(object.GetCreationTimestamp())
	kept.SetDeletionTimestamp(object.GetDeletionTimestamp())
	kept.SetLabels(keep(object.GetLabels(), elasticwebv1.LabelManagedBy))
	if controller := boundedController(object); controller != nil {
		kept.SetOwnerReferences([]metav1.OwnerReference{*controller})
	}
	if _, isMarked := object.GetAnnotations()[apply.AnnotationIntent]; isMarked {
		kept.SetAnnotations(map[string]string{apply.AnnotationIntent: ""})
	}
}

// Ownership is a transform that keeps of what was read as metadata which object it is, and whose.
func Ownership(object any) (any, error) {
	return projected(func(object *metav1.PartialObjectMetadata) *metav1.PartialObjectMetadata {
		kept := &metav1.PartialObjectMetadata{}
		identify(kept, object)
		return kept
	})(object)
}

// projectJob keeps of which benchmark and run a Job is, and whether it ended: anybody may make Jobs with these labels.
func projectJob(job *batchv1.Job) *batchv1.Job {
	kept := &batchv1.Job{}
	identify(kept, job)
	kept.Labels = keep(job.Labels, elasticwebv1.LabelName, elasticwebv1.LabelInstance, v1alpha1.LabelRun, v1alpha1.LabelArchitecture)
	for _, condition := range job.Status.Conditions {
		if condition.Type == batchv1.JobFailed || condition.Type == batchv1.JobComplete {
			kept.Status.Conditions = append(kept.Status.Conditions, condition)
		}
	}
	return kept
}

// No object has a longer name, and no kind or version either.
const (
	longestName = 253
	longestKind = 317
)

// boundedController is who controls an object; nil where nobody can, since the API server bounds no part of an owner reference.
func boundedController(object metav1.Object) *metav1.OwnerReference {
	controller := metav1.GetControllerOfNoCopy(object)
	if controller == nil || max(len(controller.Name), len(controller.UID)) > longestName || max(len(controller.Kind), len(controller.APIVersion)) > longestKind {
		return nil
	}
	return controller
}

// controllerOf is the name and the UID of an object's controller. The UID makes its kind needless.
func controllerOf(object metav1.Object) []metav1.OwnerReference {
	controller := boundedController(object)
	if controller == nil {
		return nil
	}
	return []metav1.OwnerReference{{Name: controller.Name, UID: controller.UID, Controller: controller.Controller}}
}
