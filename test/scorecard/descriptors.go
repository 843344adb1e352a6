// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"maps"
	"regexp"
	"slices"
	"strings"

	operatorsv1alpha1 "github.com/operator-framework/api/pkg/operators/v1alpha1"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
)

// descriptor is what the descriptors of spec and status share.
type descriptor struct {
	path, displayName, description string
}

// checkDescriptors holds the descriptors of the CSV against the schemas: each
// field of spec and status has one, and each names a field that there is.
func checkDescriptors(_ context.Context, o options) ([]string, error) {
	bundle, err := loadBundle(o.bundle)
	if err != nil {
		return nil, err
	}
	var mistakes []string
	owned := map[string]bool{}
	for _, description := range bundle.CSV.Spec.CustomResourceDefinitions.Owned {
		owned[description.Name] = true
		version, err := servedVersion(bundle, description)
		if err != nil {
			mistakes = append(mistakes, err.Error())
			continue
		}
		properties := version.Schema.OpenAPIV3Schema.Properties
		spec, status := split(description)
		for _, mistake := range slices.Concat(
			descriptorMistakes("spec", properties["spec"], spec),
			descriptorMistakes("status", properties["status"], status),
		) {
			mistakes = append(mistakes, description.Kind+": "+mistake)
		}
		if len(description.Resources) == 0 {
			mistakes = append(mistakes, description.Kind+": the CSV lists no resources that it makes")
		}
	}
	for _, crd := range bundle.V1CRDs {
		if !owned[crd.Name] {
			mistakes = append(mistakes, "the CSV does not own "+crd.Name+", whose CRD is in the bundle")
		}
	}
	return mistakes, nil
}

func split(description operatorsv1alpha1.CRDDescription) (spec, status []descriptor) {
	for _, d := range description.SpecDescriptors {
		spec = append(spec, descriptor{d.Path, d.DisplayName, d.Description})
	}
	for _, d := range description.StatusDescriptors {
		status = append(status, descriptor{d.Path, d.DisplayName, d.Description})
	}
	return spec, status
}

func descriptorMistakes(part string, schema apiextensionsv1.JSONSchemaProps, descriptors []descriptor) []string {
	var mistakes []string
	paths := map[string]bool{}
	for _, d := range descriptors {
		where := part + "." + d.path
		if paths[d.path] {
			mistakes = append(mistakes, where+" has two descriptors")
		}
		paths[d.path] = true
		if !resolves(schema, d.path) {
			mistakes = append(mistakes, where+" has a descriptor, and is not in the schema")
		}
		if d.displayName == "" || d.description == "" {
			mistakes = append(mistakes, where+" has a descriptor without displayName or description")
		}
	}
	for _, field := range slices.Sorted(maps.Keys(schema.Properties)) {
		if !paths[field] {
			mistakes = append(mistakes, part+"."+field+" has no descriptor")
		}
	}
	return mistakes
}

// indexes are those of list elements in a descriptor's path.
var indexes = regexp.MustCompile(`\[\d+\]`)

// resolves says whether a path such as architectures[0].name is one of a field in the schema.
func resolves(schema apiextensionsv1.JSONSchemaProps, path string) bool {
	for element := range strings.SplitSeq(indexes.ReplaceAllString(path, ".[]"), ".") {
		next, ok := schema.Properties[element]
		switch {
		case ok:
			schema = next
		case element == "[]" && schema.Items != nil && schema.Items.Schema != nil:
			schema = *schema.Items.Schema
		case schema.AdditionalProperties != nil && schema.AdditionalProperties.Schema != nil:
			schema = *schema.AdditionalProperties.Schema
		default:
			return false
		}
	}
	return true
}
