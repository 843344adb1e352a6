// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package binaries

import (
	"encoding/json"
	"os/exec"
	"testing"
)

// required returns the version of each module that a go.mod file names, as it is taken.
func required(t *testing.T, folder string) map[string]string {
	t.Helper()
	var goMod struct {
		Require []struct{ Path, Version string }
		Replace []struct{ Old, New struct{ Path, Version string } }
	}
	cmd := exec.CommandContext(t.Context(), "go", "mod", "edit", "-json")
	cmd.Dir = folder
	output, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(output, &goMod); err != nil {
		t.Fatal(err)
	}
	versions := map[string]string{}
	for _, module := range goMod.Require {
		versions[module.Path] = module.Version
	}
	for _, replace := range goMod.Replace {
		if versions[replace.Old.Path] != "" {
			versions[replace.Old.Path] = replace.New.Version
		}
	}
	return versions
}

// TestTheControlPlaneSharesTheOperatorsModules holds what makes the first run half as long: Go compiles a package once
// for both, but only where it and all that it imports are of the same versions.
func TestTheControlPlaneSharesTheOperatorsModules(t *testing.T) {
	operators, shared := required(t, "../../.."), 0
	for path, version := range required(t, tools+"/controlplane") {
		switch operators[path] {
		case "":
		case version:
			shared++
		default:
			t.Errorf("%s: the operator has %s, tools/controlplane %s: run hack/controlplane.sh", path, operators[path], version)
		}
	}
	if shared < 50 {
		t.Errorf("they share %d modules only", shared)
	}
}
