// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package helmrelease

import (
	"reflect"
	"strings"
	"testing"

	"sigs.k8s.io/yaml"
)

// Every character of what YAML knows is read as it was written, wherever it would take one for something else.
func TestManifestsAreReadAsWritten(t *testing.T) {
	object := map[string]any{}
	for _, letters := range [][2]rune{{0, 0x1000}, {0x2000, 0x3100}, {0xd700, 0xd800}, {0xe000, 0x10100}} {
		for letter := letters[0]; letter < letters[1]; letter++ {
			object["a"+string(letter)+"- b"] = []any{string(letter), "a: " + string(letter) + "---" + string(letter) + "b: c"}
		}
	}
	text, err := Manifest([]map[string]any{object, {"next": true}})
	if err != nil {
		t.Fatal(err)
	}
	documents := strings.Split(string(text), "---\n")
	if len(documents) != 3 {
		t.Fatalf("%d documents", len(documents))
	}
	read := map[string]any{}
	if err := yaml.UnmarshalStrict([]byte(documents[1]), &read); err != nil {
		t.Fatal(err)
	}
	for key, value := range object {
		if !reflect.DeepEqual(read[key], value) {
			t.Errorf("%q: %q became %q", key, value, read[key])
		}
	}
	if len(read) != len(object) {
		t.Errorf("%d keys became %d", len(object), len(read))
	}
}
