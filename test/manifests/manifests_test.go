// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package manifests

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestReadFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "two.yaml")
	text := "# a comment\n---\nkind: Role\nmetadata: {name: first}\n---\n---\n{\"kind\": \"Job\", \"metadata\": {\"name\": \"second\"}}\n"
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	objects, err := ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if len(objects) != 2 || objects[0].GetName() != "first" || objects[1].GetKind() != "Job" || objects[1].GetName() != "second" {
		t.Errorf("objects %v", objects)
	}
	if err := os.WriteFile(path, []byte("kind: Role\n---\nno: [object\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := ReadFile(path); err == nil || !strings.Contains(err.Error(), path) {
		t.Errorf("a document that is no YAML: %v", err)
	}
	if _, err := ReadFile(path + ".absent"); err == nil {
		t.Error("an absent file is no error")
	}
}
