// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package apply

import "reflect"

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

// comparison says how the values of a field are compared.
type comparison struct {
	isWhole bool
	keys    []string
}

func comparisonOf(field string) comparison {
	_, isWhole := wholeFields[field]
	return comparison{isWhole: isWhole, keys: listKeys[field]}
}

// holds reports whether live has every field of the intent with the same value, and as a whole nothing else. What live has beyond that
// is somebody else's, or a default of the API server. Both may be typed: they are read as their JSON would be. Where live
// tells a field that is not set from one that has its zero value, so does the comparison: nothing is not the same as no
// privileges, no seconds, or an empty folder.
func holds(live, intent reflect.Value, by comparison) bool {
	isUnset := isNilPointer(live)
	live, intent = content(live), content(intent)
	if isUnset {
		return !intent.IsValid()
	}
	switch intent.Kind() {
	case reflect.Struct, reflect.Map:
		return holdsMembers(live, intent, by.isWhole)
	case reflect.Slice:
		switch {
		case live.Kind() != reflect.Slice:
			return (by.isWhole || !live.IsValid()) && intent.Len() == 0
		case by.keys != nil && !by.isWhole:
			return holdsMerged(live, intent, by.keys)
		default:
			return holdsList(live, intent, by.isWhole)
		}
	default:
		return isEqual(live, intent)
	}
}

func holdsMembers(live, intent reflect.Value, isWhole bool) bool {
	if !hasMembers(live) && !isWhole {
		return !live.IsValid() && isWithoutMembers(intent)
	}
	if live.Kind() == reflect.Struct && intent.Kind() == reflect.Struct && !isWhole {
		return holdsStruct(live, intent)
	}
	if present, wanted := texts(live), texts(intent); present != nil && wanted != nil {
		return holdsTexts(present, wanted) && (!isWhole || len(present) == len(wanted))
	}
	return (!isWhole || !hasMore(live, intent)) && holdsEach(live, intent, isWhole)
}

func holdsEach(live, intent reflect.Value, isWhole bool) bool {
	for name, value := range members(intent) {
		by, present := comparisonOf(name), member(live, name)
		by.isWhole = by.isWhole || isWhole
		if !present.IsValid() && isOfTexts(live) || !holds(present, value, by) {
			return false
		}
	}
	return true
}

// hasMore reports whether live has a member that the intent has not. An empty value and an absent one are the same, where live does
// not tell them apart.
func hasMore(live, intent reflect.Value) bool {
	for name, value := range members(live) {
		if (isOfTexts(live) || isSetPointer(value) || !isEmpty(value)) && !content(writtenMember(intent, name)).IsValid() {
			return true
		}
	}
	return false
}

func holdsTexts(live, intent map[string]string) bool {
	for key, wanted := range intent {
		if present, isThere := live[key]; !isThere || present != wanted {
			return false
		}
	}
	return true
}

func isWithoutMembers(intent reflect.Value) bool {
	for range members(intent) {
		return false
	}
	return true
}

// holdsStruct does what holdsMembers does, without looking for the fields by their names.
func holdsStruct(live, intent reflect.Value) bool {
	for _, pair := range pairsOf(live.Type(), intent.Type()) {
		wanted := pair.intent.written(intent)
		if wanted.IsValid() && !holds(pair.live.of(live), wanted, pair.by) {
			return false
		}
	}
	return true
}

func isSetPointer(value reflect.Value) bool { return value.Kind() == reflect.Pointer && !value.IsNil() }

func isNilPointer(value reflect.Value) bool { return value.Kind() == reflect.Pointer && value.IsNil() }

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

// holdsList compares a list that has one owner: element by element, nothing more and nothing less.
func holdsList(live, intent reflect.Value, isWhole bool) bool {
	if live.Len() != intent.Len() {
		return false
	}
	for i := range intent.Len() {
		if !holds(live.Index(i), intent.Index(i), comparison{isWhole: isWhole}) {
			return false
		}
	}
	return true
}

// holdsMerged looks each element of the intent up by its keys; others may have added elements.
func holdsMerged(live, intent reflect.Value, keys []string) bool {
	for i := range intent.Len() {
		element := find(live, intent.Index(i), keys)
		if !element.IsValid() || !holds(element, intent.Index(i), comparison{}) {
			return false
		}
	}
	return true
}

func find(list, wanted reflect.Value, keys []string) reflect.Value {
	wanted = content(wanted)
	if !hasMembers(wanted) {
		return reflect.Value{}
	}
	for i := range list.Len() {
		candidate := content(list.Index(i))
		if hasMembers(candidate) && hasSameKeys(candidate, wanted, keys) {
			return candidate
		}
	}
	return reflect.Value{}
}

func hasMembers(value reflect.Value) bool {
	return value.Kind() == reflect.Struct || value.Kind() == reflect.Map
}

// hasSameKeys compares the keys that the wanted element has; the others are defaulted by the API server.
func hasSameKeys(candidate, wanted reflect.Value, keys []string) bool {
	for _, key := range keys {
		value := content(writtenMember(wanted, key))
		if value.IsValid() && !isEqual(content(member(candidate, key)), value) {
			return false
		}
	}
	return true
}

// isEqual compares scalars. Numbers are int64 in typed objects and float64 in JSON. A field that is absent and one that has
// its zero value are the same: typed objects leave such fields out.
func isEqual(live, intent reflect.Value) bool {
	switch {
	case !live.IsValid():
		return isEmpty(intent)
	case live.Kind() == reflect.String && intent.Kind() == reflect.String:
		return live.String() == intent.String()
	case live.CanInt() && intent.CanInt():
		return live.Int() == intent.Int()
	}
	a, isNumberA := number(live)
	b, isNumberB := number(intent)
	if isNumberA && isNumberB {
		return a == b
	}
	wanted := plain(intent)
	return reflect.TypeOf(wanted) != nil && reflect.TypeOf(wanted).Comparable() && plain(live) == wanted
}

func number(value reflect.Value) (float64, bool) {
	switch {
	case value.CanInt():
		return float64(value.Int()), true
	case value.CanFloat():
		return value.Float(), true
	default:
		return 0, false
	}
}
