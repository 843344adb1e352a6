// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package apply

import (
	"reflect"
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
// is somebody else's, or a default of the API server. Live may be typed: it is read as its JSON would be.
func holds(live reflect.Value, intent any, field string) bool {
	live = content(live)
	if _, isWhole := wholeFields[field]; isWhole {
		return isSame(live, intent)
	}
	switch wanted := intent.(type) {
	case map[string]any:
		if live.Kind() != reflect.Struct && live.Kind() != reflect.Map {
			return !live.IsValid() && len(wanted) == 0
		}
		for key, value := range wanted {
			if !holds(member(live, key), value, key) {
				return false
			}
		}
		return true
	case []any:
		if live.Kind() != reflect.Slice {
			return !live.IsValid() && len(wanted) == 0
		}
		if keys, isMerged := listKeys[field]; isMerged {
			return holdsMerged(live, wanted, keys)
		}
		return holdsWhole(live, wanted)
	default:
		return isEqual(plain(live), intent)
	}
}

// isSame reports whether live and intent are equal with all that is in them. An empty value and an absent
// one are the same.
func isSame(live reflect.Value, intent any) bool {
	live = content(live)
	switch wanted := intent.(type) {
	case map[string]any:
		for name, value := range members(live) {
			if _, isWanted := wanted[name]; !isWanted && !isEmpty(value) {
				return false
			}
		}
		for name, value := range wanted {
			if !isSame(member(live, name), value) {
				return false
			}
		}
		return true
	case []any:
		if live.Kind() != reflect.Slice {
			return len(wanted) == 0
		}
		for i := range min(live.Len(), len(wanted)) {
			if !isSame(live.Index(i), wanted[i]) {
				return false
			}
		}
		return live.Len() == len(wanted)
	default:
		return isEqual(plain(live), intent)
	}
}

// isEmpty reports whether nothing is lost where a value is left out.
func isEmpty(value reflect.Value) bool {
	switch value = content(value); value.Kind() {
	case reflect.Invalid:
		return true
	case reflect.Map, reflect.Slice:
		return value.Len() == 0
	default:
		return value.IsZero()
	}
}

// holdsWhole compares a list that has one owner: element by element, nothing more and nothing less.
func holdsWhole(live reflect.Value, intent []any) bool {
	if live.Len() != len(intent) {
		return false
	}
	for i := range intent {
		if !holds(live.Index(i), intent[i], "") {
			return false
		}
	}
	return true
}

// holdsMerged looks each element of the intent up by its keys; others may have added elements.
func holdsMerged(live reflect.Value, intent []any, keys []string) bool {
	for _, wanted := range intent {
		element := find(live, wanted, keys)
		if !element.IsValid() || !holds(element, wanted, "") {
			return false
		}
	}
	return true
}

func find(list reflect.Value, wanted any, keys []string) reflect.Value {
	target, isMap := wanted.(map[string]any)
	if !isMap {
		return reflect.Value{}
	}
	for i := range list.Len() {
		candidate := content(list.Index(i))
		if (candidate.Kind() == reflect.Struct || candidate.Kind() == reflect.Map) && sameKeys(candidate, target, keys) {
			return candidate
		}
	}
	return reflect.Value{}
}

// sameKeys compares the keys that the wanted element has; the others are defaulted by the API server.
func sameKeys(candidate reflect.Value, target map[string]any, keys []string) bool {
	for _, key := range keys {
		if value, isThere := target[key]; isThere && !isEqual(plain(content(member(candidate, key))), value) {
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
		return isEmpty(reflect.ValueOf(intent))
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
