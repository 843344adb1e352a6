// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package bundle

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
)

// NestedDescriptors wants a descriptor for every field of spec and status, also for those within others, and widgets for
// each. It does not look into fields whose type is Kubernetes' own.
func NestedDescriptors(b *Bundle) []string {
	var mistakes []string
	for _, owned := range b.CSV.Spec.CustomResourceDefinitions.Owned {
		described := map[string]map[string][]string{"spec": {}, "status": {}}
		for _, d := range owned.SpecDescriptors {
			described["spec"][d.Path] = d.XDescriptors
		}
		for _, d := range owned.StatusDescriptors {
			described["status"][d.Path] = d.XDescriptors
		}
		for _, crd := range b.V1CRDs {
			if crd.Name != owned.Name {
				continue
			}
			root := crd.Spec.Versions[0].Schema.OpenAPIV3Schema
			for part, widgets := range described {
				for _, path := range fields(root.Properties[part], "") {
					if len(widgets[path]) == 0 {
						mistakes = append(mistakes, fmt.Sprintf("%s: %s.%s has no descriptor with a widget: add a row to config/manifests/descriptors.yaml", owned.Kind, part, path))
					}
				}
			}
		}
	}
	slices.Sort(mistakes)
	return mistakes
}

// fields are the paths of the schema's fields, elements of lists as in architectures[0].name.
func fields(schema apiextensionsv1.JSONSchemaProps, prefix string) []string {
	var result []string
	for _, name := range slices.Sorted(maps.Keys(schema.Properties)) {
		path, next := prefix+name, schema.Properties[name]
		result = append(result, path)
		if ofKubernetes[name] {
			continue
		}
		if next.Items != nil && next.Items.Schema != nil {
			next, path = *next.Items.Schema, path+"[0]"
		}
		result = append(result, fields(next, path+".")...)
	}
	return result
}

// ofKubernetes are the fields whose types are Kubernetes' own: the words of PodSpec and Container, conditions, and selectors of labels.
var ofKubernetes = func() map[string]bool {
	result := map[string]bool{"podSecurityContext": true, "conditions": true, "selector": true}
	for _, t := range []reflect.Type{reflect.TypeFor[corev1.PodSpec](), reflect.TypeFor[corev1.Container]()} {
		for i := range t.NumField() {
			name, _, _ := strings.Cut(t.Field(i).Tag.Get("json"), ",")
			// status.image and its like are structs of this API.
			if kind := t.Field(i).Type.Kind(); kind != reflect.String && kind != reflect.Bool {
				result[name] = true
			}
		}
	}
	return result
}()
