// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"math"
	"slices"
	"strings"
)

// bound bounds a schema and all that is in it. path is where it stands, "[]" for the items of a list, "{}" for the values of a
// map. What the types say already is kept.
func bound(path []string, schema map[string]any) error {
	switch kind := schema["type"]; {
	case join(path) == "spec.podTemplate" && kind == "object": // a RawExtension takes any object; internal/podtemplate bounds what is in it.
		suggest(schema, "maxProperties", 2) // metadata and spec.
	case schema["x-kubernetes-preserve-unknown-fields"] != nil:
		return fmt.Errorf("%s: nothing says what it may hold, so that nothing says that it can be decoded", join(path))
	case schema["x-kubernetes-int-or-string"] == true:
		boundIntOrString(schema)
	case kind == "integer":
		return boundInteger(path, schema)
	case kind == "string":
		return boundString(path, schema)
	case kind == "boolean":
	case kind == "array":
		suggest(schema, "maxItems", itemsIn(path))
		return bound(slices.Concat(path, []string{"[]"}), asMap(schema["items"]))
	case kind == "object":
		return boundObject(path, schema)
	default:
		return fmt.Errorf("%s: type %v is not known here: say how it is bounded", join(path), kind)
	}
	return nil
}

func join(path []string) string { return strings.Join(path, ".") }

func suggest(schema map[string]any, keyword string, value any) {
	if _, isThere := schema[keyword]; !isThere {
		schema[keyword] = value
	}
}

// exactInt is the greatest whole number that a float64, as which the API server reads bounds, holds exactly.
const exactInt = 1<<53 - 1

func boundInteger(path []string, schema map[string]any) error {
	switch schema["format"] {
	case "int32":
		suggest(schema, "minimum", math.MinInt32)
		suggest(schema, "maximum", math.MaxInt32)
	case "int64":
		suggest(schema, "minimum", -exactInt)
		suggest(schema, "maximum", exactInt)
	default:
		return fmt.Errorf("%s: an integer of format %v", join(path), schema["format"])
	}
	return nil
}

// quantity is what every resource.Quantity can be read from. That of controller-gen allows exponents that are no whole numbers, which
// do not parse, and those of any size: rounding 1e999999999 takes all of the memory.
const quantity = `^[+-]?([0-9]+([.][0-9]*)?|[.][0-9]+)([KMGTPE]i|[numkMGTPE]|[eE][+-]?[0-9]{1,2})?$`

func boundIntOrString(schema map[string]any) {
	if _, isQuantity := schema["pattern"]; isQuantity {
		schema["pattern"] = quantity
		schema["maxLength"] = 64
		schema["minimum"], schema["maximum"] = -exactInt, exactInt
		return
	}
	schema["maxLength"] = 63
	schema["minimum"], schema["maximum"] = math.MinInt32, math.MaxInt32
}

// dateTime is what time.RFC3339 reads: months of 31 days, of 30, February, and the years in which that has 29. The format date-time would
// not do: by it, the API server takes lists, small letters and any zone.
const dateTime = `^([0-9]{4}-((0[13578]|1[02])-(0[1-9]|[12][0-9]|3[01])|(0[469]|11)-(0[1-9]|[12][0-9]|30)|02-(0[1-9]|1[0-9]|2[0-8]))|([0-9]{2}(0[48]|[2468][048]|[13579][26])|([02468][048]|[13579][26])00)-02-29)T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]([.][0-9]{1,9})?(Z|[+-]([01][0-9]|2[0-3]):[0-5][0-9])$`

// objectName is a DNS subdomain, as which most objects are named, or nothing: Kubernetes' own types take an empty one for none.
const objectName = `^([a-z0-9]([-a-z0-9]*[a-z0-9])?([.][a-z0-9]([-a-z0-9]*[a-z0-9])?)*)?$`

func boundString(path []string, schema map[string]any) error {
	switch {
	case schema["enum"] != nil:
	case schema["format"] == "date-time":
		schema["pattern"] = dateTime
		delete(schema, "format")
		suggest(schema, "maxLength", 64)
	case schema["format"] != nil:
		return fmt.Errorf("%s: format %v, by which the API server takes lists as well", join(path), schema["format"])
	case namesObject(path):
		suggest(schema, "maxLength", 253)
		suggest(schema, "pattern", objectName)
	default:
		suggest(schema, "maxLength", lengthOf(path))
	}
	return nil
}

// namesObject reports whether a field holds the name of another object.
func namesObject(path []string) bool {
	path = slices.DeleteFunc(slices.Clone(path), func(part string) bool { return part == "[]" })
	switch last := path[len(path)-1]; last {
	case "serviceAccountName", "priorityClassName", "claimName", "secretName", "storageClassName", "volumeAttributesClassName", "gmsaCredentialSpecName", "namespaces":
		return true
	case "volumeName": // of other kinds of volumes it is a name of their system.
		return slices.Contains(path, "volumeClaimTemplate")
	case "name", "namespace":
		holders := []string{
			"secretRef", "configMapRef", "secretKeyRef", "configMapKeyRef", "configMap", "secret", "imagePullSecrets",
			"nodePublishSecretRef", "benchmarkRef", "dataSource", "dataSourceRef",
		}
		return slices.Contains(holders, path[len(path)-2])
	default:
		return false
	}
}

// lengthOf is how long a text may be that is neither a name nor a word of the API: a path as the kernel takes it, but for programs,
// which may stand in a field as a whole, and what is written for them.
func lengthOf(path []string) int {
	switch last := path[len(path)-1]; {
	case last == "[]" && slices.Contains([]string{"command", "args"}, path[len(path)-2]), join(path) == "spec.env.[].value":
		return 65536
	case last == "{}" && strings.HasSuffix(strings.ToLower(path[len(path)-2]), "annotations"):
		return 32768
	case path[0] == "status" && slices.Contains([]string{"message", "manifest"}, last):
		return 1 << 20
	default:
		return 4096
	}
}

// itemsIn is how long a list may be. Selectors list nodes, and volumes the keys of a ConfigMap.
func itemsIn(path []string) int {
	switch path[len(path)-1] {
	case "values":
		return 1024
	case "items", "namespaces", "supplementalGroups", "command":
		return 256
	default:
		return 64
	}
}

func boundObject(path []string, schema map[string]any) error {
	values, isMap := schema["additionalProperties"].(map[string]any)
	if isMap {
		suggest(schema, "maxProperties", 64)
		boundKeys(schema)
		return bound(slices.Concat(path, []string{"{}"}), values)
	}
	for name, property := range asMap(schema["properties"]) {
		if err := bound(slices.Concat(path, []string{name}), asMap(property)); err != nil {
			return err
		}
	}
	return nil
}

// boundKeys keeps the keys of a map as short as Kubernetes has those of labels: a subdomain, a slash and a name.
func boundKeys(schema map[string]any) {
	const rule = "self.all(k, k.size() <= 317)"
	rules, _ := schema["x-kubernetes-validations"].([]any)
	for _, each := range rules {
		if asMap(each)["rule"] == rule {
			return
		}
	}
	schema["x-kubernetes-validations"] = append(rules, map[string]any{"rule": rule, "message": "a key may have at most 317 characters: use a shorter one"})
}
