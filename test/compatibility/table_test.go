// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestTableReplacesTheOneBefore(t *testing.T) {
	results := map[string][]string{}
	for _, f := range features {
		results[f.name] = []string{"3 tests pass", "fails"}
	}
	once, err := replaceTable("above\n"+tableBegin+"old\n"+tableEnd+"below\n", table([]string{"1.30", "1.37"}, results))
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(once, "above\n"+tableBegin+"| what | Kubernetes 1.30 | Kubernetes 1.37 |\n| --- | --- | --- |\n") ||
		!strings.HasSuffix(once, "| 3 tests pass | fails |\n"+tableEnd+"below\n") || strings.Contains(once, "old") {
		t.Errorf("got\n%s", once)
	}
	if _, err := replaceTable("no marks", "x"); err == nil {
		t.Error("a page without marks: want an error")
	}
}

func TestCountPassed(t *testing.T) {
	for name, test := range map[string]struct {
		output string
		want   int
	}{
		"specs":          {"--- PASS: TestSuite (1s)\nRan 4 of 9 Specs in 1 seconds\nSUCCESS! -- 4 Passed | 0 Failed | 0 Pending | 5 Skipped\n", 4},
		"two suites":     {"2 Passed | 0 Failed\n3 Passed | 0 Failed\n", 5},
		"tests":          {"--- PASS: TestA (0s)\n    --- PASS: TestA/b (0s)\n--- PASS: TestC (0s)\n", 2},
		"nothing at all": {"ok\n", 0},
	} {
		t.Run(name, func(t *testing.T) {
			if got := countPassed(test.output); got != test.want {
				t.Errorf("got %d, want %d", got, test.want)
			}
		})
	}
}

// What the table speaks of must be there, or a renamed suite would be left out of it without a word.
func TestPageAndPackagesExist(t *testing.T) {
	page, err := os.ReadFile("../../docs/compatibility.md")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := replaceTable(string(page), ""); err != nil {
		t.Error(err)
	}
	for _, f := range features {
		if !strings.Contains(string(page), "| "+f.name+" |") {
			t.Errorf("docs/compatibility.md has no row %q: make test-versions", f.name)
		}
		if _, err := os.Stat(filepath.Join("../..", strings.TrimSuffix(f.pkg, "/..."))); err != nil {
			t.Error(err)
		}
	}
}
