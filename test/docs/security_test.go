// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package docs_test

import (
	"io/fs"
	"os"
	"regexp"
	"strings"
	"testing"
)

// TestThreatsNameTestsThatExist follows the last column of the threat model: to functions of Go, and to what specs are called.
func TestThreatsNameTestsThatExist(t *testing.T) {
	text := read(t, "SECURITY.md")
	_, table, _ := strings.Cut(text, "| shown by |")
	table, _, _ = strings.Cut(table, "\n\n")
	code, function, named, rows := tests(t), regexp.MustCompile(`^(Test|Fuzz)\w+$`), regexp.MustCompile("`([^`]+)`"), 0
	for line := range strings.Lines(table) {
		cells := strings.Split(strings.TrimSpace(line), "|")
		if len(cells) < 6 || strings.HasPrefix(cells[1], " ---") {
			continue
		}
		rows++
		names := named.FindAllStringSubmatch(cells[4], -1)
		if len(names) == 0 {
			t.Errorf("SECURITY.md: no test shows what holds %s", cells[1])
		}
		for _, name := range names {
			wanted := `("` + name[1] + `"`
			if function.MatchString(name[1]) {
				wanted = "func " + name[1] + "("
			}
			if !strings.Contains(code, wanted) {
				t.Errorf("SECURITY.md names the test %s, and there is none", name[1])
			}
		}
	}
	if rows < 10 {
		t.Errorf("found only %d rows of the threat model: is this test still looking in the right place?", rows)
	}
}

// tests is the code of all tests.
func tests(t *testing.T) string {
	t.Helper()
	var all strings.Builder
	err := fs.WalkDir(os.DirFS(root), ".", func(path string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && (path == "bin" || path == "dist" || path != "." && strings.HasPrefix(entry.Name(), ".")):
			return fs.SkipDir
		case strings.HasSuffix(path, "_test.go"):
			all.WriteString(read(t, path))
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return all.String()
}
