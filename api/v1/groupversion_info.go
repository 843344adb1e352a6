// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

// Package v1 holds the ElasticWeb API, group elasticweb.example.com, version v1.
//
// +kubebuilder:ac:generate=true
// +kubebuilder:object:generate=true
// +groupName=elasticweb.example.com
package v1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

var (
	// GroupVersion is the group and version of the types of this package.
	GroupVersion = schema.GroupVersion{Group: "elasticweb.example.com", Version: "v1"}

	// SchemeGroupVersion is GroupVersion, as the generated apply configurations call it.
	SchemeGroupVersion = GroupVersion

	// SchemeBuilder collects the functions that register the types of this package.
	SchemeBuilder = runtime.NewSchemeBuilder(addKnownTypes)

	// AddToScheme adds the types of this package to a scheme.
	AddToScheme = SchemeBuilder.AddToScheme
)

func addKnownTypes(scheme *runtime.Scheme) error {
	scheme.AddKnownTypes(GroupVersion, &ElasticWeb{}, &ElasticWebList{})
	metav1.AddToGroupVersion(scheme, GroupVersion)
	return nil
}
