// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package podtemplate

import (
	"fmt"
	"reflect"

	corev1 "k8s.io/api/core/v1"
	kjson "sigs.k8s.io/json"
)

// root is where a template stands in an ElasticWeb.
const root = "spec.podTemplate"

// mostBytes is how long a template may be.
const mostBytes = 128 << 10

// object is one in JSON.
type object = map[string]any

// read is a template as it is written, where all of it is known, of the right type and within bounds.
func read(text []byte) (object, error) {
	if len(text) > mostBytes {
		return nil, fmt.Errorf("%s has %d bytes, and may have %d: put the largest part of it into a ConfigMap", root, len(text), mostBytes)
	}
	var document any
	if err := kjson.UnmarshalCaseSensitivePreserveInts(text, &document); err != nil {
		return nil, fmt.Errorf("%s cannot be read: %w", root, err)
	}
	template, isObject := document.(object)
	if !isObject && document != nil {
		return nil, fmt.Errorf("%s is no object", root)
	}
	return template, fits(root, document, field{kind: reflect.TypeFor[corev1.PodTemplateSpec]()})
}
