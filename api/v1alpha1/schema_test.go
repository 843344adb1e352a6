// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package v1alpha1_test

import (
	"encoding/json"
	"errors"
	"testing"

	"github.com/elasticweb/elasticweb-operator/api/v1alpha1"
	"github.com/elasticweb/elasticweb-operator/test/apiserver"
)

func TestEveryPartOfTheSchemaIsBounded(t *testing.T) {
	leaves := apiserver.Leaves(t, crdPath)
	for _, leaf := range leaves {
		if said := leaf.Unbounded(); said != "" {
			t.Errorf("%s: %s; run make manifests", leaf.Path, said)
		}
	}
	if len(leaves) < 400 {
		t.Errorf("the schema has %d parts", len(leaves))
	}
}

// What the schema accepts and the type does not would end every list and watch, of all ElasticWebBenchmarks.
func TestWhatTheSchemaAcceptsCanBeDecoded(t *testing.T) {
	if _, err := create(t, "edges", `{}`); err != nil {
		t.Fatal(err)
	}
	k8s.Decodes(t, crdPath, "/apis/elasticweb.example.com/v1alpha1/namespaces/default/elasticwebbenchmarks/edges", func(text []byte) error {
		b := &v1alpha1.ElasticWebBenchmark{}
		if err := json.Unmarshal(text, b); err != nil || b.UnreadableSpec+b.UnreadableStatus != "" {
			return errors.Join(err, errors.New(b.UnreadableSpec+b.UnreadableStatus))
		}
		return nil
	})
}
