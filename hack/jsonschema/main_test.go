// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"sigs.k8s.io/yaml"
)

// compiled returns the schema of a kind, read by a library for JSON schemas.
func compiled(t *testing.T, folder, name string) *jsonschema.Schema {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(folder, "elasticweb.example.com", name))
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(text, []byte("x-kubernetes-")) {
		t.Errorf("%s has extensions of Kubernetes", name)
	}
	document, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	compiler := jsonschema.NewCompiler()
	if err := compiler.AddResource(name, document); err != nil {
		t.Fatal(err)
	}
	schema, err := compiler.Compile(name)
	if err != nil {
		t.Fatal(err)
	}
	return schema
}

// The samples are valid, and each with one mistake is not.
func TestSamplesAgainstTheSchemas(t *testing.T) {
	folder := t.TempDir()
	crds, err := filepath.Glob("../../config/crd/bases/*.yaml")
	if err != nil || len(crds) != 2 {
		t.Fatalf("%d CRDs, error %v", len(crds), err)
	}
	for _, crd := range crds {
		if err := write(crd, folder); err != nil {
			t.Fatal(err)
		}
	}
	schemas := map[string]*jsonschema.Schema{
		"ElasticWeb":          compiled(t, folder, "elasticweb_v1.json"),
		"ElasticWebBenchmark": compiled(t, folder, "elasticwebbenchmark_v1alpha1.json"),
	}
	seen := map[string]int{}
	for _, sample := range samples(t) {
		kind, _ := sample["kind"].(string)
		schema := schemas[kind]
		if schema == nil {
			continue
		}
		seen[kind]++
		if err := schema.Validate(sample); err != nil {
			t.Errorf("the sample %v: %v", sample["metadata"], err)
		}
		spec, _ := sample["spec"].(map[string]any)
		for mistake, value := range map[string]any{"imagee": "nginx", "image": 5.0, "resources": map[string]any{"limit": map[string]any{}}} {
			before, isThere := spec[mistake]
			spec[mistake] = value
			if err := schema.Validate(sample); err == nil || !strings.Contains(err.Error(), "/spec") {
				t.Errorf("%s %s=%v: got %v, want an error that names the spec", kind, mistake, value, err)
			}
			if delete(spec, mistake); isThere {
				spec[mistake] = before
			}
		}
		sample["kind"] = "Elasticweb"
		if err := schema.Validate(sample); err == nil {
			t.Errorf("%s: another kind is valid", kind)
		}
	}
	if seen["ElasticWeb"] == 0 || seen["ElasticWebBenchmark"] == 0 {
		t.Errorf("samples of each kind: %v", seen)
	}
}

// samples are the documents of config/samples.
func samples(t *testing.T) []map[string]any {
	t.Helper()
	paths, err := filepath.Glob("../../config/samples/*.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var found []map[string]any
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for document := range strings.SplitSeq(string(text), "\n---\n") {
			sample := map[string]any{}
			if err := yaml.Unmarshal([]byte(document), &sample); err != nil {
				t.Fatal(err)
			}
			found = append(found, sample)
		}
	}
	return found
}
