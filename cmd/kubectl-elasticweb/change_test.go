// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"
)

// creating takes note of what it is to create.
type creating struct {
	client.Client
	created client.Object
}

func (c *creating) Create(_ context.Context, object client.Object, _ ...client.CreateOption) error {
	c.created = object
	return nil
}

// TestANewOneIsTriedAsItWasWritten: the API server sees the fields that there are not, and refuses them.
func TestANewOneIsTriedAsItWasWritten(t *testing.T) {
	given := &unstructured.Unstructured{}
	if err := yaml.Unmarshal([]byte(manifest("shop", "shop:1", 30001, "  totalqps: 2400\n")), given); err != nil {
		t.Fatal(err)
	}
	cluster := &creating{}
	web, isUnchecked, err := change{manifest: given}.tried(t.Context(), cluster)
	if err != nil || isUnchecked || *web.Spec.Port != 30001 {
		t.Errorf("%+v %t %v", web, isUnchecked, err)
	}
	tried, isAsGiven := cluster.created.(*unstructured.Unstructured)
	if !isAsGiven {
		t.Fatalf("tried is a %T", cluster.created)
	}
	if _, isThere, _ := unstructured.NestedFieldNoCopy(tried.Object, "spec", "totalqps"); !isThere {
		t.Errorf("lacks what was written: %v", tried.Object)
	}
}

// TestComplete: of what no API server looks at, a field without which nothing is planned is named.
func TestComplete(t *testing.T) {
	for _, field := range []string{"port", "image", "singlePodsQPS", ""} {
		given := &unstructured.Unstructured{}
		if err := yaml.Unmarshal([]byte(manifest("shop", "shop:1", 30001, "")), given); err != nil {
			t.Fatal(err)
		}
		unstructured.RemoveNestedField(given.Object, "spec", field)
		web, err := fromManifest(given)
		if err != nil {
			t.Fatal(err)
		}
		if err := complete(web); (err != nil) != (field != "") || err != nil && !strings.Contains(err.Error(), "spec."+field+": set it") {
			t.Errorf("without %q: %v", field, err)
		}
	}
}
