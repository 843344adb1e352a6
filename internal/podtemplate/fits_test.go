// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package podtemplate

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/applyconfigurations"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"

	elasticwebv1 "github.com/elasticweb/elasticweb-operator/api/v1"
)

// somewhere is a part of pod templates, and what makes a whole one of it.
type somewhere struct {
	path  string
	is    field
	whole func(part any) any
}

// visit goes through all that a pod template can hold.
func visit(at somewhere, see func(somewhere)) {
	for at.is.kind.Kind() == reflect.Pointer {
		at.is.kind = at.is.kind.Elem()
	}
	see(at)
	if readsItself(at.is.kind) {
		return
	}
	switch at.is.kind.Kind() {
	case reflect.Struct:
		for name, each := range typeFields(at.is.kind) {
			visit(somewhere{at.path + "." + name, each, func(part any) any { return at.whole(object{name: part}) }}, see)
		}
	case reflect.Slice:
		visit(somewhere{at.path + "[0]", field{kind: at.is.kind.Elem()}, func(part any) any { return at.whole([]any{part}) }}, see)
	case reflect.Map:
		visit(somewhere{at.path + ".a", field{kind: at.is.kind.Elem()}, func(part any) any { return at.whole(object{"a": part}) }}, see)
	}
}

func visitAll(see func(somewhere)) {
	visit(somewhere{root, field{kind: reflect.TypeFor[corev1.PodTemplateSpec]()}, func(part any) any { return part }}, see)
}

// items are some of a list, or of a map, each another one.
func items(kind reflect.Type, number int) any {
	item := func(i int) any {
		switch kind.Elem().Kind() {
		case reflect.String:
			return fmt.Sprintf("a%d", i)
		case reflect.Int64, reflect.Int32, reflect.Uint8:
			return int64(i % 100)
		case reflect.Map, reflect.Struct:
			if kind.Kind() == reflect.Map {
				return "1" // a quantity.
			}
		}
		return object{}
	}
	list, entries := []any{}, object{}
	for i := range number {
		list, entries[fmt.Sprintf("k%d", i)] = append(list, item(i)), item(i)
	}
	if kind.Kind() == reflect.Map {
		return entries
	}
	return list
}

func readWhole(t *testing.T, whole any) error {
	t.Helper()
	text, err := json.Marshal(whole)
	if err != nil {
		t.Fatal(err)
	}
	_, err = read(text)
	return err
}

func TestEveryListAndMapIsBounded(t *testing.T) {
	lists := 0
	visitAll(func(at somewhere) {
		if kind := at.is.kind.Kind(); kind != reflect.Slice && kind != reflect.Map {
			return
		}
		lists++
		if err := readWhole(t, at.whole(items(at.is.kind, 1025))); err == nil || !strings.HasPrefix(err.Error(), at.path+" has 1025 entries, and may have ") {
			t.Errorf("%s: %v", at.path, err)
		}
		if err := readWhole(t, at.whole(items(at.is.kind, 2))); err != nil && !strings.Contains(err.Error(), "there is another one of the same") {
			t.Errorf("two: %v", err)
		}
	})
	if lists < 100 {
		t.Errorf("only %d lists and maps were found", lists)
	}
}

// The API server answers an apply with two items of one key by an internal error, which is tried again for ever.
func TestItemsOfOneKeyAreRefusedAsByTheAPIServer(t *testing.T) {
	converter, keyed := applyconfigurations.NewTypeConverter(clientgoscheme.Scheme), 0
	visitAll(func(at somewhere) {
		if at.is.kind.Kind() != reflect.Slice || strings.HasPrefix(at.path, root+".metadata") { // of which only maps are taken.
			return
		}
		whole := at.whole([]any{item(at.is.kind.Elem()), item(at.is.kind.Elem())})
		text, err := json.Marshal(object{"apiVersion": "v1", "kind": "PodTemplate", "template": whole})
		if err != nil {
			t.Fatal(err)
		}
		template := &corev1.PodTemplate{}
		if err := json.Unmarshal(text, template); err != nil {
			t.Fatalf("%s: %v", at.path, err)
		}
		_, err = converter.ObjectToTyped(template)
		isRefused := err != nil && strings.Contains(err.Error(), "duplicate entries for key")
		if isRefused {
			keyed++
		}
		if err := readWhole(t, whole); (err != nil) != isRefused || isRefused && !strings.HasPrefix(err.Error(), at.path+"[1]: there is another one of the same ") {
			t.Errorf("%s: refused by the API server: %v, here: %v", at.path, isRefused, err)
		}
	})
	if keyed < 20 {
		t.Errorf("only %d lists with keys were found", keyed)
	}
}

func item(kind reflect.Type) any {
	switch kind.Kind() {
	case reflect.String:
		return "a"
	case reflect.Int64, reflect.Int32, reflect.Uint8:
		return int64(1)
	default:
		return object{}
	}
}

func TestNullIsForFieldsAlone(t *testing.T) {
	visitAll(func(at somewhere) {
		err := readWhole(t, at.whole(nil))
		if isItem := strings.HasSuffix(at.path, "]") || strings.HasSuffix(at.path, ".a"); (err != nil) != isItem {
			t.Errorf("%s: %v", at.path, err)
		}
	})
}

// Conditions must say the same in each pass.
func TestOneTemplateIsRefusedInTheSameWords(t *testing.T) {
	said := map[string]bool{}
	for range 50 {
		_, err := read([]byte(`{"spec": {"foo": {"$patch": "x", "a": [null], "b": "1e1000"}, "tolerations": {}, "overhead": {"a": "1e1000", "b": null}}, "x": 1}`))
		said[fmt.Sprint(err)] = true
	}
	if len(said) != 1 {
		t.Errorf("%v", said)
	}
}

// A hash of git may look like a number.
func TestOnlyQuantitiesAreNumbers(t *testing.T) {
	text := `{"metadata": {"labels": {"commit": "12e4567"}}, "spec": {"nodeSelector": {"a": "1e1000"}, "containers": [{"name": "web", "args": ["1e1000"], "env": [{"name": "A", "value": "1e1000"}]}]}}`
	if _, err := Resolve(&elasticwebv1.ElasticWebSpec{PodSettings: elasticwebv1.PodSettings{PodTemplate: &runtime.RawExtension{Raw: []byte(text)}}}); err != nil {
		t.Error(err)
	}
}
