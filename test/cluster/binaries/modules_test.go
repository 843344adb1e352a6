// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package binaries

import (
	"runtime"
	"strings"
	"testing"
)

func TestRequiredVersion(t *testing.T) {
	for name, test := range map[string]struct {
		goMod, want string
	}{
		"a line of its own": {"module m\nrequire example.com/a v1.2.3\n", "v1.2.3"},
		"in a block":        {"require (\n\texample.com/b v1.0.0\n\texample.com/a v1.2.3 // indirect\n)\n", "v1.2.3"},
		"replaced, too":     {"replace example.com/a => example.com/a v9.9.9\nrequire example.com/a v1.2.3\n", "v1.2.3"},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := requiredVersion(test.goMod, "example.com/a")
			if err != nil || got != test.want {
				t.Errorf("got %q, %v, want %q", got, err, test.want)
			}
		})
	}
	if got, err := requiredVersion("module m\n", "example.com/a"); err == nil {
		t.Errorf("not required: got %q, want an error", got)
	}
}

func TestEveryBinaryHasAModule(t *testing.T) {
	for _, name := range All() {
		found := 0
		for _, m := range modules {
			if m.packages[name] != "" {
				found++
			}
		}
		if found != 1 {
			t.Errorf("%s is built from %d modules, want 1", name, found)
		}
	}
}

func TestModulesOfTheSourceTree(t *testing.T) {
	for _, m := range modules {
		b, err := m.newBuild(runtime.GOARCH, nil)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(b.dir, m.folder+"/"+b.version+"-") {
			t.Errorf("%s is cached in %s, which does not name its version, %s", m.folder, b.dir, b.version)
		}
	}
}

func TestOtherVersionsOfTheControlPlane(t *testing.T) {
	folders := map[string]string{}
	for _, minor := range []string{"1.30", "1.36"} {
		t.Setenv(versionVariable, minor)
		for _, m := range modules {
			b, err := m.newBuild(runtime.GOARCH, nil)
			if err != nil {
				t.Fatal(err)
			}
			if m.folder == "controlplane" && !strings.HasPrefix(b.version, "v"+minor+".") {
				t.Errorf("with %s=%s the control plane is %s", versionVariable, minor, b.version)
			}
			if m.folder == "controlplane" {
				folders[b.source] = minor
			}
			if m.folder != "controlplane" && b.folder != m.folder {
				t.Errorf("with %s=%s, %s is built from %s", versionVariable, minor, m.folder, b.folder)
			}
		}
	}
	if len(folders) != 2 {
		t.Errorf("two versions are built from %v", folders)
	}
	t.Setenv(versionVariable, "1.29")
	for _, m := range modules {
		if _, err := m.newBuild(runtime.GOARCH, nil); m.others != "" && (err == nil || !strings.Contains(err.Error(), "hack/controlplane.sh")) {
			t.Errorf("a version that is not there: got %v, want an error that tells how to have it", err)
		}
	}
}

func TestKubernetesKnowsItsVersion(t *testing.T) {
	flags := stampKubernetes("v1.36.3")
	for _, want := range []string{
		"-X k8s.io/component-base/version.gitVersion=v1.36.3 ",
		"-X k8s.io/component-base/version.gitMajor=1 ",
		"-X k8s.io/component-base/version.gitMinor=36 ",
	} {
		if !strings.Contains(flags, want) {
			t.Errorf("the flags %q lack %q", flags, want)
		}
	}
}
