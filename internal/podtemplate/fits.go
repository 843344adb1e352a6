// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package podtemplate

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"sync"

	"k8s.io/apimachinery/pkg/api/resource"
	kjson "sigs.k8s.io/json"
)

// What a part of a template can be refused for.
var (
	errUnknown   = errors.New("unknown field")
	errType      = errors.New("a value of another type, or out of range")
	errDirective = errors.New("directives of a strategic merge patch are not taken; null takes away what the operator sets by default")
	errNull      = errors.New("null may stand for a field, not in a list or a map; leave it out")
	errQuantity  = fmt.Errorf("a quantity may have %d characters, and its exponent two digits", mostDigits)
)

// Bounds of lists and maps, of which the API server and the merge go through some once for each item. They are those of the same
// fields in the schema of the spec.
const (
	mostEntries = 64
	mostDigits  = 64
)

var mostItems = map[string]int{
	"imagePullSecrets": 16, "topologySpreadConstraints": 16,
	"command": 256, "args": 256, "items": 256, "namespaces": 256, "supplementalGroups": 256,
	"env": 512, "values": 1024,
}

// fits holds a part of a template against its type, and names the first part in it that does not fit. Decoders do not know where they are.
func fits(path string, value any, is field) error {
	for is.kind.Kind() == reflect.Pointer {
		is.kind = is.kind.Elem()
	}
	fields, isObject := value.(object)
	list, isList := value.([]any)
	switch kind := is.kind.Kind(); {
	case value == nil:
		return nil
	case readsItself(is.kind):
		return valueFits(path, value, is.kind)
	case isObject && kind == reflect.Struct:
		return objectFits(path, fields, typeFields(is.kind))
	case isObject && kind == reflect.Map:
		return mapFits(path, fields, field{kind: is.kind.Elem()})
	case isList && kind == reflect.Slice:
		return listFits(path, list, is)
	default:
		return valueFits(path, value, is.kind)
	}
}

// readsItself reports whether what a type takes is not to be told from its parts.
func readsItself(kind reflect.Type) bool {
	return reflect.PointerTo(kind).Implements(reflect.TypeFor[json.Unmarshaler]())
}

func objectFits(path string, value object, fields map[string]field) error {
	for _, name := range slices.Sorted(maps.Keys(value)) {
		inner := path + "." + name
		is, isKnown := fields[name]
		switch {
		case strings.HasPrefix(name, "$"):
			return fmt.Errorf("%s: %w", inner, errDirective)
		case !isKnown:
			return fmt.Errorf("%s: %w", inner, errUnknown)
		}
		if err := fits(inner, value[name], is); err != nil {
			return err
		}
	}
	return nil
}

func mapFits(path string, value object, each field) error {
	if len(value) > mostEntries {
		return fmt.Errorf("%s has %d entries, and may have %d", path, len(value), mostEntries)
	}
	for _, key := range slices.Sorted(maps.Keys(value)) {
		inner := path + "." + key
		switch {
		case strings.HasPrefix(key, "$"):
			return fmt.Errorf("%s: %w", inner, errDirective)
		case value[key] == nil:
			return fmt.Errorf("%s: %w", inner, errNull)
		}
		if err := fits(inner, value[key], each); err != nil {
			return err
		}
	}
	return nil
}

func listFits(path string, list []any, is field) error {
	most, isOther := mostItems[is.name]
	if !isOther {
		most = mostEntries
	}
	if len(list) > most {
		return fmt.Errorf("%s has %d entries, and may have %d", path, len(list), most)
	}
	seen := map[string]bool{}
	for i, item := range list {
		inner := fmt.Sprintf("%s[%d]", path, i)
		if item == nil {
			return fmt.Errorf("%s: %w", inner, errNull)
		}
		if err := fits(inner, item, field{kind: is.kind.Elem()}); err != nil {
			return err
		}
		if key := is.keyOf(item); key != "" {
			if seen[key] {
				return fmt.Errorf("%s: there is another one of the same %s; leave one of the two out", inner, strings.Join(is.keys, " and "))
			}
			seen[key] = true
		}
	}
	return nil
}

// hugeExponent is a number that a quantity would take all of the memory to round.
var hugeExponent = regexp.MustCompile(`^[+-]?[0-9.]+[eE][+-]?[0-9]{3,}$`)

// valueFits is about what has no parts, or has a type that wants none.
func valueFits(path string, value any, kind reflect.Type) error {
	text, err := json.Marshal(value)
	if err != nil {
		return fmt.Errorf("%s: %w", path, errType)
	}
	if kind == reflect.TypeFor[resource.Quantity]() {
		written := strings.TrimSpace(fmt.Sprint(value))
		if len(written) > mostDigits || hugeExponent.MatchString(written) {
			return fmt.Errorf("%s: %w", path, errQuantity)
		}
	}
	if kjson.UnmarshalCaseSensitivePreserveInts(text, reflect.New(kind).Interface()) != nil {
		return fmt.Errorf("%s: %w", path, errType)
	}
	return nil
}

// field is one of a type: the name and the type it has, and for a list what the API server tells its items apart by.
type field struct {
	name string
	kind reflect.Type
	keys []string
}

// keyOf is what an item of a list must have alone; "" where it need not. A key that is left out is empty, or what Kubernetes has for it.
func (f *field) keyOf(item any) string {
	values, isObject := item.(object)
	if !isObject && len(f.keys) > 0 {
		return fmt.Sprint(item)
	}
	var key strings.Builder
	for _, name := range f.keys {
		value := values[name]
		if value == nil || reflect.ValueOf(value).IsZero() {
			value = map[string]string{"protocol": "TCP"}[name]
		}
		fmt.Fprintf(&key, "%q,", fmt.Sprint(value))
	}
	return key.String()
}

// listKeys are the keys of server-side apply that the tags of a type do not say, or not all of.
var listKeys = map[string][]string{
	"Container.ports":                        {"containerPort", "protocol"},
	"EphemeralContainerCommon.ports":         {"containerPort", "protocol"},
	"PodSpec.topologySpreadConstraints":      {"topologyKey", "whenUnsatisfiable"},
	"ResourceRequirements.claims":            {"name"},
	"ContainerRestartRuleOnExitCodes.values": {"value"}, // the item itself, as in the next.
	"VolumeMount.bindMountOptions":           {"value"},
	"ObjectMeta.finalizers":                  {"value"},
}

var fieldsOfTypes sync.Map // reflection takes longer than the rest.

// typeFields are the fields of a struct by their names in JSON, those of embedded structs among them.
func typeFields(kind reflect.Type) map[string]field {
	if known, isKnown := fieldsOfTypes.Load(kind); isKnown {
		return known.(map[string]field) //nolint:forcetypeassert // nothing else is stored.
	}
	fields := map[string]field{}
	for i := range kind.NumField() {
		each := kind.Field(i)
		name, _, _ := strings.Cut(each.Tag.Get("json"), ",")
		if name == "" {
			maps.Copy(fields, typeFields(each.Type)) // embedded.
			continue
		}
		keys := listKeys[kind.Name()+"."+name]
		if key := each.Tag.Get("patchMergeKey"); key != "" && keys == nil {
			keys = []string{key}
		}
		fields[name] = field{name, each.Type, keys}
	}
	fieldsOfTypes.Store(kind, fields)
	return fields
}
