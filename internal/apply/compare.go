// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package apply

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"sync"

	"k8s.io/apimachinery/pkg/api/equality"
	metav1ac "k8s.io/client-go/applyconfigurations/meta/v1"

	"github.com/elasticweb/elasticweb-operator/internal/packed"
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

// comparison says how the values of a field are compared.
type comparison struct {
	isWhole bool
	keys    []string
}

// pair is a field that an apply configuration may have, and the same of the API's type.
type pair struct {
	name         string // in JSON.
	intent, live []int
	comparison
}

// pairs has those of all apply configurations that were compared, by their types: each is generated from one type of the API.
var pairs sync.Map

func pairsOf(live, intent reflect.Type) []pair {
	if known, isKnown := pairs.Load(intent); isKnown {
		return known.([]pair) //nolint:forcetypeassert // nothing else is stored.
	}
	made := appendPairs(nil, live, intent, nil)
	pairs.Store(intent, made)
	return made
}

// appendPairs adds the fields of a struct that is at index. Its fields are named as those of the API's type, but for what both embed. The
// type of the object is left out, which typed objects do not carry.
func appendPairs(to []pair, live, intent reflect.Type, index []int) []pair {
	for i := range intent.NumField() {
		of, at := intent.Field(i), append(slices.Clip(index), i)
		name, _, _ := strings.Cut(of.Tag.Get("json"), ",")
		switch {
		case of.Type == reflect.TypeFor[metav1ac.TypeMetaApplyConfiguration]():
		case name == "": // as encoding/json, which writes the fields of such a struct among those of the outer one.
			to = appendPairs(to, live, of.Type, at)
		default:
			same, _ := live.FieldByName(strings.TrimSuffix(of.Name, "ApplyConfiguration"))
			_, isWhole := wholeFields[name]
			to = append(to, pair{name, at, same.Index, comparison{isWhole, listKeys[name]}})
		}
	}
	return to
}

// differences are the fields of an apply configuration that live has with other values, with these; none where it has them all. As a
// whole, it may have nothing else either. Otherwise what it has beyond that is somebody else's, or a default of the API server. Where the
// API's type tells a field that is not set from one that has its zero value, so does the comparison: nothing is not the same as no
// privileges, no seconds, or an empty folder.
func differences(live, intent reflect.Value, by comparison) []string {
	intent = reflect.Indirect(intent)
	if live.Type() == reflect.TypeFor[packed.JSON]() {
		return differentJSON(packed.JSON(live.String()), intent.Interface())
	}
	if live.Kind() == reflect.Pointer && live.IsNil() {
		return different(live)
	}
	live = reflect.Indirect(live)
	switch kind := intent.Kind(); {
	case kind == reflect.Struct && live.Type() != intent.Type():
		return differentFields(live, intent, by.isWhole)
	case kind == reflect.Map:
		return differentEntries(live, intent, by.isWhole)
	case kind == reflect.Slice && by.keys != nil && !by.isWhole:
		return differentElements(live, intent, by.keys)
	case kind == reflect.Slice && isSameList(live, intent, by.isWhole), kind != reflect.Slice && isEqual(live, intent):
		return nil
	}
	return different(live)
}

// different says what live has in the place of something else.
func different(live reflect.Value) []string {
	text, _ := json.Marshal(live.Interface()) // it came as JSON, or could have.
	return []string{"=" + string(text)}
}

func differentFields(live, intent reflect.Value, isWhole bool) (found []string) {
	for _, of := range pairsOf(live.Type(), intent.Type()) {
		present, wanted := live.FieldByIndex(of.live), intent.FieldByIndex(of.intent)
		var here []string
		switch of.isWhole = of.isWhole || isWhole; {
		case !isUnset(wanted):
			here = differences(present, wanted, of.comparison)
		case isWhole && !isUnset(present):
			here = different(present)
		}
		for _, text := range here {
			found = append(found, "."+of.name+text)
		}
	}
	return found
}

// isUnset reports whether JSON leaves a value out, of what it may leave out.
func isUnset(value reflect.Value) bool {
	if value.Kind() == reflect.Map || value.Kind() == reflect.Slice {
		return value.Len() == 0
	}
	return value.IsZero()
}

// differentEntries compares maps. A key with an empty value is not the same as none.
func differentEntries(live, intent reflect.Value, isWhole bool) (found []string) {
	if isWhole && live.Len() != intent.Len() {
		return different(live)
	}
	if texts, isTexts := intent.Interface().(map[string]string); isTexts { // most are, and reflection allocates each key and value.
		present, _ := live.Interface().(map[string]string)
		for key, wanted := range texts {
			if text, isThere := present[key]; !isThere || text != wanted {
				found = append(found, fmt.Sprintf("[%s]=%q %t", key, text, isThere))
			}
		}
		return found
	}
	for key, wanted := range intent.Seq2() {
		here := []string{" is missing"}
		if present := live.MapIndex(key); present.IsValid() {
			here = differences(present, wanted, comparison{isWhole: isWhole})
		}
		for _, text := range here {
			found = append(found, fmt.Sprintf("[%v]%s", key, text))
		}
	}
	return found
}

// isSameList compares a list that has one owner: element by element, nothing more and nothing less.
func isSameList(live, intent reflect.Value, isWhole bool) bool {
	if live.Len() != intent.Len() {
		return false
	}
	for i := range intent.Len() {
		if differences(live.Index(i), intent.Index(i), comparison{isWhole: isWhole}) != nil {
			return false
		}
	}
	return true
}

// differentElements looks each element of the intent up by its keys; others may have added elements.
func differentElements(live, intent reflect.Value, keys []string) (found []string) {
	for i := range intent.Len() {
		here := []string{" is missing"}
		if element := find(live, intent.Index(i), keys, i); element.IsValid() {
			here = differences(element, intent.Index(i), comparison{})
		}
		for _, text := range here {
			found = append(found, fmt.Sprintf("[%d]%s", i, text))
		}
	}
	return found
}

// find begins where the element stands in the intent: the API server keeps the order, and a list may be long.
func find(live, wanted reflect.Value, keys []string, begin int) reflect.Value {
	for i := range live.Len() {
		if element := live.Index((begin + i) % live.Len()); hasSameKeys(element, wanted, keys) {
			return element
		}
	}
	return reflect.Value{}
}

// hasSameKeys compares the keys that the wanted element has; the others are defaulted by the API server.
func hasSameKeys(candidate, wanted reflect.Value, keys []string) bool {
	for _, of := range pairsOf(candidate.Type(), wanted.Type()) {
		key := wanted.FieldByIndex(of.intent)
		if slices.Contains(keys, of.name) && !isUnset(key) && !isEqual(candidate.FieldByIndex(of.live), key.Elem()) {
			return false
		}
	}
	return true
}

// isEqual compares scalars, and types that are marshalled as such.
func isEqual(live, intent reflect.Value) bool {
	if live.Kind() == reflect.Struct {
		return equality.Semantic.DeepEqual(live.Interface(), intent.Interface())
	}
	return live.Equal(intent)
}
