// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package binaries

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// The names of the binaries.
const (
	Etcd                  = "etcd"
	KubeAPIServer         = "kube-apiserver"
	KubeControllerManager = "kube-controller-manager"
	KubeScheduler         = "kube-scheduler"
	Kubectl               = "kubectl"
	Kwok                  = "kwok"

	Kubelet        = "kubelet"
	KubeProxy      = "kube-proxy"
	Containerd     = "containerd"
	ContainerdShim = "containerd-shim-runc-v2"
	CoreDNS        = "coredns"
	CRIProxy       = "cri-proxy"

	Buildkitd = "buildkitd"
	Buildctl  = "buildctl"

	OperatorController = "operator-controller"
	Catalogd           = "catalogd"
)

// All returns the names of the control plane's binaries.
func All() []string {
	return []string{Etcd, KubeAPIServer, KubeControllerManager, KubeScheduler, Kubectl, Kwok}
}

// module is a Go module below tools/ and the binaries that are built from it.
type module struct {
	folder   string            // below tools/
	others   string            // below tools/: a folder with a module for each other version, by its minor version
	requires string            // the module whose version is that of the binaries
	packages map[string]string // by binary
	tags     string            // of the build
	stamp    func(version string) (ldflags string)
}

var modules = []module{
	{
		folder:   "etcd",
		requires: "go.etcd.io/etcd/server/v3",
		packages: map[string]string{Etcd: "."},
	},
	{
		folder:   "kwok",
		requires: "sigs.k8s.io/kwok",
		packages: map[string]string{Kwok: "sigs.k8s.io/kwok/cmd/kwok"},
	},
	{
		folder:   "controlplane",
		others:   "controlplanes",
		requires: "k8s.io/kubernetes",
		packages: map[string]string{
			KubeAPIServer:         "k8s.io/kubernetes/cmd/kube-apiserver",
			KubeControllerManager: "k8s.io/kubernetes/cmd/kube-controller-manager",
			KubeScheduler:         "k8s.io/kubernetes/cmd/kube-scheduler",
			Kubectl:               "k8s.io/kubernetes/cmd/kubectl",
		},
		stamp: stampKubernetes,
	},
	{
		// Apart from the control plane, which most need without it.
		folder:   "node",
		requires: "k8s.io/kubernetes",
		packages: map[string]string{
			Kubelet:   "k8s.io/kubernetes/cmd/kubelet",
			KubeProxy: "k8s.io/kubernetes/cmd/kube-proxy",
		},
		stamp: stampKubernetes,
	},
	{
		folder:   "containerd",
		requires: "github.com/containerd/containerd/v2",
		packages: map[string]string{
			Containerd:     "github.com/containerd/containerd/v2/cmd/containerd",
			ContainerdShim: "github.com/containerd/containerd/v2/cmd/containerd-shim-runc-v2",
		},
		// Snapshotters for other file systems than those that overlayfs works on.
		tags: "no_btrfs,no_zfs,no_devmapper",
	},
	{
		folder:   "coredns",
		requires: "github.com/coredns/coredns",
		packages: map[string]string{CoreDNS: "."},
	},
	{
		folder:   "cri-proxy",
		requires: "k8s.io/cri-api",
		packages: map[string]string{CRIProxy: "."},
	},
	{
		folder:   "buildkit",
		requires: "github.com/moby/buildkit",
		packages: map[string]string{
			Buildkitd: "github.com/moby/buildkit/cmd/buildkitd",
			Buildctl:  "github.com/moby/buildkit/cmd/buildctl",
		},
	},
	{
		folder:   "olmv1",
		requires: "github.com/operator-framework/operator-controller",
		packages: map[string]string{
			OperatorController: "github.com/operator-framework/operator-controller/cmd/operator-controller",
			Catalogd:           "github.com/operator-framework/operator-controller/cmd/catalogd",
		},
		// Signatures without gpgme, which would need cgo.
		tags: "containers_image_openpgp",
	},
}

// versionVariable names the environment variable with the minor version of the
// control plane, such as 1.30, where it is not to be that of tools/controlplane.
const versionVariable = "K8S_VERSION"

// ofVersion returns the module of the version that versionVariable asks for,
// tools being the folder that holds the modules.
func (m module) ofVersion(tools string) (module, error) {
	minor := os.Getenv(versionVariable)
	if m.others == "" || minor == "" {
		return m, nil
	}
	if version, err := m.version(tools); err != nil || strings.HasPrefix(version, "v"+minor+".") {
		return m, err
	}
	other := m
	other.folder = filepath.Join(m.others, minor)
	if _, err := os.Stat(filepath.Join(tools, other.folder)); err != nil {
		return m, fmt.Errorf("%s=%s: there is no folder tools/%s: hack/controlplane.sh makes one", versionVariable, minor, other.folder)
	}
	return other, nil
}

// among returns those of the names that the module has.
func (m module) among(names []string) []string {
	var own []string
	for _, name := range names {
		if m.packages[name] != "" {
			own = append(own, name)
		}
	}
	return own
}

// version returns that of the binaries.
func (m module) version(tools string) (string, error) {
	goMod, err := os.ReadFile(filepath.Join(tools, m.folder, "go.mod"))
	if err != nil {
		return "", err
	}
	version, err := requiredVersion(string(goMod), m.requires)
	if err != nil {
		return "", fmt.Errorf("tools/%s: %w", m.folder, err)
	}
	return version, nil
}

// stampKubernetes sets what kubernetes' own build sets: without it the server
// says that it is v0.0.0, and clients that compare versions misbehave.
func stampKubernetes(version string) string {
	major, minor, _ := strings.Cut(strings.TrimPrefix(version, "v"), ".")
	minor, _, _ = strings.Cut(minor, ".")
	var flags []string
	for _, pkg := range []string{"k8s.io/component-base/version", "k8s.io/client-go/pkg/version"} {
		flags = append(flags,
			fmt.Sprintf("-X %s.gitVersion=%s", pkg, version),
			fmt.Sprintf("-X %s.gitMajor=%s", pkg, major),
			fmt.Sprintf("-X %s.gitMinor=%s", pkg, minor),
			fmt.Sprintf("-X %s.gitTreeState=clean", pkg))
	}
	return strings.Join(flags, " ")
}

// requiredVersion returns the version at which a go.mod file requires a module.
func requiredVersion(goMod, modulePath string) (string, error) {
	for line := range strings.Lines(goMod) {
		fields := strings.Fields(strings.TrimPrefix(strings.TrimSpace(line), "require "))
		if len(fields) >= 2 && fields[0] == modulePath && strings.HasPrefix(fields[1], "v") {
			return fields[1], nil
		}
	}
	return "", fmt.Errorf("go.mod does not require %s", modulePath)
}
