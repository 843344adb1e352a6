// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package apiserver

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/yaml"
)

// Leaf is a part of a schema, with documents that hold nothing but it and what is required beside it.
type Leaf struct {
	Path   string
	Schema map[string]any
	// within puts the JSON text of a value where the part stands.
	within func(value string) string
}

// Leaves are all parts of spec and status of the CRD in a file, those that hold others too.
func Leaves(t *testing.T, crd string) []Leaf {
	t.Helper()
	text, err := os.ReadFile(crd)
	if err != nil {
		t.Fatal(err)
	}
	var read struct {
		Spec struct {
			Versions []struct {
				Schema struct {
					OpenAPIV3Schema struct{ Properties map[string]map[string]any }
				}
			}
		}
	}
	if err := yaml.Unmarshal(text, &read); err != nil {
		t.Fatal(err)
	}
	var leaves []Leaf
	for _, version := range read.Spec.Versions {
		for _, part := range []string{"spec", "status"} {
			leaves = append(leaves, leavesOf(Leaf{part, version.Schema.OpenAPIV3Schema.Properties[part], func(value string) string {
				return fmt.Sprintf(`{%q: %s}`, part, value)
			}})...)
		}
	}
	return leaves
}

func leavesOf(leaf Leaf) []Leaf {
	leaves := []Leaf{leaf}
	for name, each := range mapOf(leaf.Schema["properties"]) {
		leaves = append(leaves, leavesOf(Leaf{leaf.Path + "." + name, mapOf(each), func(value string) string {
			return leaf.within(objectWith(leaf, name, value))
		}})...)
	}
	if items := mapOf(leaf.Schema["items"]); items != nil {
		leaves = append(leaves, leavesOf(Leaf{leaf.Path + "[]", items, func(value string) string { return leaf.within("[" + value + "]") }})...)
	}
	if values := mapOf(leaf.Schema["additionalProperties"]); values != nil {
		leaves = append(leaves, leavesOf(Leaf{leaf.Path + "{}", values, func(value string) string { return leaf.within(`{"key": ` + value + "}") }})...)
	}
	return leaves
}

func mapOf(value any) map[string]any {
	result, _ := value.(map[string]any)
	return result
}

// objectWith is an object with the field, and whatever else the schema requires, or a rule does. The API server has a whole spec already.
func objectWith(leaf Leaf, field, value string) string {
	fields := []string{fmt.Sprintf("%q: %s", field, value)}
	if leaf.Path == "spec.demand" && !slices.Contains([]string{"prometheus", "external", "object"}, field) {
		fields = append(fields, `"prometheus": {"query": "a"}`)
	}
	required, _ := leaf.Schema["required"].([]any)
	for _, each := range required {
		if name := fmt.Sprint(each); name != field && leaf.Path != "spec" {
			fields = append(fields, fmt.Sprintf("%q: %s", name, least(mapOf(mapOf(leaf.Schema["properties"])[name]))))
		}
	}
	return "{" + strings.Join(fields, ", ") + "}"
}

// least is a valid value.
func least(schema map[string]any) string {
	enum, _ := schema["enum"].([]any)
	switch {
	case enum != nil:
		text, _ := json.Marshal(enum[0])
		return string(text)
	case isTime(schema):
		return `"2026-01-01T00:00:00Z"`
	case schema["type"] == "string":
		return `"a"`
	case schema["type"] == "array":
		return `[` + least(mapOf(schema["items"])) + `]`
	case schema["type"] == "object":
		return objectWith(Leaf{Schema: schema}, "unknown", "null")
	default:
		return "1"
	}
}

// isTime reports whether a text is a metav1.Time. It has no format: by one, the API server takes lists for texts.
func isTime(schema map[string]any) bool {
	pattern, _ := schema["pattern"].(string)
	return strings.Contains(pattern, "02-29")
}

