// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

// Package resources turns a plan into the objects that the operator applies: a Deployment, a Service and a
// PodDisruptionBudget, as apply configurations that hold the fields that the operator owns and no others.
// The same plan gives the same bytes.
package resources

import (
	"maps"

	metav1ac "k8s.io/client-go/applyconfigurations/meta/v1"

	elasticwebv1 "github.com/elasticweb/elasticweb-operator/api/v1"
	"github.com/elasticweb/elasticweb-operator/internal/plan"
	"github.com/elasticweb/elasticweb-operator/internal/podtemplate"
)

// PortName is the name of the Service's port and of the container's.
const PortName = podtemplate.Port

// DefaultServicePort is the port of a NodePort Service inside the cluster.
const DefaultServicePort int32 = 8080

// labels of everything that is made for an ElasticWeb.
func labels(name string) map[string]string {
	all := maps.Clone(plan.Selector(name))
	all[elasticwebv1.LabelComponent] = elasticwebv1.ComponentValue
	all[elasticwebv1.LabelManagedBy] = elasticwebv1.ManagedByValue
	return all
}

// owner makes the object go with its ElasticWeb. The owner's deletion in the foreground waits for it.
func owner(web *elasticwebv1.ElasticWeb) *metav1ac.OwnerReferenceApplyConfiguration {
	return metav1ac.OwnerReference().
		WithAPIVersion(elasticwebv1.GroupVersion.String()).
		WithKind("ElasticWeb").
		WithName(web.Name).
		WithUID(web.UID).
		WithController(true).
		WithBlockOwnerDeletion(true)
}
