// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package chart_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/elasticweb/elasticweb-operator/test/golden"
)

// Every file testdata/<name>.values.yaml has its manifest and notes beside it.
func TestManifestsAreAsBefore(t *testing.T) {
	sets, err := filepath.Glob("testdata/*.values.yaml")
	if err != nil || len(sets) == 0 {
		t.Fatalf("no sets of values: %v", err)
	}
	for _, path := range sets {
		stem := strings.TrimSuffix(path, ".values.yaml")
		t.Run(filepath.Base(stem), func(t *testing.T) {
			text, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			made, err := render(loadChart(t), "shop", values(t, string(text)))
			if err != nil {
				t.Fatal(err)
			}
			if _, err := jobsOf(made.Manifest); err != nil {
				t.Errorf("not Jobs: %s", err)
			}
			compare(t, stem+".golden.yaml", made.Manifest)
			compare(t, stem+".notes.txt", made.Info.Notes)
			for range 10 {
				again, err := render(loadChart(t), "shop", values(t, string(text)))
				if err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(made.Manifest+made.Info.Notes, again.Manifest+again.Info.Notes); diff != "" {
					t.Fatalf("the same values gave something else (-first +again):\n%s", diff)
				}
			}
		})
	}
}

func compare(t *testing.T, path, made string) {
	t.Helper()
	golden.Check(t, path, made, "run with -update if this is meant, and raise the chart's version where it changes a Job")
}
