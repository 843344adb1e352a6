// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package apply

import (
	"encoding/json"
	"iter"
	"reflect"
	"slices"
	"strings"
	"sync"
)

// shape is how a type is read as encoding/json would write it.
type shape struct {
	// isMarshaler is true where the type says itself how it is written.
	isMarshaler bool
	// members are the fields of a struct by their names in JSON, those of inlined structs included.
	members map[string][]int
}

// shapes has the shape of each type that was met. There are as many as the kinds of object that are applied have.
var shapes sync.Map

var marshaler = reflect.TypeFor[json.Marshaler]()

func shapeOf(t reflect.Type) *shape {
	if known, isKnown := shapes.Load(t); isKnown {
		return known.(*shape) //nolint:forcetypeassert // nothing else is stored.
	}
	s := &shape{isMarshaler: t.Implements(marshaler) || reflect.PointerTo(t).Implements(marshaler)}
	if t.Kind() == reflect.Struct && !s.isMarshaler {
		s.members = map[string][]int{}
		s.add(t, nil)
	}
	known, _ := shapes.LoadOrStore(t, s)
	return known.(*shape) //nolint:forcetypeassert // nothing else is stored.
}

// add adds the fields of a struct that is at index.
func (s *shape) add(t reflect.Type, index []int) {
	for i := range t.NumField() {
		field := t.Field(i)
		name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		switch at := append(slices.Clip(index), i); {
		case name == "" && field.Anonymous && field.Type.Kind() == reflect.Struct:
			s.add(field.Type, at)
		case name != "" && name != "-":
			s.members[name] = at
		}
	}
}

// content is what a pointer, an interface, or a type that marshals itself stands for; the zero Value for null.
func content(live reflect.Value) reflect.Value {
	for live.Kind() == reflect.Pointer || live.Kind() == reflect.Interface {
		live = live.Elem()
	}
	switch live.Kind() {
	case reflect.Struct:
		if shapeOf(live.Type()).isMarshaler {
			return content(reflect.ValueOf(plain(live)))
		}
	case reflect.Map, reflect.Slice:
		if live.IsNil() {
			return reflect.Value{}
		}
	}
	return live
}

// member is a field of a struct, or an entry of a map, by its name in JSON; the zero Value where there is none.
func member(live reflect.Value, name string) reflect.Value {
	switch live.Kind() {
	case reflect.Struct:
		index, isThere := shapeOf(live.Type()).members[name]
		if !isThere {
			return reflect.Value{}
		}
		return live.FieldByIndex(index)
	case reflect.Map:
		return live.MapIndex(reflect.ValueOf(name).Convert(live.Type().Key()))
	default:
		return reflect.Value{}
	}
}

// members are the fields of a struct, or the entries of a map, by their names in JSON.
func members(live reflect.Value) iter.Seq2[string, reflect.Value] {
	return func(yield func(string, reflect.Value) bool) {
		switch live.Kind() {
		case reflect.Struct:
			for name, index := range shapeOf(live.Type()).members {
				if !yield(name, live.FieldByIndex(index)) {
					return
				}
			}
		case reflect.Map:
			for key, value := range live.Seq2() {
				if !yield(key.String(), value) {
					return
				}
			}
		}
	}
}

// plain is a value as encoding/json reads it back, which is nil for what cannot be written.
func plain(live reflect.Value) any {
	switch live.Kind() {
	case reflect.Invalid:
		return nil
	case reflect.String:
		return live.String()
	case reflect.Bool:
		return live.Bool()
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return live.Int()
	}
	object := live.Interface()
	if live.CanAddr() {
		object = live.Addr().Interface() // a pointer may marshal itself where its value does not.
	}
	text, err := json.Marshal(object)
	if err != nil {
		return nil
	}
	var value any
	if err := json.Unmarshal(text, &value); err != nil {
		return nil
	}
	return value
}