// edges are values, as JSON, at which a type could say something else than the schema.
func edges(schema map[string]any) []string {
	numbers := []string{
		"0", "-0", "1", "1.0", "1e2", "0.5", "99999999999", "1e15", "1e20", "-1e20", "1e308", "9223372036854775807", "9223372036854775808",
		"-9223372036854775808", "-9223372036854775809", "2147483647", "2147483648", "-2147483648", "-2147483649",
	}
	for keyword, step := range map[string]float64{"minimum": -1, "maximum": 1} {
		if limit, isThere := schema[keyword].(float64); isThere {
			numbers = append(numbers, fmt.Sprintf("%.0f", limit), fmt.Sprintf("%.0f", limit+step))
		}
	}
	others := []string{least(schema), `["x"]`, `[1]`, `"x"`, `""`, `"99999999999"`, "true", "null", "[]", "{}"}
	switch {
	case schema["x-kubernetes-int-or-string"] == true && schema["pattern"] != nil:
		return slices.Concat(numbers, others, []string{
			`"1"`, `"-1"`, `"+.5"`, `"1."`, `"."`, `"1E"`, `"1e"`, `"1e3"`, `"1e1.5"`, `"1e99"`, `"9.9e-99"`, `"1e999999999"`, `"1e99999999999999999999"`,
			`"123456789012345678901e999999999"`, `"1Ki"`, `"1ki"`, `".5Ei"`, `"9999999999999999999999Ei"`, `"1 Gi"`, `"1\n"`, `"0x1"`,
		})
	case schema["x-kubernetes-int-or-string"] == true, schema["type"] == "integer":
		return slices.Concat(numbers, others)
	case isTime(schema):
		return slices.Concat(others, []string{
			`"2026-01-01T00:00:00Z"`, `"2026-01-01t00:00:00z"`, `"2026-02-30T00:00:00Z"`, `"2026-02-29T00:00:00Z"`, `"2024-02-29T00:00:00Z"`, `"1900-02-29T00:00:00Z"`, `"2000-02-29T00:00:00Z"`, `"2026-04-31T00:00:00Z"`, `"2026-13-01T00:00:00Z"`, `"2026-12-31T00:00:00Z"`, `"2026-00-10T00:00:00Z"`, `"2026-01-00T00:00:00Z"`, `"2026-01-01T00:00:00x5Z"`, `"2026-01-01T00:00:00+99:99"`,
			`"2026-01-01T00:00:00+23:59"`, `"2026-01-01T24:00:00Z"`, `"2026-01-01T23:59:60Z"`, `"2026-01-01T00:00:00.123456789Z"`,
			`"2026-01-01T00:00:00.1234567890Z"`, `"2026-01-01T00:00:00ZT00"`, `"2026-01-01T00:00:00"`, `"0000-01-01T00:00:00Z"`, `"2026-01-01T00:00:00,5Z"`,
		})
	default:
		return append(others, "1", "0.5")
	}
}

// Decodes checks that what the schema accepts of an existing object, at whatever edge, is what decode takes; and that each part of the schema
// accepts something. path is that of the object.
func (s *Server) Decodes(t *testing.T, crd, path string, decode func([]byte) error) {
	t.Helper()
	config := rest.CopyConfig(s.RESTConfig())
	config.QPS, config.NegotiatedSerializer, config.GroupVersion = -1, scheme.Codecs, &scheme.Scheme.PrioritizedVersionsAllGroups()[0]
	client, err := rest.UnversionedRESTClientFor(config)
	if err != nil {
		t.Fatal(err)
	}
	work, workers := make(chan Leaf), sync.WaitGroup{}
	for range 8 {
		workers.Go(func() {
			for leaf := range work {
				accepted := 0
				for _, edge := range edges(leaf.Schema) {
					at := path
					if strings.HasPrefix(leaf.Path, "status") {
						at += "/status"
					}
					text, err := client.Patch(types.MergePatchType).AbsPath(at).Param("dryRun", "All").Body([]byte(leaf.within(edge))).Do(t.Context()).Raw()
					switch {
					case apierrors.IsInvalid(err) || apierrors.IsBadRequest(err):
					case err != nil && strings.Contains(err.Error(), "json: unsupported value"): // of a float without bounds.
					case err != nil:
						t.Errorf("%s = %s: %v", leaf.Path, edge, err)
					default:
						accepted++
						if err := decode(text); err != nil {
							t.Errorf("%s = %s is accepted: %v", leaf.Path, edge, err)
						}
					}
				}
				if accepted == 0 {
					t.Errorf("%s accepts none of %v: is it tried as it should be?", leaf.Path, edges(leaf.Schema))
				}
			}
		})
	}
	for _, leaf := range Leaves(t, crd) {
		work <- leaf
	}
	close(work)
	workers.Wait()
}

// Unbounded says what of a part of a schema has no bound: a number that may be more than its type holds, or a weight without end.
func (l Leaf) Unbounded() string {
	has := func(keyword string) bool { _, isThere := l.Schema[keyword].(float64); return isThere }
	switch kind := l.Schema["type"]; {
	case l.Path == "spec.podTemplate" && kind == "object":
		return "" // any object can be decoded into it.
	case kind == "number", l.Schema["x-kubernetes-preserve-unknown-fields"] != nil:
		return "nothing says that it can be decoded"
	case !l.isWithinItsType():
		return "its minimum and maximum are not those of its type"
	case kind == "string" && l.Schema["format"] != nil:
		return "its format lets lists pass for a text"
	case kind == "string" && l.Schema["enum"] == nil && !has("maxLength"):
		return "it has no maxLength"
	case kind == "array" && !has("maxItems"):
		return "it has no maxItems"
	case l.Schema["additionalProperties"] != nil && !has("maxProperties"):
		return "it has no maxProperties"
	default:
		return ""
	}
}

// isWithinItsType reports whether a part that may be a number has bounds within the type that it is decoded into.
func (l Leaf) isWithinItsType() bool {
	limit := 0.0
	switch isIntOrString := l.Schema["x-kubernetes-int-or-string"] == true; {
	case !isIntOrString && l.Schema["type"] != "integer":
		return true
	case l.Schema["format"] == "int64", isIntOrString && l.Schema["pattern"] != nil:
		limit = 1<<53 - 1
	case l.Schema["format"] == "int32", isIntOrString:
		limit = math.MaxInt32
	}
	least, hasLeast := l.Schema["minimum"].(float64)
	most, hasMost := l.Schema["maximum"].(float64)
	return hasLeast && hasMost && -limit-1 <= least && most <= limit
}
