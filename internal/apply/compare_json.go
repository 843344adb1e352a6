// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package apply

import (
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"

	"github.com/elasticweb/elasticweb-operator/internal/packed"
)

// differentJSON compares a part of an object whose type the operator does not have: objects by the fields of the intent, since others may
// have more, and lists as a whole, with all that is in them.
func differentJSON(live packed.JSON, intent any) []string {
	text, err := json.Marshal(intent)
	if err != nil {
		return []string{" cannot be compared: " + err.Error()} // it is written as JSON, which fails with the same.
	}
	wanted, err := packed.JSON(text).Decode()
	if err != nil {
		return []string{" cannot be compared: " + err.Error()}
	}
	present, err := live.Decode()
	if err != nil {
		return []string{"=" + string(live)}
	}
	return differentValues(present, wanted)
}

func differentValues(live, wanted any) (found []string) {
	fields, isObject := wanted.(map[string]any)
	if !isObject {
		if reflect.DeepEqual(live, wanted) {
			return nil
		}
		text, _ := json.Marshal(live) // it came as JSON.
		return []string{"=" + string(text)}
	}
	present, _ := live.(map[string]any)
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		value, isThere := present[name]
		if !isThere {
			found = append(found, fmt.Sprintf(".%s is missing", name))
			continue
		}
		for _, text := range differentValues(value, fields[name]) {
			found = append(found, "."+name+text)
		}
	}
	return found
}
