// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build images

package images

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

const repository = "../.."

// small programs stand in for the product's: they compile in a second.
var small = map[string]string{
	"go.mod": "module github.com/elasticweb/elasticweb-operator\n\ngo 1.26.0\n",
	"go.sum": "",
	"cmd/manager/main.go": `package main

import "fmt"

var version = "devel"

func main() { fmt.Println(version) }
`,
	"cmd/loadtest/main.go":           "package main\n\nfunc main() {}\n",
	"cmd/kubectl-elasticweb/main.go": "package main\n\nvar version string\n\nfunc main() { print(version) }\n",
	"test/scorecard/main.go":         "package main\n\nfunc main() {}\n",
	"cmd/manager/main_test.go":       "package main\n",
	"internal/testdata/left.json":    "{}\n",
}

// smallTree is a checkout of the repository at a commit of its own, with small programs.
func smallTree(t *testing.T) string {
	t.Helper()
	tree := t.TempDir()
	copyFiles(t, tree, func(path string) bool {
		return !strings.HasSuffix(path, ".go") && path != "go.mod" && path != "go.sum"
	})
	for path, content := range small {
		write(t, tree, path, []byte(content))
	}
	firstCommit(t, tree)
	return tree
}

// copyFiles takes the files of the repository as they are, committed or not, with changelog and catalog of version 1.2.3.
func copyFiles(t *testing.T, tree string, wanted func(path string) bool) {
	t.Helper()
	files := run(t, repository, "git", "ls-files", "--cached", "--others", "--exclude-standard")
	for path := range strings.Lines(files) {
		path = strings.TrimSpace(path)
		content, err := os.ReadFile(filepath.Join(repository, path))
		if !wanted(path) || os.IsNotExist(err) { // removed, and not yet committed
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		if path == "CHANGELOG.md" {
			content = bytes.Replace(content, []byte("## [Unreleased]"), []byte("## [Unreleased]\n\n## [1.2.3] - 2026-01-02"), 1)
		}
		if path == "config/catalog/template.yaml" {
			content = bytes.ReplaceAll(content, []byte("v0.1.0"), []byte("v1.2.3"))
		}
		write(t, tree, path, content)
	}
}

// lendTools copies the tools that the repository has built into the tree, which would have to build them anew.
func lendTools(t *testing.T, tree string, names ...string) {
	t.Helper()
	for _, name := range names {
		content, err := os.ReadFile(filepath.Join(repository, "bin", name))
		if err != nil {
			t.Fatalf("%v: make test and make test-images build it", err)
		}
		write(t, tree, "bin/"+name, content)
		if err := os.Chmod(filepath.Join(tree, "bin", name), 0o755); err != nil {
			t.Fatal(err)
		}
	}
}

func firstCommit(t *testing.T, tree string) {
	t.Helper()
	run(t, tree, "git", "init", "--quiet", "--initial-branch=main")
	run(t, tree, "git", "add", "--all")
	run(t, tree, "git", "-c", "user.name=test", "-c", "user.email=test@example.com", "-c", "commit.gpgsign=false",
		"commit", "--quiet", "--date=2026-01-02T03:04:05Z", "--message", "First")
}

func write(t *testing.T, tree, path string, content []byte) {
	t.Helper()
	mode := os.FileMode(0o644)
	if strings.HasSuffix(path, ".sh") {
		mode = 0o755
	}
	path = filepath.Join(tree, path)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, content, mode); err != nil {
		t.Fatal(err)
	}
}

// run returns the output of a command in dir.
func run(t *testing.T, dir, name string, args ...string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), name, args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GIT_COMMITTER_DATE=2026-01-02T03:04:05Z")
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, out)
	}
	return string(out)
}
