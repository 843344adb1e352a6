// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"unicode"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"
)

const (
	descriptorsPath = "config/manifests/descriptors.yaml"
	crdFolder       = "config/crd/bases"
	widgetPrefix    = "urn:alm:descriptor:com.tectonic.ui:"
)

// kindDescriptors is what config/manifests/descriptors.yaml says of a kind.
type kindDescriptors struct {
	// Name of the CRD.
	Name                     string
	DisplayName, Description string
	Resources                []struct{ Kind, Version string }
	Spec, Status             []descriptor
}

type descriptor struct {
	Path, DisplayName string
	// Description is taken from the CRD where it is empty.
	Description string
	Widgets     []string
}

// setDescriptors describes each CRD, its fields in the words of its schema.
func (c *csv) setDescriptors(o options) error {
	var table []kindDescriptors
	text, err := os.ReadFile(filepath.Join(o.source, descriptorsPath))
	if err != nil {
		return err
	}
	if err := yaml.UnmarshalStrict(text, &table); err != nil {
		return fmt.Errorf("read %s: %w", descriptorsPath, err)
	}
	crds, err := readCRDs(o.source)
	if err != nil {
		return err
	}
	owned := []any{}
	for _, kind := range table {
		crd, found := crds[kind.Name]
		if !found {
			return fmt.Errorf("%s speaks of %q, of which there is no CRD", descriptorsPath, kind.Name)
		}
		delete(crds, kind.Name)
		description, err := kind.describe(crd)
		if err != nil {
			return fmt.Errorf("%s: %s: %w", descriptorsPath, crd.Name, err)
		}
		owned = append(owned, description)
	}
	for name := range crds {
		return fmt.Errorf("%s says nothing of %s", descriptorsPath, name)
	}
	return unstructured.SetNestedSlice(c.Object, owned, "spec", "customresourcedefinitions", "owned")
}

// readCRDs returns the CRDs by name.
func readCRDs(source string) (map[string]*apiextensionsv1.CustomResourceDefinition, error) {
	paths, err := filepath.Glob(filepath.Join(source, crdFolder, "*.yaml"))
	if err != nil {
		return nil, err
	}
	result := map[string]*apiextensionsv1.CustomResourceDefinition{}
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			return nil, err
		}
		crd := &apiextensionsv1.CustomResourceDefinition{}
		if err := yaml.Unmarshal(text, crd); err != nil {
			return nil, fmt.Errorf("read %s: %w", path, err)
		}
		result[crd.Name] = crd
	}
	return result, nil
}

func (k kindDescriptors) describe(crd *apiextensionsv1.CustomResourceDefinition) (map[string]any, error) {
	served := crd.Spec.Versions[0]
	result := map[string]any{
		"name": crd.Name, "kind": crd.Spec.Names.Kind, "version": served.Name,
		"displayName": k.DisplayName, "description": k.Description,
	}
	resources := []any{}
	for _, resource := range k.Resources {
		resources = append(resources, map[string]any{"kind": resource.Kind, "version": resource.Version, "name": ""})
	}
	result["resources"] = resources
	for part, rows := range map[string][]descriptor{"spec": k.Spec, "status": k.Status} {
		list := []any{}
		for _, row := range rows {
			schema, err := find(served.Schema.OpenAPIV3Schema.Properties[part], row.Path)
			if err != nil {
				return nil, fmt.Errorf("%s.%s: %w", part, row.Path, err)
			}
			list = append(list, row.build(schema))
		}
		result[part+"Descriptors"] = list
	}
	return result, nil
}

func (d descriptor) build(schema *apiextensionsv1.JSONSchemaProps) map[string]any {
	description := d.Description
	if description == "" {
		description = sentence(schema.Description)
	}
	widgets := []any{}
	for _, widget := range d.Widgets {
		if !strings.HasPrefix(widget, "urn:") {
			widget = widgetPrefix + widget
		}
		widgets = append(widgets, widget)
	}
	return map[string]any{"path": d.Path, "displayName": d.DisplayName, "description": description, "x-descriptors": widgets}
}

// find returns the schema at a path such as architectures[0].name.
func find(schema apiextensionsv1.JSONSchemaProps, path string) (*apiextensionsv1.JSONSchemaProps, error) {
	for step := range strings.SplitSeq(path, ".") {
		name, isElement := strings.CutSuffix(step, "[0]")
		next, found := schema.Properties[name]
		if !found {
			return nil, fmt.Errorf("the CRD has no %s", name)
		}
		if isElement {
			if next.Items == nil || next.Items.Schema == nil {
				return nil, fmt.Errorf("%s is no list", name)
			}
			next = *next.Items.Schema
		}
		schema = next
	}
	return &schema, nil
}

// sentence is a description on one line, beginning with a capital unless it begins with the name of a field.
func sentence(description string) string {
	words := strings.Fields(description)
	if len(words) == 0 {
		return ""
	}
	first := []rune(words[0])
	if !slices.ContainsFunc(first, unicode.IsUpper) {
		first[0] = unicode.ToUpper(first[0])
		words[0] = string(first)
	}
	return strings.Join(words, " ")
}
