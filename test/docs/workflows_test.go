// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package docs_test

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"sigs.k8s.io/yaml"
)

// workflow is what is checked of a workflow of GitHub Actions.
type workflow struct {
	On          any            `json:"on"`
	Permissions map[string]any `json:"permissions"`
	Jobs        map[string]struct {
		RunsOn      string         `json:"runs-on"`
		Timeout     int            `json:"timeout-minutes"`
		Permissions map[string]any `json:"permissions"`
		Steps       []struct {
			Uses string         `json:"uses"`
			Run  string         `json:"run"`
			With map[string]any `json:"with"`
		} `json:"steps"`
	} `json:"jobs"`
}

// writable are the rights to write that jobs have, with the reason in the workflow. A new one has to be meant.
var writable = []string{"release contents", "release id-token", "codeql security-events", "scorecard security-events"}

// TestWorkflows holds what runs with the rights of the repository to few rights, and to actions that cannot change.
func TestWorkflows(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(root, ".github/workflows/*"))
	if err != nil || len(files) < 3 {
		t.Fatalf("found only the workflows %v: %v", files, err)
	}
	pinned := regexp.MustCompile(`^\s*- uses: [\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$`)
	for _, file := range files {
		name, text := filepath.Base(file), read(t, filepath.Join(".github/workflows", filepath.Base(file)))
		for line := range strings.Lines(text) {
			if strings.Contains(line, "uses:") && !pinned.MatchString(strings.TrimSuffix(line, "\n")) {
				t.Errorf("%s: pin the action by the SHA of a commit, with its version after it: %s", name, line)
			}
		}
		var parsed workflow
		if err := yaml.Unmarshal([]byte(text), &parsed); err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		checkWorkflow(t, name, &parsed)
	}
}

func checkWorkflow(t *testing.T, name string, parsed *workflow) {
	t.Helper()
	if parsed.Permissions == nil || len(parsed.Permissions) > 0 || len(parsed.Jobs) == 0 {
		t.Errorf("%s: give no rights to all jobs, but to each its own: permissions: {}", name)
	}
	for id, job := range parsed.Jobs {
		if job.RunsOn == "" || job.Timeout == 0 || len(job.Permissions) == 0 || len(job.Steps) == 0 {
			t.Errorf("%s, job %s: it takes runs-on, timeout-minutes, permissions and steps", name, id)
		}
		for right, level := range job.Permissions {
			if level != "read" && !slices.Contains(writable, id+" "+right) {
				t.Errorf("%s, job %s: the right %s: %v is not among those that are meant", name, id, right, level)
			}
		}
		for i, step := range job.Steps {
			if (step.Uses == "") == (step.Run == "") {
				t.Errorf("%s, job %s, step %d: it takes either uses or run", name, id, i)
			}
			if strings.HasPrefix(step.Uses, "actions/checkout@") && step.With["persist-credentials"] != false {
				t.Errorf("%s, job %s: leave no credentials in the checkout", name, id)
			}
		}
	}
}

// TestToolsAreBuiltWithoutCredentials: the job that has them takes each tool from the one that has none.
func TestToolsAreBuiltWithoutCredentials(t *testing.T) {
	var parsed workflow
	if err := yaml.Unmarshal([]byte(read(t, ".github/workflows/release.yaml")), &parsed); err != nil {
		t.Fatal(err)
	}
	var tools []string
	for _, step := range parsed.Jobs["tools"].Steps {
		tools = append(tools, step.Run)
	}
	if len(parsed.Jobs["tools"].Permissions) != 1 || !slices.Contains(tools, "make release-tools") {
		t.Errorf("the job tools: %+v", parsed.Jobs["tools"])
	}
	for id, job := range parsed.Jobs {
		if text := fmt.Sprint(job); strings.Contains(text, "secrets.") != (id == "release") {
			t.Errorf("the job %s has credentials, or the release has none: %s", id, text)
		}
	}
	all := regexp.MustCompile(`\$\(([A-Z_]+)\)`)
	makefile := read(t, "Makefile")
	called := func(target string) (names []string) {
		_, rest, _ := strings.Cut(makefile, "\n"+target+": ")
		line, _, _ := strings.Cut(rest, "##")
		line, _, _ = strings.Cut(line, "\n")
		for _, match := range all.FindAllStringSubmatch(line, -1) {
			names = append(names, match[1])
		}
		return names
	}
	built := called("release-tools")
	for _, target := range []string{"release", "release-sign", "release-overlay", "bundle", "catalog", "manifests"} {
		for _, name := range called(target) {
			if !slices.Contains(built, name) {
				t.Errorf("make %s builds %s beside the credentials: add it to release-tools", target, name)
			}
		}
	}
}

