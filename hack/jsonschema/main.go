// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

// Jsonschema writes a JSON schema for each version of the CRDs that it is given, for editors and for kubeconform, in the
// layout of its schema location '{{.Group}}/{{.ResourceKind}}_{{.ResourceAPIVersion}}.json'.
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"sigs.k8s.io/yaml"
)

func main() {
	output := flag.String("output", "dist/schemas", "folder that the schemas are written to")
	flag.Parse()
	for _, path := range flag.Args() {
		if err := write(path, *output); err != nil {
			fmt.Fprintf(os.Stderr, "jsonschema: %s: %v\n", path, err)
			os.Exit(1)
		}
	}
}

func write(path, output string) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	crd := &apiextensionsv1.CustomResourceDefinition{}
	if err := yaml.UnmarshalStrict(text, crd); err != nil {
		return err
	}
	folder := filepath.Join(output, crd.Spec.Group)
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return err
	}
	for _, version := range crd.Spec.Versions {
		schema, err := schemaOf(crd, version)
		if err != nil {
			return err
		}
		name := fmt.Sprintf("%s_%s.json", strings.ToLower(crd.Spec.Names.Kind), version.Name)
		if err := os.WriteFile(filepath.Join(folder, name), schema, 0o644); err != nil { //nolint:gosec // for everybody.
			return err
		}
	}
	return nil
}

// schemaOf returns the schema of a version, which is strict: a field that it does not know is a mistake.
func schemaOf(crd *apiextensionsv1.CustomResourceDefinition, version apiextensionsv1.CustomResourceDefinitionVersion) ([]byte, error) {
	root := version.Schema.OpenAPIV3Schema
	properties := root.Properties
	for field, value := range map[string]string{"apiVersion": crd.Spec.Group + "/" + version.Name, "kind": crd.Spec.Names.Kind} {
		quoted, err := json.Marshal(value)
		if err != nil {
			return nil, err
		}
		properties[field] = apiextensionsv1.JSONSchemaProps{Type: "string", Enum: []apiextensionsv1.JSON{{Raw: quoted}}}
	}
	strict := convert(*root)
	strict.Schema = "http://json-schema.org/draft-07/schema#"
	strict.Required = []string{"apiVersion", "kind", "metadata", "spec"}
	return json.MarshalIndent(strict, "", "  ")
}

// convert leaves out what JSON schemas do not know, and closes objects to fields that are not named, in a schema and all below it.
func convert(s apiextensionsv1.JSONSchemaProps) apiextensionsv1.JSONSchemaProps {
	isOpen := s.XPreserveUnknownFields != nil && *s.XPreserveUnknownFields
	if len(s.Properties) > 0 && s.AdditionalProperties == nil && !isOpen {
		s.AdditionalProperties = &apiextensionsv1.JSONSchemaPropsOrBool{}
	}
	s.XPreserveUnknownFields, s.XEmbeddedResource, s.XIntOrString = nil, false, false
	s.XListType, s.XListMapKeys, s.XMapType, s.XValidations = nil, nil, nil, nil
	for name, property := range s.Properties {
		s.Properties[name] = convert(property)
	}
	for _, below := range []*apiextensionsv1.JSONSchemaProps{itemsOf(s), valuesOf(s)} {
		if below != nil {
			*below = convert(*below)
		}
	}
	return s
}

func itemsOf(s apiextensionsv1.JSONSchemaProps) *apiextensionsv1.JSONSchemaProps {
	if s.Items == nil {
		return nil
	}
	return s.Items.Schema
}

func valuesOf(s apiextensionsv1.JSONSchemaProps) *apiextensionsv1.JSONSchemaProps {
	if s.AdditionalProperties == nil {
		return nil
	}
	return s.AdditionalProperties.Schema
}
