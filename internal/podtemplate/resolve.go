// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

// Package podtemplate reads spec.podTemplate, tells it apart from the other fields of a spec, and merges it over the pods that the operator
// makes. It does no I/O.
package podtemplate

import (
	"encoding/json"
	"errors"
	"fmt"

	"k8s.io/apimachinery/pkg/runtime"

	elasticwebv1 "github.com/elasticweb/elasticweb-operator/api/v1"
)

// Resolved is an ElasticWeb whose podTemplate holds only what the spec has no field for, and how that names fields, or why it is refused:
// then it is left as it is. The given one is not changed.
func Resolved(web *elasticwebv1.ElasticWeb) (_ *elasticwebv1.ElasticWeb, words Words, refusal error) {
	spec, err := Resolve(&web.Spec)
	if err != nil || web.Spec.PodTemplate == nil {
		return web, words, err
	}
	result := *web
	result.Spec = *spec
	return &result, WordsOf(web.Spec.PodTemplate), nil
}

// Resolve gives a spec in which all that podTemplate says, and that has a field of its own, stands in that field; in podTemplate there is
// left what has none. So it means the same in both places: for the placement, for the look-up of the image, and for what restarts pods.
// The spec is not changed. One without a podTemplate is given back as it is.
func Resolve(spec *elasticwebv1.ElasticWebSpec) (*elasticwebv1.ElasticWebSpec, error) {
	if spec.PodTemplate == nil {
		return spec, nil
	}
	text, err := json.Marshal(spec.PodTemplate)
	if err != nil {
		return spec, fmt.Errorf("%s cannot be read: %w", root, err)
	}
	template, err := read(text)
	if err != nil {
		return spec, err
	}
	if err := refuse(template); err != nil {
		return spec, err
	}
	resolved := spec.DeepCopy() // decoding into its maps must not reach those of a cache.
	resolved.PodTemplate = nil
	moved, err := moveFields(&resolved.PodSettings, template)
	if err != nil {
		return spec, err
	}
	if err := json.Unmarshal(moved, &resolved.PodSettings); err != nil {
		return spec, fmt.Errorf("%s cannot be read: %w", root, err)
	}
	if grace := resolved.TerminationGracePeriodSeconds; grace != nil && *grace < 0 {
		return spec, errors.New(root + ".spec.terminationGracePeriodSeconds must be at least 0")
	}
	resolved.PodTemplate, err = left(template)
	return resolved, err
}

// fieldsOf are the fields of a spec that a part of a template has, too, by their name there.
type fieldsOf map[string]string

var (
	ofMetadata = fieldsOf{"labels": "podLabels", "annotations": "podAnnotations"}
	ofPods     = sameNames(fieldsOf{"securityContext": "podSecurityContext"},
		"imagePullSecrets", "serviceAccountName", "automountServiceAccountToken", "terminationGracePeriodSeconds", "volumes",
		"nodeSelector", "affinity", "tolerations", "topologySpreadConstraints", "priorityClassName")
	ofContainer = sameNames(fieldsOf{},
		"resources", "env", "envFrom", "command", "args", "imagePullPolicy", "readinessProbe", "livenessProbe", "startupProbe",
		"lifecycle", "securityContext", "volumeMounts")
)

func sameNames(fields fieldsOf, names ...string) fieldsOf {
	for _, name := range names {
		fields[name] = name
	}
	return fields
}

// part is one of a template that has fields of the spec, and where it stands.
type part struct {
	path   string
	object object
	fields fieldsOf
}

// partsOf are those of a template that was read.
func partsOf(template object) []part {
	metadata, _ := template["metadata"].(object)
	pods, _ := template["spec"].(object)
	parts := []part{{root + ".metadata", metadata, ofMetadata}, {root + ".spec", pods, ofPods}}
	if i, web := ownContainer(pods); web != nil {
		parts = append(parts, part{fmt.Sprintf("%s.spec.containers[%d]", root, i), web, ofContainer})
	}
	return parts
}

// moveFields takes what has a field of its own out of a template, and gives it as the JSON of settings. Null is left: it takes away what
// the operator sets by default, which the fields of the spec cannot say.
func moveFields(settings *elasticwebv1.PodSettings, template object) ([]byte, error) {
	text, err := json.Marshal(settings)
	if err != nil {
		return nil, fmt.Errorf("marshal the pod settings: %w", err)
	}
	said, moved := object{}, object{}
	if err := json.Unmarshal(text, &said); err != nil {
		return nil, fmt.Errorf("read the pod settings: %w", err)
	}
	for _, part := range partsOf(template) {
		for name, field := range part.fields {
			value, isThere := part.object[name]
			if _, isSaid := said[field]; isSaid && isThere {
				return nil, fmt.Errorf("%s.%s and spec.%s say the same thing; say it in one of the two", part.path, name, field)
			}
			if value != nil {
				moved[field] = value
				delete(part.object, name)
			}
		}
	}
	return json.Marshal(moved)
}

// left is a template without what is empty now, in canonical form; nil where that is all. So neither the order of its keys nor where
// a field was said restarts pods.
func left(template object) (*runtime.RawExtension, error) {
	pods, _ := template["spec"].(object)
	delete(template, "metadata") // of which all was moved.
	if i, web := ownContainer(pods); len(web) == 1 {
		containers, _ := pods["containers"].([]any)
		pods["containers"] = append(containers[:i:i], containers[i+1:]...)
	}
	for _, list := range []string{"containers", "initContainers"} {
		if containers, isList := pods[list].([]any); isList && len(containers) == 0 {
			delete(pods, list)
		}
	}
	if len(pods) == 0 {
		return nil, nil //nolint:nilnil // nothing is left.
	}
	text, err := json.Marshal(object{"spec": pods})
	if err != nil {
		return nil, fmt.Errorf("marshal %s: %w", root, err)
	}
	return &runtime.RawExtension{Raw: text}, nil
}

// ownContainer is what a template says of the container that the operator makes, and where; nil where it says nothing of it.
func ownContainer(pods object) (int, object) {
	containers, _ := pods["containers"].([]any)
	for i, each := range containers {
		if container, _ := each.(object); container["name"] == Container {
			return i, container
		}
	}
	return 0, nil
}
