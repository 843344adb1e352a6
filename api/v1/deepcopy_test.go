// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package v1_test

import (
	"reflect"
	"testing"

	"github.com/google/go-cmp/cmp"

	elasticwebv1 "github.com/elasticweb/elasticweb-operator/api/v1"
)

// fill sets every field of a value that a copy could share with its original: pointers, slices and maps, with one
// element each, down to the given depth.
func fill(value reflect.Value, depth int) {
	switch value.Kind() {
	case reflect.Pointer:
		value.Set(reflect.New(value.Type().Elem()))
		fill(value.Elem(), depth)
	case reflect.Slice:
		value.Set(reflect.MakeSlice(value.Type(), 1, 1))
		fill(value.Index(0), depth)
	case reflect.Map:
		key, element := reflect.New(value.Type().Key()).Elem(), reflect.New(value.Type().Elem()).Elem()
		fill(key, depth)
		fill(element, depth)
		value.Set(reflect.MakeMap(value.Type()))
		value.SetMapIndex(key, element)
	case reflect.Struct:
		for i := range value.NumField() {
			if field := value.Field(i); depth > 0 && field.CanSet() {
				fill(field, depth-1)
			}
		}
	case reflect.String:
		value.SetString("x")
	case reflect.Int32, reflect.Int64:
		value.SetInt(1)
	}
}

func TestDeepCopySharesNothing(t *testing.T) {
	original := &elasticwebv1.ElasticWebList{}
	fill(reflect.ValueOf(&original.Items).Elem(), 8)
	duplicate := original.DeepCopy()
	if diff := cmp.Diff(original, duplicate); diff != "" {
		t.Errorf("the copy differs (-original +copy):\n%s", diff)
	}
	expectDisjoint(t, "list", reflect.ValueOf(original).Elem(), reflect.ValueOf(duplicate).Elem())
}

// expectDisjoint walks two like values and fails where a pointer, slice or map is the same in both.
func expectDisjoint(t *testing.T, path string, a, b reflect.Value) {
	t.Helper()
	switch a.Kind() {
	case reflect.Pointer, reflect.Slice, reflect.Map:
		if a.IsNil() {
			return
		}
		if a.UnsafePointer() == b.UnsafePointer() {
			t.Errorf("%s is shared by the copy and its original", path)
			return
		}
	}
	switch a.Kind() {
	case reflect.Pointer:
		// A location is shared by intent: it never changes.
		if a.Type().String() != "*time.Location" {
			expectDisjoint(t, path, a.Elem(), b.Elem())
		}
	case reflect.Slice:
		for i := range a.Len() {
			expectDisjoint(t, path+"[]", a.Index(i), b.Index(i))
		}
	case reflect.Map:
		for _, key := range a.MapKeys() {
			expectDisjoint(t, path+"{}", a.MapIndex(key), b.MapIndex(key))
		}
	case reflect.Struct:
		for i := range a.NumField() {
			expectDisjoint(t, path+"."+a.Type().Field(i).Name, a.Field(i), b.Field(i))
		}
	}
}
