// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

// Package tolerant decodes objects that may hold what their Go types do not: one of them must not keep a client from the rest of
// a list, or of a watch. The schema of a CRD should allow none, but an older one, or an older API server, may have.
package tolerant

import (
	stdjson "encoding/json"
	"fmt"

	"k8s.io/apimachinery/pkg/util/json"
)

// mostBytes is how long a spec may be. The schema bounds each part of it, but not their product.
const mostBytes = 256 << 10

// Unreadable says of each part why it was left out: a phrase that names the field. "" where it was read.
type Unreadable struct{ Spec, Status string }

// Decode decodes an object. A spec or status that its type cannot hold is left out, and the rest is there.
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
		delete(parts, "status")
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
	fits := within(name, func(document stdjson.RawMessage) bool { return json.Unmarshal(document, new(T)) == nil })
	if len(part) == 0 || fits(part) {
		return ""
	}
	return culprit(name, part, fits) + " holds a value that is of another type, or out of range"
}
