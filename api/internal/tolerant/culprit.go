// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package tolerant

import (
	stdjson "encoding/json"
	"fmt"
	"maps"
	"slices"

	"k8s.io/apimachinery/pkg/util/json"
)

// check reports whether a value can be decoded where it stands.
type check func(value stdjson.RawMessage) bool

// culprit is the path of the first value that does not fit, of one that does not. It does not take a decoder's word: those of
// numbers and quantities do not know where they are.
func culprit(path string, value stdjson.RawMessage, fits check) string {
	if len(path) > longestPath {
		return path[:longestPath] + "..." // keys of maps are users' words.
	}
	var fields map[string]stdjson.RawMessage
	if json.Unmarshal(value, &fields) == nil && fits(stdjson.RawMessage("{}")) {
		for _, name := range slices.Sorted(maps.Keys(fields)) {
			if fits := within(name, fits); !fits(fields[name]) {
				return culprit(path+"."+name, fields[name], fits)
			}
		}
	}
	var items []stdjson.RawMessage
	if json.Unmarshal(value, &items) == nil && len(items) <= mostItems && fits(stdjson.RawMessage("[]")) {
		for i, item := range items {
			if fits := alone(fits); !fits(item) {
				return culprit(fmt.Sprintf("%s[%d]", path, i), item, fits)
			}
		}
	}
	return path
}

const longestPath = 256

// within checks a field of an object, without the other ones.
func within(name string, fits check) check {
	return func(value stdjson.RawMessage) bool {
		object, err := stdjson.Marshal(map[string]stdjson.RawMessage{name: value})
		return err == nil && fits(object)
	}
}

// alone checks an item of a list, without the other ones.
func alone(fits check) check {
	return func(value stdjson.RawMessage) bool {
		list, err := stdjson.Marshal([]stdjson.RawMessage{value})
		return err == nil && fits(list)
	}
}