// TestUpdatesCoverEveryModule fails when a module is nowhere that updates are looked for.
func TestUpdatesCoverEveryModule(t *testing.T) {
	var parsed struct {
		Updates []struct {
			Ecosystem   string   `json:"package-ecosystem"`
			Directories []string `json:"directories"`
		} `json:"updates"`
	}
	if err := yaml.Unmarshal([]byte(read(t, ".github/dependabot.yml")), &parsed); err != nil {
		t.Fatal(err)
	}
	var covered []string
	for _, update := range parsed.Updates {
		if update.Ecosystem == "gomod" {
			covered = update.Directories
		}
	}
	for _, path := range everywhere(t, "go.mod") {
		directory, _ := filepath.Rel(root, filepath.Dir(path))
		if strings.HasPrefix(directory, "tools/controlplanes") { // each stands for a version: another one is another folder.
			continue
		}
		directory = strings.TrimSuffix("/"+directory, ".")
		if !slices.ContainsFunc(covered, func(pattern string) bool { is, _ := filepath.Match(pattern, directory); return is }) {
			t.Errorf("no update looks into %s", directory)
		}
	}
}

// TestUpdatesOfBaseImages fails where Renovate would not raise the tag of a base image, or not pin its digest.
func TestUpdatesOfBaseImages(t *testing.T) {
	var renovate struct {
		EnabledManagers []string `json:"enabledManagers"`
		PinDigests      bool     `json:"pinDigests"`
	}
	if err := yaml.Unmarshal([]byte(read(t, ".github/renovate.json")), &renovate); err != nil {
		t.Fatal(err)
	}
	if !renovate.PinDigests || !slices.Contains(renovate.EnabledManagers, "dockerfile") {
		t.Errorf("Renovate pins digests: %t, and reads %v", renovate.PinDigests, renovate.EnabledManagers)
	}
	base := regexp.MustCompile(`(?m)^(?:ARG [A-Z_]+_IMAGE=|FROM )[a-z0-9.-]+/[a-z0-9./-]+:[\w.-]+(?:@sha256:[0-9a-f]{64})?$`)
	for _, path := range slices.Concat(everywhere(t, "Dockerfile"), everywhere(t, "catalog.Dockerfile")) {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		from := regexp.MustCompile(`(?m)^FROM (?:--platform=\S+ )?(?:[a-z]|\$\{[A-Z_]+_IMAGE\})`).FindAll(text, -1)
		if named := base.FindAll(text, -1); len(named) == 0 || len(named) != len(from) {
			t.Errorf("%s is made FROM %d images, and names %d by registry, repository and tag", path, len(from), len(named))
		}
	}
}

// everywhere are the files of that name in the tree.
func everywhere(t *testing.T, name string) []string {
	t.Helper()
	var all []string
	for _, pattern := range []string{"", "*", "*/*", "*/*/*"} {
		files, err := filepath.Glob(filepath.Join(root, pattern, name))
		if err != nil {
			t.Fatal(err)
		}
		for _, path := range files {
			if inside, _ := filepath.Rel(root, path); !strings.HasPrefix(inside, "bin") && !strings.HasPrefix(inside, "dist") {
				all = append(all, path)
			}
		}
	}
	if len(all) == 0 {
		t.Fatalf("found no %s", name)
	}
	return all
}
