// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package binaries

import (
	"encoding/json"
	"os/exec"
	"path/filepath"
	"testing"
)

// A package is compiled anew for each version that anything which it imports is of. Where one module of many differs, a first run of
// the demo compiles the libraries of Kubernetes once more.
func TestOperatorAndControlPlaneAreCompiledFromTheSameVersions(t *testing.T) {
	versions := versionsIn(t, filepath.Dir(tools))
	for _, folder := range []string{"etcd", "kwok", "controlplane"} {
		for path, version := range versionsIn(t, filepath.Join(tools, folder)) {
			of, ok := versions[path]
			if !ok {
				versions[path] = version
			} else if of != version {
				t.Errorf("%s is %s in tools/%s, and %s elsewhere: go -C tools/%[3]s get %[1]s@%[4]s", path, version, folder, of)
			}
		}
	}
}

// versionsIn returns the versions of the modules that a go.mod names, by their paths.
func versionsIn(t *testing.T, folder string) map[string]string {
	t.Helper()
	type module struct{ Path, Version string }
	var file struct {
		Require []module
		Replace []struct{ Old, New module }
	}
	cmd := exec.CommandContext(t.Context(), "go", "mod", "edit", "-json")
	cmd.Dir = folder
	output, err := cmd.Output()
	if err == nil {
		err = json.Unmarshal(output, &file)
	}
	if err != nil {
		t.Fatalf("the modules that %s requires: %v", folder, err)
	}
	versions := map[string]string{}
	for _, m := range file.Require {
		versions[m.Path] = m.Version
	}
	for _, r := range file.Replace {
		if _, ok := versions[r.Old.Path]; ok && r.Old.Path == r.New.Path {
			versions[r.Old.Path] = r.New.Version
		}
	}
	if len(versions) == 0 {
		t.Fatalf("%s requires no module", folder)
	}
	return versions
}
