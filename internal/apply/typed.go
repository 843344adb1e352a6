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

	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/apimachinery/pkg/util/intstr"
)

// shape is how a type is read as encoding/json would write it.
type shape struct {
	// isMarshaler is true where the type says itself how it is written.
	isMarshaler bool
	// fields are those of a struct by their names in JSON, those of inlined structs included.
	fields map[string]field
}

// field is a field of a struct. One without an index is none.
type field struct {
	index                 []int
	omitsEmpty, omitsZero bool
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
		s.fields = map[string]field{}
		s.add(t, nil)
	}
	known, _ := shapes.LoadOrStore(t, s)
	return known.(*shape) //nolint:forcetypeassert // nothing else is stored.
}

// add adds the fields of a struct that is at index.
func (s *shape) add(t reflect.Type, index []int) {
	for i := range t.NumField() {
		of := t.Field(i)
		name, options, _ := strings.Cut(of.Tag.Get("json"), ",")
		switch at := append(slices.Clip(index), i); {
		case name == "" && of.Anonymous && of.Type.Kind() == reflect.Struct:
			s.add(of.Type, at)
		case name != "" && name != "-":
			s.fields[name] = field{
				index:      at,
				omitsEmpty: strings.Contains(options, "omitempty"), omitsZero: strings.Contains(options, "omitzero"),
			}
		}
	}
}

// of is the field's value in a struct.
func (f field) of(object reflect.Value) reflect.Value {
	if f.index == nil {
		return reflect.Value{}
	}
	return object.FieldByIndex(f.index)
}

// written is the field's value in a struct; the zero Value where encoding/json would leave it out.
func (f field) written(object reflect.Value) reflect.Value {
	value := f.of(object)
	if !value.IsValid() || f.omitsZero && value.IsZero() {
		return reflect.Value{}
	}
	if !f.omitsEmpty {
		return value
	}
	switch value.Kind() {
	case reflect.Map, reflect.Slice:
		if value.Len() == 0 {
			return reflect.Value{}
		}
	case reflect.Struct:
	default:
		if value.IsZero() {
			return reflect.Value{}
		}
	}
	return value
}

// pair is a field that an intent may have, and the same of a live object.
type pair struct {
	intent, live field
	by           comparison
}

// pairs has those of all types that were compared, by the two types.
var pairs sync.Map

func pairsOf(live, intent reflect.Type) []pair {
	types := [2]reflect.Type{live, intent}
	if known, isKnown := pairs.Load(types); isKnown {
		return known.([]pair) //nolint:forcetypeassert // nothing else is stored.
	}
	present, wanted := shapeOf(live).fields, shapeOf(intent).fields
	made := make([]pair, 0, len(wanted))
	for name, of := range wanted {
		made = append(made, pair{intent: of, live: present[name], by: comparisonOf(name)})
	}
	pairs.Store(types, made)
	return made
}

// content is what a pointer, an interface, or a type that marshals itself stands for; the zero Value for null. A map of texts
// remains one without an entry.
func content(value reflect.Value) reflect.Value {
	for value.Kind() == reflect.Pointer || value.Kind() == reflect.Interface {
		value = value.Elem()
	}
	switch value.Kind() {
	case reflect.Struct:
		if shapeOf(value.Type()).isMarshaler {
			return content(reflect.ValueOf(plain(value)))
		}
	case reflect.Map, reflect.Slice:
		if value.IsNil() && !isOfTexts(value) {
			return reflect.Value{}
		}
		if value.Type().NumMethod() > 0 && shapeOf(value.Type()).isMarshaler {
			return content(reflect.ValueOf(plain(value)))
		}
	}
	return value
}

// member is a field of a struct, or an entry of a map, by its name in JSON; the zero Value where there is none.
func member(object reflect.Value, name string) reflect.Value {
	switch object.Kind() {
	case reflect.Struct:
		return shapeOf(object.Type()).fields[name].of(object)
	case reflect.Map:
		return object.MapIndex(reflect.ValueOf(name).Convert(object.Type().Key()))
	default:
		return reflect.Value{}
	}
}

// writtenMember is member, without the fields of structs that encoding/json would leave out.
func writtenMember(object reflect.Value, name string) reflect.Value {
	if object.Kind() == reflect.Struct {
		return shapeOf(object.Type()).fields[name].written(object)
	}
	return member(object, name)
}

// members are the fields of a struct that encoding/json would write, or the entries of a map, by their names in JSON.
func members(object reflect.Value) iter.Seq2[string, reflect.Value] {
	return func(yield func(string, reflect.Value) bool) {
		switch object.Kind() {
		case reflect.Struct:
			for name, of := range shapeOf(object.Type()).fields {
				if value := of.written(object); value.IsValid() && !yield(name, value) {
					return
				}
			}
		case reflect.Map:
			for key, value := range object.Seq2() {
				if !yield(key.String(), value) {
					return
				}
			}
		}
	}
}

// isOfTexts reports whether a value is a map such as labels, annotations and node selectors. There, a key with an empty value is
// not the same as none.
func isOfTexts(value reflect.Value) bool {
	return value.Kind() == reflect.Map && value.Type().Elem().Kind() == reflect.String
}

// texts is a value as such a map; nil where it is none.
func texts(value reflect.Value) map[string]string {
	if !isOfTexts(value) {
		return nil
	}
	typed, _ := value.Interface().(map[string]string)
	return typed
}

// plain is a value as encoding/json reads it back, which is nil for what cannot be written.
func plain(value reflect.Value) any {
	switch value.Kind() {
	case reflect.Invalid:
		return nil
	case reflect.String:
		return value.String()
	case reflect.Bool:
		return value.Bool()
	}
	object := value.Interface()
	switch typed := object.(type) {
	case resource.Quantity:
		return typed.String()
	case intstr.IntOrString:
		if typed.Type == intstr.Int {
			return int64(typed.IntVal)
		}
		return typed.StrVal
	}
	if value.CanAddr() {
		object = value.Addr().Interface() // a pointer may marshal itself where its value does not.
	}
	text, err := json.Marshal(object)
	if err != nil {
		return nil
	}
	var read any
	if err := json.Unmarshal(text, &read); err != nil {
		return nil
	}
	return read
}
