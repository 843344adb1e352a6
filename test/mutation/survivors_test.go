// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestSurvivorsNeedAReason(t *testing.T) {
	for text, want := range map[string]string{
		"a.go X `b`\n  it is the same\n":          "",
		"# a comment\n\na.go X `b`\n  the same\n": "",
		"a.go X `b`\n":                           "no reason stands below a.go",
		"a.go X `b`\n\nc.go X `d`\n  the same\n": "no reason stands below a.go",
	} {
		name := filepath.Join(t.TempDir(), "survivors.txt")
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := readSurvivors(name)
		if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("%q: got %v, want %q", text, err, want)
		}
	}
}

func TestCount(t *testing.T) {
	a := mutant{file: "p/a.go", change: "X", code: "a «< b", status: "LIVED"}
	b := mutant{file: "p/a.go", change: "X", code: "a «> b", status: "LIVED"}
	killed := mutant{file: "p/a.go", status: "KILLED"}
	excused := survivors{a.key(): false, "p/a.go X `gone`": false, "q/a.go X `elsewhere`": false}
	c := count([]mutant{a, b, killed, killed, {status: "TIMED OUT"}, {status: "NOT COVERED"}}, excused)
	if c.killed != 3 || c.excused != 1 || c.uncovered != 1 || !slices.Equal(c.survivors, []mutant{b}) || c.share() != 75 {
		t.Errorf("got %+v, %g%%", c, c.share())
	}
	if unused := excused.unused([]string{"p"}); !slices.Equal(unused, []string{"p/a.go X `gone`"}) {
		t.Errorf("unused: %v", unused)
	}
}

func TestMark(t *testing.T) {
	if code, err := mark([]string{"", "\tif a < b {"}, 2, 7); err != nil || code != "if a «< b {" {
		t.Errorf("got %q, %v", code, err)
	}
	if _, err := mark([]string{"a"}, 2, 1); err == nil {
		t.Error("a line that is not there is marked")
	}
}
