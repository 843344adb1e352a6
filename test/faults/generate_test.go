// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package faults_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/util/yaml"
)

// schema is a part of the CRD's OpenAPI schema.
type schema map[string]any

// specSchema reads the schema of spec from the CRD.
func specSchema() (schema, error) {
	text, err := os.ReadFile("../../config/crd/bases/elasticweb.example.com_elasticwebs.yaml")
	if err != nil {
		return nil, err
	}
	crd := struct {
		Spec struct {
			Versions []struct {
				Schema struct{ OpenAPIV3Schema map[string]any }
			}
		}
	}{}
	if err := yaml.Unmarshal(text, &crd); err != nil {
		return nil, err
	}
	return schema(crd.Spec.Versions[0].Schema.OpenAPIV3Schema).property("spec"), nil
}

func (s schema) property(name string) schema {
	properties, _ := s["properties"].(map[string]any)
	property, _ := properties[name].(map[string]any)
	return property
}

func (s schema) properties() []string {
	properties, _ := s["properties"].(map[string]any)
	return slices.Sorted(maps.Keys(properties))
}

func (s schema) required() []string {
	var names []string
	required, _ := s["required"].([]any)
	for _, name := range required {
		names = append(names, fmt.Sprint(name))
	}
	return names
}

func (s schema) number(key string) (int64, bool) {
	switch value := s[key].(type) {
	case int64:
		return value, true
	case float64:
		return int64(value), true
	default:
		return 0, false
	}
}

// generator makes values that a schema allows, with a liking for its bounds.
type generator struct{ random *rand.Rand }

// spec is one with the required fields, a demand, and some of the optional ones.
func (g generator) spec(s schema) map[string]any {
	spec := map[string]any{}
	names := s.required()
	optional := s.properties()
	for range g.random.IntN(5) {
		names = append(names, optional[g.random.IntN(len(optional))])
	}
	if g.random.IntN(5) > 0 {
		names = append(names, []string{"totalQPS", "replicas"}[g.random.IntN(2)])
	}
	for _, name := range names {
		spec[name] = g.value(s.property(name), name, 0)
	}
	g.sane(spec)
	return spec
}

// sane keeps the rules that no schema tells. Most of the demands are small: pods cost.
func (g generator) sane(spec map[string]any) {
	if _, both := spec["replicas"]; both {
		delete(spec, "totalQPS")
	}
	least, isLeast := spec["minReplicas"].(int64)
	most, isMost := spec["maxReplicas"].(int64)
	if isLeast && isMost && least > most {
		spec["minReplicas"], spec["maxReplicas"] = most, least
	}
	_, isQPS := spec["totalQPS"]
	_, isReplicas := spec["replicas"]
	if isLeast && !isQPS && !isReplicas {
		spec["replicas"] = int64(1) // what is left to an autoscaler depends on what was before.
	}
	if g.random.IntN(4) == 0 {
		return
	}
	spec["maxReplicas"] = int64(1 + g.random.IntN(3))
	if least, isLeast := spec["minReplicas"].(int64); isLeast && least > spec["maxReplicas"].(int64) { //nolint:forcetypeassert // it is.
		delete(spec, "minReplicas")
	}
}

func (g generator) value(s schema, name string, depth int) any {
	if enum, isEnum := s["enum"].([]any); isEnum {
		return enum[g.random.IntN(len(enum))]
	}
	if s["x-kubernetes-int-or-string"] == true {
		return []any{"100m", "1", int64(1), "64Mi", "50%"}[g.random.IntN(5)]
	}
	switch s["type"] {
	case "integer":
		return g.integer(s)
	case "boolean":
		return g.random.IntN(2) == 0
	case "array":
		return g.array(s, name, depth)
	case "object":
		return g.object(s, depth)
	default:
		return g.text(s, name)
	}
}

func (g generator) integer(s schema) int64 {
	least, hasLeast := s.number("minimum")
	most, hasMost := s.number("maximum")
	if !hasLeast {
		least = 0
	}
	if !hasMost {
		most = 1<<31 - 1
	}
	switch g.random.IntN(6) {
	case 0:
		return least
	case 1:
		return most
	case 2:
		return min(least+1, most)
	default:
		return least + g.random.Int64N(min(most-least, 5000)+1)
	}
}

