// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

// Package tolerant decodes objects that may hold what their Go types do not: one of them must not keep a client from the rest of
// a list, or of a watch. The schema of a CRD should allow none, but an older one, or an older API server, may have.
package tolerant

import (
	stdjson "encoding/json"
	"fmt"
	"slices"

	"k8s.io/apimachinery/pkg/util/json"
)

// mostBytes is how long a spec may be. The schema bounds each part of it, but not their product.
const mostBytes = 256 << 10

// mostItems is how many items of a list are looked at one by one, each of which takes a decoding. No list of the CRDs may hold more.
const mostItems = 1024

// Unreadable says of each part why it was not read as a whole: a phrase that names the field. "" where it was.
type Unreadable struct{ Spec, Status string }

// Decode decodes an object. A spec that its type cannot hold is left out, since half of a wish is another wish. Of such a status, which
// says what was found, that stays which can be read.
func Decode[T any](data []byte, into *T) (Unreadable, error) {
	err := json.Unmarshal(data, into)
	if err == nil && len(data) <= mostBytes {
		return Unreadable{}, nil
	}
	parts := map[string]stdjson.RawMessage{}
	if json.Unmarshal(data, &parts) != nil {
		return Unreadable{}, err
	}
	unreadable := Unreadable{Spec: examine[T]("spec", parts["spec"]), Status: examine[T]("status", parts["status"])}
	if unreadable == (Unreadable{}) {
		return unreadable, err
	}
	if unreadable.Spec != "" {
		delete(parts, "spec")
	}
	if unreadable.Status != "" {
		parts["status"] = readable[T]("status", parts["status"])
	}
	rest, err := stdjson.Marshal(parts)
	if err != nil {
		return unreadable, err
	}
	*into = *new(T)
	return unreadable, json.Unmarshal(rest, into)
}

// examine is what is wrong with a part of an object; "" where nothing is.
func examine[T any](name string, part stdjson.RawMessage) string {
	if len(part) > mostBytes {
		return fmt.Sprintf("%s has more than %d bytes", name, mostBytes)
	}
	fits := partOf[T](name)
	if len(part) == 0 || fits(part) {
		return ""
	}
	return culprit(name, part, fits) + " holds a value that is of another type, or out of range"
}

// partOf checks a part of an object.
func partOf[T any](name string) check {
	return within(name, func(document stdjson.RawMessage) bool { return json.Unmarshal(document, new(T)) == nil })
}

// readable keeps the fields of a part that its type holds, and of lists that are not too long the items that it does.
func readable[T any](name string, part stdjson.RawMessage) stdjson.RawMessage {
	fields, kept := map[string]stdjson.RawMessage{}, map[string]any{}
	if len(part) > mostBytes || json.Unmarshal(part, &fields) != nil {
		return stdjson.RawMessage("{}")
	}
	for field, value := range fields {
		fits, items := within(field, partOf[T](name)), []stdjson.RawMessage{}
		switch {
		case fits(value):
			kept[field] = value
		case fits(stdjson.RawMessage("[]")) && json.Unmarshal(value, &items) == nil && len(items) <= mostItems:
			kept[field] = slices.DeleteFunc(items, func(item stdjson.RawMessage) bool { return !alone(fits)(item) })
		}
	}
	text, err := stdjson.Marshal(kept)
	if err != nil {
		return stdjson.RawMessage("{}")
	}
	return text
}
