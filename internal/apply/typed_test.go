// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package apply

import (
	"encoding/json"
	"fmt"
	"reflect"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// TestReadsTypedObjectsAsTheirJSON sets every field of the kinds that are applied, and changes each in turn: whether a typed
// object holds the change must be what its JSON says.
func TestReadsTypedObjectsAsTheirJSON(t *testing.T) {
	for _, object := range []client.Object{&appsv1.Deployment{}, &corev1.Service{}, &policyv1.PodDisruptionBudget{}} {
		t.Run(fmt.Sprintf("%T", object), func(t *testing.T) {
			fill(reflect.ValueOf(object).Elem(), nil)
			text, err := json.Marshal(object)
			if err != nil {
				t.Fatal(err)
			}
			same, intent := decode(t, string(text)), decode(t, string(text))
			if !holds(reflect.ValueOf(object), intent, "") {
				t.Fatal("an object must hold itself")
			}
			changes := 0
			changeEach(intent, func(path string) {
				changes++
				want := holds(reflect.ValueOf(same), intent, "")
				if got := holds(reflect.ValueOf(object), intent, ""); got != want || want {
					t.Errorf("%s changed: the typed object holds it: %t, its JSON: %t", path, got, want)
				}
			})
			if changes < 20 {
				t.Errorf("%d fields were changed, want all", changes)
			}
		})
	}
}

func TestReadsNamesAtTheirPlace(t *testing.T) {
	object := &appsv1.Deployment{ObjectMeta: metav1.ObjectMeta{Name: "shop"}}
	for text, want := range map[string]bool{
		`{"metadata":{"name":"shop"}}`: true, `{"name":"shop"}`: false, `{"ObjectMeta":{"name":"shop"}}`: false,
		`{"metadata":{"labels":{}}}`: true, `{"spec":{"template":{"spec":{"containers":[]}}}}`: true, `{"metadata":[]}`: false,
	} {
		if got := holds(reflect.ValueOf(object), decode(t, text), ""); got != want {
			t.Errorf("%s: got %t", text, got)
		}
	}
}

// fill sets what a value has to something else than zero, and types within themselves once.
func fill(v reflect.Value, within []reflect.Type) {
	switch typed := v.Addr().Interface().(type) {
	case *resource.Quantity:
		*typed = resource.MustParse("250m")
		return
	case *metav1.Time:
		*typed = metav1.Unix(1e9, 0)
		return
	case *metav1.MicroTime:
		*typed = metav1.NewMicroTime(time.Unix(1e9, 0))
		return
	case *intstr.IntOrString:
		*typed = intstr.FromString("50%")
		return
	case *metav1.FieldsV1:
		typed.SetRawBytes([]byte(`{"f:spec":{}}`))
		return
	}
	switch v.Kind() {
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(v.Elem(), within)
	case reflect.Struct:
		for _, outer := range within {
			if outer == v.Type() {
				return
			}
		}
		for i := range v.NumField() {
			fill(v.Field(i), append(within, v.Type()))
		}
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 2, 2))
		for i := range v.Len() {
			fill(v.Index(i), within)
		}
	case reflect.Map:
		v.Set(reflect.MakeMap(v.Type()))
		key, value := reflect.New(v.Type().Key()).Elem(), reflect.New(v.Type().Elem()).Elem()
		fill(key, within)
		fill(value, within)
		v.SetMapIndex(key, value)
	case reflect.String:
		v.SetString("text")
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Int, reflect.Int32, reflect.Int64:
		v.SetInt(7)
	case reflect.Uint8:
		v.SetUint(7)
	default:
		panic(fmt.Sprintf("no value for %s", v.Type()))
	}
}

// changeEach changes one leaf at a time, and changes it back.
func changeEach(node any, isChanged func(path string)) {
	visit := func(path string, value any, set func(any)) {
		switch value.(type) {
		case map[string]any, []any:
			changeEach(value, func(rest string) { isChanged(path + "." + rest) })
			return
		}
		changed := any("other")
		switch typed := value.(type) {
		case float64:
			changed = typed + 1
		case bool:
			changed = !typed
		}
		set(changed)
		isChanged(path)
		set(value)
	}
	switch typed := node.(type) {
	case map[string]any:
		for key, value := range typed {
			visit(key, value, func(v any) { typed[key] = v })
		}
	case []any:
		for i, value := range typed {
			visit(fmt.Sprint(i), value, func(v any) { typed[i] = v })
		}
	}
}
