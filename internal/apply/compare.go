// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package apply

import (
	"reflect"
	"slices"
)

// listKeys are the keys of the lists that server-side apply merges, by the name of their field. Every other
// list belongs to its owner as a whole. A test holds this table against the API's own schema.
var listKeys = map[string][]string{
	"containers":                {"name"},
	"initContainers":            {"name"},
	"env":                       {"name"},
	"imagePullSecrets":          {"name"},
	"volumes":                   {"name"},
	"volumeMounts":              {"mountPath"},
	"volumeDevices":             {"devicePath"},
	"topologySpreadConstraints": {"topologyKey", "whenUnsatisfiable"},
	"ownerReferences":           {"uid"},
	"ports":                     {"containerPort", "port", "protocol"},
	"hostAliases":               {"ip"},
	"claims":                    {"name"},
	"ephemeralContainers":       {"name"},
	"resourceClaims":            {"name"},
	"schedulingGates":           {"name"},
	"evictionResponders":        {"name"},
}

// wholeFields are the fields, by name, that belong to their owner with all that is in them: a key that
// somebody added to a selector changes what it selects.
var wholeFields = map[string]struct{}{
	"selector":      {},
	"nodeSelector":  {},
	"labelSelector": {},
	"tolerations":   {},
	"requiredDuringSchedulingIgnoredDuringExecution":  {},
	"preferredDuringSchedulingIgnoredDuringExecution": {},
}

// holds reports whether live has every field of the intent with the same value. What live has beyond that
// is somebody else's, or a default of the API server.
func holds(live, intent any, field string) bool {
	if _, isWhole := wholeFields[field]; isWhole {
		return isSame(live, intent)
	}
	switch wanted := intent.(type) {
	case map[string]any:
		present, isMap := live.(map[string]any)
		if !isMap {
			return live == nil && len(wanted) == 0
		}
		for key, value := range wanted {
			if !holds(present[key], value, key) {
				return false
			}
		}
		return true
	case []any:
		present, isList := live.([]any)
		if !isList {
			return live == nil && len(wanted) == 0
		}
		if keys, isMerged := listKeys[field]; isMerged {
			return holdsMerged(present, wanted, keys)
		}
		return holdsWhole(present, wanted)
	default:
		return isEqual(live, intent)
	}
}

// isSame reports whether live and intent are equal with all that is in them. An empty value and an absent
// one are the same.
func isSame(live, intent any) bool {
	switch wanted := intent.(type) {
	case map[string]any:
		present, _ := live.(map[string]any)
		for key, value := range present {
			if _, isWanted := wanted[key]; !isWanted && !isEmpty(value) {
				return false
			}
		}
		for key, value := range wanted {
			if !isSame(present[key], value) {
				return false
			}
		}
		return true
	case []any:
		present, _ := live.([]any)
		return slices.EqualFunc(present, wanted, isSame)
	default:
		return isEqual(live, intent)
	}
}

func isEmpty(value any) bool {
	switch typed := value.(type) {
	case nil:
		return true
	case map[string]any:
		return len(typed) == 0
	case []any:
		return len(typed) == 0
	default:
		return reflect.ValueOf(value).IsZero()
	}
}

// holdsWhole compares a list that has one owner: element by element, nothing more and nothing less.
func holdsWhole(live, intent []any) bool {
	if len(live) != len(intent) {
		return false
	}
	for i := range intent {
		if !holds(live[i], intent[i], "") {
			return false
		}
	}
	return true
}

// holdsMerged looks each element of the intent up by its keys; others may have added elements.
func holdsMerged(live, intent []any, keys []string) bool {
	for _, wanted := range intent {
		element := find(live, wanted, keys)
		if element == nil || !holds(element, wanted, "") {
			return false
		}
	}
	return true
}

func find(list []any, wanted any, keys []string) any {
	target, isMap := wanted.(map[string]any)
	if !isMap {
		return nil
	}
	for _, element := range list {
		candidate, isMap := element.(map[string]any)
		if isMap && sameKeys(candidate, target, keys) {
			return candidate
		}
	}
	return nil
}

// sameKeys compares the keys that the wanted element has; the others are defaulted by the API server.
func sameKeys(candidate, target map[string]any, keys []string) bool {
	for _, key := range keys {
		if value, isThere := target[key]; isThere && !isEqual(candidate[key], value) {
			return false
		}
	}
	return true
}

// isEqual compares scalars. Numbers come as int64 from typed objects and as float64 from JSON. A field that
// is absent and one that has its zero value are the same: typed objects leave such fields out.
func isEqual(live, intent any) bool {
	a, isNumberA := number(live)
	b, isNumberB := number(intent)
	if isNumberA && isNumberB {
		return a == b
	}
	if live == nil {
		return isEmpty(intent)
	}
	return live == intent
}

func number(value any) (float64, bool) {
	switch typed := value.(type) {
	case int64:
		return float64(typed), true
	case float64:
		return typed, true
	default:
		return 0, false
	}
}
