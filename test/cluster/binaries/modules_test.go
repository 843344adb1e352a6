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

// tools is the folder that holds the modules.
const tools = "../../../tools"

func TestModulesOfTheSourceTree(t *testing.T) {
	for _, m := range modules {
		b, err := m.newBuild(tools, runtime.GOARCH, nil, nil)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(b.dir, m.folder+"/"+b.version+"-") {
			t.Errorf("%s is cached in %s, which does not name its version, %s", m.folder, b.dir, b.version)
		}
	}
}

func TestOtherVersionsOfTheControlPlane(t *testing.T) {
	for minor, want := range map[string]string{"1.30": "controlplanes/1.30", "1.37": "controlplane"} {
		t.Setenv(versionVariable, minor)
		builds, err := Request{Names: append(All(), Kubelet)}.builds(tools, runtime.GOARCH)
		if err != nil {
			t.Fatal(err)
		}
		from := map[string]*build{}
		for _, b := range builds {
			for _, name := range b.names {
				from[name] = b
			}
		}
		for _, name := range []string{KubeAPIServer, KubeControllerManager, KubeScheduler, Kubectl} {
			if b := from[name]; b.folder != want || !strings.HasPrefix(b.version, "v"+minor+".") {
				t.Errorf("with %s=%s, %s is %s from %s", versionVariable, minor, name, b.version, b.folder)
			}
		}
		for name, folder := range map[string]string{Etcd: "etcd", Kwok: "kwok", Kubelet: "node"} {
			if from[name].folder != folder {
				t.Errorf("with %s=%s, %s is built from %s", versionVariable, minor, name, from[name].folder)
			}
		}
	}
	t.Setenv(versionVariable, "1.29")
	if _, err := (Request{Names: All()}).builds(tools, runtime.GOARCH); err == nil || !strings.Contains(err.Error(), "hack/controlplane.sh") {
		t.Errorf("a version that is not there: got %v, want an error that tells how to have it", err)
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
