// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build linux && e2e && buildkit

package e2e_test

import (
	"context"
	"os/exec"
	"regexp"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/elasticweb/elasticweb-operator/test/cluster/binaries"
	"github.com/elasticweb/elasticweb-operator/test/nodes"
)

const buildkitImage = "docker.io/moby/buildkit:e2e"

// pushBuildKit puts BuildKit into an image, as its own Dockerfile does: the daemon, the client by which buildx and the
// probes talk to it, and runc. The latter is this machine's on all nodes: the emulator does not know what it does.
func (s *scenario) pushBuildKit(ctx context.Context, architectures ...string) {
	GinkgoHelper()
	empty := GinkgoT().TempDir()
	image := nodes.Image{
		Files:    map[string]string{"/tmp": empty},
		FilesFor: map[string]map[string]string{},
		Config: v1.Config{
			Entrypoint: []string{"buildkitd"}, Env: []string{"PATH=/usr/bin"},
			Volumes: map[string]struct{}{"/var/lib/buildkit": {}},
		},
	}
	for target, source := range runcWithLibraries(ctx) {
		image.Files[target] = source
	}
	for _, architecture := range architectures {
		paths, err := binaries.EnsureFor(ctx, GinkgoWriter, architecture, binaries.Buildkitd, binaries.Buildctl)
		Expect(err).NotTo(HaveOccurred())
		image.FilesFor[architecture] = map[string]string{
			"/usr/bin/buildkitd": paths[binaries.Buildkitd],
			"/usr/bin/buildctl":  paths[binaries.Buildctl],
		}
	}
	index, err := image.Build(ctx, architectures...)
	Expect(err).NotTo(HaveOccurred())
	_, err = s.Registry().Push("moby/buildkit:e2e", index)
	Expect(err).NotTo(HaveOccurred())
}

// runcWithLibraries are the files without which this machine's runc does not start, by their path in an image.
func runcWithLibraries(ctx context.Context) map[string]string {
	GinkgoHelper()
	runc, err := exec.LookPath("runc")
	Expect(err).NotTo(HaveOccurred())
	libraries, err := exec.CommandContext(ctx, "ldd", runc).CombinedOutput()
	Expect(err).NotTo(HaveOccurred(), string(libraries))
	files := map[string]string{"/usr/bin/runc": runc}
	for _, library := range regexp.MustCompile(`(/\S+) \(0x`).FindAllStringSubmatch(string(libraries), -1) {
		files[library[1]] = library[1]
	}
	return files
}

// builtArchitectures are those of the nodes that build: this machine's, and one that is emulated.
var builtArchitectures = mixedArchitectures[:2]