func (g generator) text(s schema, name string) string {
	pool := map[string][]string{
		"image": {"nginx", "registry.example.com/shop:1.4", "example.com:5000/a/b@sha256:" + strings.Repeat("a", 64), "a:" + strings.Repeat("b", 128)},
		"name":  {"a", "web", "some-name", "with.dots", strings.Repeat("n", 63)}, "key": {"a", "example.com/key", "kubernetes.io/os"},
		"mountPath": {"/tmp", "/data", "/"}, "path": {"/", "/healthz"}, "topologyKey": {"kubernetes.io/hostname", "topology.kubernetes.io/zone"},
		"serviceAccountName": {"default"}, "operator": {"Exists", "In", "Equal"}, "priorityClassName": {"", "system-cluster-critical", "none-such"},
	}[name]
	if pool == nil {
		pool = []string{"", "a", "b1", "example.com/x", "$(A)", "<&>\"'", "ä"}
	}
	text := pool[g.random.IntN(len(pool))]
	if least, hasLeast := s.number("minLength"); hasLeast && int64(len(text)) < least {
		text += strings.Repeat("x", int(least)-len(text))
	}
	if most, hasMost := s.number("maxLength"); hasMost && int64(len(text)) > most {
		text = text[:most]
	}
	return text
}

func (g generator) array(s schema, name string, depth int) []any {
	items, _ := s["items"].(map[string]any)
	least, _ := s.number("minItems")
	keys, _ := s["x-kubernetes-list-map-keys"].([]any)
	result, seen := []any{}, map[string]bool{}
	for range max(least, g.random.Int64N(3)) {
		element := g.value(items, strings.TrimSuffix(name, "s"), depth+1)
		identity := fmt.Sprint(len(result))
		if object, isObject := element.(map[string]any); isObject && len(keys) > 0 {
			identity = ""
			for _, key := range keys {
				identity += fmt.Sprint(object[fmt.Sprint(key)], "/")
			}
		}
		if !seen[identity] {
			result, seen[identity] = append(result, element), true
		}
	}
	return result
}

func (g generator) object(s schema, depth int) map[string]any {
	result := map[string]any{}
	if additional, isMap := s["additionalProperties"].(map[string]any); isMap {
		for i := range g.random.IntN(3) {
			result[[]string{"a", "example.com/b", "cpu"}[i]] = g.value(additional, "value", depth+1)
		}
		return result
	}
	for _, name := range s.required() {
		result[name] = g.value(s.property(name), name, depth+1)
	}
	optional := s.properties()
	for range g.random.IntN(3) {
		if depth > 5 || len(optional) == 0 {
			break
		}
		name := optional[g.random.IntN(len(optional))]
		result[name] = g.value(s.property(name), name, depth+1)
	}
	return result
}

// breakSpec makes a spec that the schema refuses, and says what is wrong with it.
func (g generator) breakSpec(s schema, spec map[string]any) (what string) {
	fields := []string{"port", "singlePodsQPS", "totalQPS", "replicas", "minReplicas", "maxReplicas", "headroomPercent", "containerPort", "terminationGracePeriodSeconds"}
	field := fields[g.random.IntN(len(fields))]
	least, _ := s.property(field).number("minimum")
	most, hasMost := s.property(field).number("maximum")
	switch g.random.IntN(8) {
	case 0:
		spec[field] = least - 1
		return field + " below its minimum"
	case 1:
		if !hasMost {
			most = 1<<31 - 1
			if field == "terminationGracePeriodSeconds" {
				spec[field] = "30"
				return field + " as text"
			}
		}
		spec[field] = most + 1
		return field + " above its maximum"
	case 2:
		spec[field] = "1"
		return field + " as text"
	case 3:
		required := s.required()
		name := required[g.random.IntN(len(required))]
		delete(spec, name)
		return name + " missing"
	case 4:
		spec["totalQPS"], spec["replicas"] = int64(1), int64(1)
		return "totalQPS and replicas"
	case 5:
		spec["minReplicas"], spec["maxReplicas"] = int64(3), int64(2)
		return "minReplicas above maxReplicas"
	case 6:
		spec["image"] = []string{"", "https://example.com/a", "Upper/Case", "a b", strings.Repeat("a", 513)}[g.random.IntN(5)]
		return "image malformed"
	default:
		spec["architectures"] = [][]any{
			{}, {map[string]any{"name": "vax"}}, {map[string]any{"name": "amd64"}, map[string]any{"name": "amd64"}},
			{map[string]any{"name": "amd64", "weight": int64(101)}}, {map[string]any{"name": "amd64", "singlePodsQPS": int64(0)}},
		}[g.random.IntN(5)]
		return "architectures malformed"
	}
}
