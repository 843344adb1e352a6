// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package bundle

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// validate runs operator-sdk bundle validate, and returns all that it says, warnings included.
func validate(t *testing.T, s *scene, arguments, environment []string) []string {
	t.Helper()
	command := exec.Command(tool(t, "operator-sdk"), append([]string{"bundle", "validate", filepath.Join(s.root, "bundle"), "--output=json-alpha1"}, arguments...)...)
	command.Env = append(os.Environ(), environment...)
	var complaints strings.Builder
	command.Stderr = &complaints
	output, failed := command.Output()
	var result struct {
		Passed  bool
		Outputs []struct{ Type, Message string }
	}
	if err := json.Unmarshal(output, &result); err != nil {
		t.Fatalf("operator-sdk bundle validate: %v, %v:\n%s%s", failed, err, output, complaints.String())
	}
	var mistakes []string
	for _, output := range result.Outputs {
		mistakes = append(mistakes, output.Type+": "+output.Message)
	}
	if !result.Passed && len(mistakes) == 0 {
		mistakes = append(mistakes, "it does not pass, and does not say why")
	}
	return mistakes
}

var suites = map[string][]string{
	"default":           nil,
	"operatorframework": {"--select-optional=suite=operatorframework", "--optional-values=k8s-version=1.36"},
	"community":         {"--select-optional=name=community"},
}

func TestOperatorSDKValidates(t *testing.T) {
	for name, arguments := range suites {
		t.Run(name, func(t *testing.T) {
			for _, mistake := range validate(t, newScene(t), arguments, nil) {
				t.Error(mistake)
			}
		})
	}
}

func TestOperatorSDKFinds(t *testing.T) {
	for name, given := range map[string]struct {
		suite  string
		change func(map[string]any)
		says   string
	}{
		"a CRD that the CSV does not own": {"default", func(csv map[string]any) { delete(table(csv, "spec", "customresourcedefinitions"), "owned") }, "not defined in CSV"},
		"an unknown category":             {"operatorframework", annotate("categories", "Nonsense"), "Nonsense"},
		"no requests of resources":        {"operatorframework", func(csv map[string]any) { delete(manager(csv), "resources") }, "resource requests"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newScene(t)
			s.edit(t, given.change)
			expectMistake(t, validate(t, s, suites[given.suite], nil), given.says)
		})
	}
}

func expectMistake(t *testing.T, mistakes []string, says string) {
	t.Helper()
	if !slices.ContainsFunc(mistakes, func(mistake string) bool { return strings.Contains(mistake, says) }) {
		t.Errorf("found %q, want %q among it", mistakes, says)
	}
}

// multiarch runs the validator of architectures with a docker that answers. It also wants each image to have been looked
// at: left to itself the validator passes when it could not.
func multiarch(t *testing.T, s *scene) []string {
	t.Helper()
	folder := t.TempDir()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(self, filepath.Join(folder, dockerName)); err != nil {
		t.Fatal(err)
	}
	seen := filepath.Join(folder, "log")
	mistakes := validate(t, s, []string{"--select-optional=name=multiarch"}, []string{
		"PATH=" + folder, dockerMirror + "=" + s.mirror, dockerLog + "=" + seen,
	})
	text, err := os.ReadFile(seen)
	if err != nil {
		return append(mistakes, "no image was looked at: "+err.Error())
	}
	for _, image := range s.load(t).images() {
		if !slices.Contains(strings.Split(string(text), "\n"), image) {
			mistakes = append(mistakes, image+" was not looked at")
		}
	}
	return mistakes
}

func TestMultiarchValidates(t *testing.T) {
	for _, mistake := range multiarch(t, newScene(t).serve(t)) {
		t.Error(mistake)
	}
}

func TestMultiarchFinds(t *testing.T) {
	t.Run("an image that lacks an architecture", func(t *testing.T) {
		expectMistake(t, multiarch(t, newScene(t).serve(t, "linux/amd64", "linux/arm64", "linux/ppc64le")), "s390x")
	})
	t.Run("no registry", func(t *testing.T) {
		s := newScene(t)
		s.mirror = "quay.io=http://127.0.0.1:1"
		expectMistake(t, multiarch(t, s), "unable to inspect")
	})
}

