// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

// Package golden holds what tests make against files. go test PACKAGE -update writes these.
package golden

import (
	"flag"
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var isUpdate = flag.Bool("update", false, "write the golden files")

// Check fails the test where a text is not that of the file; meaning says what another one means.
func Check(t *testing.T, path, made, meaning string) {
	t.Helper()
	if *isUpdate {
		if err := os.WriteFile(path, []byte(made), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), made); diff != "" {
		t.Errorf("%s (-golden +made):\n%s", meaning, diff)
	}
}