// scorecard runs a test of test/scorecard as a process.
func scorecard(t *testing.T, command string, s *scene, name string) []string {
	t.Helper()
	output, err := exec.Command(command, "-bundle", filepath.Join(s.root, "bundle"), "-mirror", s.mirror, name).Output()
	if err != nil {
		t.Fatalf("scorecard %s: %v", name, err)
	}
	var status struct {
		Results []struct {
			State  string
			Errors []string
		}
	}
	if err := json.Unmarshal(output, &status); err != nil || len(status.Results) != 1 {
		t.Fatalf("scorecard %s: %v, wrote %s", name, err, output)
	}
	result := status.Results[0]
	if result.State != "pass" && len(result.Errors) == 0 {
		return []string{"the state is " + result.State}
	}
	return result.Errors
}

func TestArchitecturesAgree(t *testing.T) {
	command := build(t, "test/scorecard")
	s := newScene(t).serve(t)
	for _, name := range []string{"architectures", "affinity", "descriptors"} {
		t.Run(name, func(t *testing.T) {
			for _, mistake := range scorecard(t, command, s, name) {
				t.Error(mistake)
			}
		})
	}
}

func label(architecture string) func(map[string]any) {
	return func(csv map[string]any) {
		delete(table(csv, "metadata", "labels"), "operatorframework.io/"+architecture)
	}
}

func nodeAffinity(csv map[string]any) map[string]any {
	return table(csv, "spec", "install", "spec", "deployments", 0, "spec", "template", "spec", "affinity", "nodeAffinity")
}

// requirement is the nth one of the manager's required term: the architectures, then the operating system.
func requirement(csv map[string]any, n int) map[string]any {
	return table(nodeAffinity(csv), "requiredDuringSchedulingIgnoredDuringExecution", "nodeSelectorTerms", 0, "matchExpressions", n)
}

func TestArchitecturesThatDisagreeAreFound(t *testing.T) {
	command := build(t, "test/scorecard")
	for name, given := range map[string]struct {
		platforms []string
		change    func(map[string]any)
		check     string
		says      string
	}{
		"an architecture out of the image":    {[]string{"linux/amd64", "linux/arm64", "linux/ppc64le"}, nil, "architectures", "s390x"},
		"an architecture more in the image":   {[]string{"linux/amd64", "linux/arm64", "linux/ppc64le", "linux/s390x", "linux/riscv64"}, nil, "architectures", "riscv64"},
		"a label out of the CSV":              {nil, label("arch.ppc64le"), "architectures", "ppc64le"},
		"the label of the system":             {nil, label("os.linux"), "architectures", "os.linux"},
		"an architecture out of the affinity": {nil, func(csv map[string]any) { requirement(csv, 0)["values"] = []any{"amd64", "arm64", "ppc64le"} }, "affinity", "s390x"},
		"the system out of the affinity":      {nil, func(csv map[string]any) { requirement(csv, 1)["key"] = "other" }, "affinity", "kubernetes.io/os"},
		"a weight out of the affinity": {nil, func(csv map[string]any) {
			list := nodeAffinity(csv)
			list["preferredDuringSchedulingIgnoredDuringExecution"] = list["preferredDuringSchedulingIgnoredDuringExecution"].([]any)[1:]
		}, "affinity", "amd64"},
		"a descriptor": {nil, dropDescriptor("specDescriptors", "image"), "descriptors", "spec.image"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newScene(t)
			if given.change != nil {
				s.edit(t, given.change)
			}
			s.serve(t, given.platforms...)
			expectMistake(t, scorecard(t, command, s, given.check), given.says)
		})
	}
	t.Run("no registry", func(t *testing.T) {
		s := newScene(t)
		s.mirror = "quay.io=http://127.0.0.1:1"
		expectMistake(t, scorecard(t, command, s, "architectures"), "ask the registry")
	})
}
