// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build linux && e2e && buildkit

package e2e_test

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/elasticweb/elasticweb-operator/test/compile"
	"github.com/elasticweb/elasticweb-operator/test/nodes"
)

var _ = Describe("Building on the cluster, on nodes of two architectures", Ordered, func() {
	var (
		s *scenario
		b *builder
	)

	BeforeAll(func(ctx SpecContext) {
		var pools []nodes.Pool
		for _, architecture := range builtArchitectures {
			pools = append(pools, nodes.Pool{Arch: architecture, Count: 1})
		}
		s = startScenario(ctx, "buildx", pools...)
		s.pushBuildKit(ctx, builtArchitectures...)
		s.kubectl(ctx, "apply", "--server-side", "--kustomize="+filepath.Join(root, "config/buildx-privileged"))
		b = newBuilder(ctx, s)
	}, NodeTimeout(time.Hour)) // From nothing, much is compiled.

	AfterEach(func() { s.keepLogs() })

	It("has BuildKit run on a node of each architecture", func(ctx SpecContext) {
		b.make(ctx, "buildx-kubernetes", "BUILDKIT_ROOTLESS=false", "BUILDKIT_IMAGE="+buildkitImage, "BUILDKIT_CONFIG="+b.config)
		for _, architecture := range builtArchitectures {
			var pods corev1.PodList
			Expect(b.admin.List(ctx, &pods, client.InNamespace(buildNamespace), client.MatchingLabels{"app": "kube-" + architecture})).To(Succeed())
			Expect(pods.Items).To(HaveLen(1))
			Expect(pods.Items[0].Spec.NodeName).To(Equal(architecture + "-0"))
			Expect(pods.Items[0].Status.ContainerStatuses[0].Ready).To(BeTrue())
		}
	}, NodeTimeout(6*time.Minute))

	It("builds an image for both, each part on its own node, and pushes them as one", func(ctx SpecContext) {
		folder := b.webServerContext(ctx)
		b.make(ctx, "docker-buildx", "BUILDER=kube", "IMG="+builtImage, "CONTEXT="+folder, "DOCKERFILE="+filepath.Join(folder, "Dockerfile"))
		Expect(b.platforms(ctx, "elasticweb/built:1")).To(ConsistOf(b.allPlatforms()))
		for _, architecture := range builtArchitectures {
			steps := b.kubectl(ctx, "exec", "deployment/kube-"+architecture, "--namespace="+buildNamespace, "--", "buildctl", "du", "--verbose")
			Expect(steps).To(ContainSubstring("COPY webserver-"+architecture), "what BuildKit did on that node")
		}
	}, NodeTimeout(4*time.Minute))

	It("has made what runs on both", func(ctx SpecContext) {
		for _, architecture := range builtArchitectures {
			b.kubectl(ctx, "run", "built-"+architecture, "--image="+builtImage,
				`--overrides={"spec": {"nodeSelector": {"kubernetes.io/arch": "`+architecture+`"}}}`)
		}
		for _, architecture := range builtArchitectures {
			pod := "pod/built-" + architecture
			b.kubectl(ctx, "wait", "--for=condition=Ready", pod, "--timeout=2m")
			url := "http://" + b.kubectl(ctx, "get", pod, "--output=jsonpath={.status.podIP}") + ":8080/"
			Expect(eventuallyAnswer(ctx, url, []string{"built-" + architecture})[0].architecture).To(Equal(architecture))
		}
	}, NodeTimeout(4*time.Minute))

	It("is gone after buildx rm", func(ctx SpecContext) {
		b.buildx(ctx, "rm", "kube")
		Eventually(ctx, func() string {
			return b.kubectl(ctx, "get", "deployments,pods", "--namespace="+buildNamespace, "--output=name")
		}).Should(BeEmpty())
		Expect(b.kubectl(ctx, "get", "configmaps", "--namespace="+buildNamespace, "--output=name")).To(Equal("configmap/kube-root-ca.crt"))
	}, NodeTimeout(3*time.Minute))
})

const (
	buildNamespace = "elasticweb-buildx"
	builtImage     = "quay.io/elasticweb/built:1"

	// What is compiled stands in the context, since no image with a compiler is to be had.
	builtDockerfile = `FROM scratch
ARG TARGETARCH
COPY webserver-${TARGETARCH} /webserver
ENTRYPOINT ["/webserver"]
`
)

// builder is who builds: with buildx, and the rights of its service account.
type builder struct {
	*scenario

	program string
	config  string // of BuildKit
	hosts   string // leads to the registry who asks for a public one
	env     []string
}

func newBuilder(ctx context.Context, s *scenario) *builder {
	GinkgoHelper()
	program, err := filepath.Abs(filepath.Join(root, "bin", "buildx"))
	Expect(err).NotTo(HaveOccurred())
	Expect(program).To(BeAnExistingFile(), "make e2e builds it")
	folder := GinkgoT().TempDir()
	b := &builder{scenario: s, program: program, config: filepath.Join(folder, "buildkitd.toml"), hosts: filepath.Join(folder, "hosts")}

	kubeconfig := filepath.Join(folder, "kubeconfig")
	Expect(s.WriteServiceAccountKubeconfig(ctx, kubeconfig, buildNamespace, "buildx")).To(Succeed())
	authority := filepath.Join(folder, "registry.crt")
	b.env = append(os.Environ(), "KUBECONFIG="+kubeconfig, "BUILDX_CONFIG="+filepath.Join(folder, "buildx"),
		"DOCKER_CONFIG="+filepath.Join(folder, "docker"), "SSL_CERT_FILE="+authority, "MAKEFLAGS=", "MAKELEVEL=", "MAKEOVERRIDES=")

	Expect(os.WriteFile(authority, s.Registry().CertificateAuthority, 0o600)).To(Succeed())
	Expect(os.WriteFile(b.config, fmt.Appendf(nil, "[registry.\"quay.io\"]\n  ca = [%q]\n", authority), 0o600)).To(Succeed())
	address, _, err := net.SplitHostPort(s.Registry().Address)
	Expect(err).NotTo(HaveOccurred())
	Expect(os.WriteFile(b.hosts, []byte("127.0.0.1 localhost\n"+address+" quay.io\n"), 0o600)).To(Succeed())
	return b
}

// make runs a target with the rights of buildx.
func (b *builder) make(ctx context.Context, target string, variables ...string) {
	GinkgoHelper()
	b.run(ctx, "make", append([]string{"--no-print-directory", "-C", root, target, "BUILDX=" + b.program,
		"PLATFORMS=" + strings.Join(b.allPlatforms(), ",")}, variables...)...)
}

func (b *builder) buildx(ctx context.Context, args ...string) {
	GinkgoHelper()
	b.run(ctx, b.program, args...)
}

// run runs a program that finds the registry as BuildKit's pods do: buildx itself makes one image of what they push.
func (b *builder) run(ctx context.Context, program string, args ...string) {
	GinkgoHelper()
	command := exec.CommandContext(ctx, "unshare", append([]string{"--mount", "/bin/sh", "-c",
		`mount --bind "$0" /etc/hosts && exec "$@"`, b.hosts, program}, args...)...)
	command.Env = b.env
	output, err := command.CombinedOutput()
	Expect(err).NotTo(HaveOccurred(), string(output))
}

// webServerContext is a folder with a Dockerfile, and the web server for each architecture.
func (b *builder) webServerContext(ctx context.Context) string {
	GinkgoHelper()
	folder := GinkgoT().TempDir()
	Expect(os.WriteFile(filepath.Join(folder, "Dockerfile"), []byte(builtDockerfile), 0o600)).To(Succeed())
	for _, architecture := range builtArchitectures {
		Expect(compile.For(ctx, "linux", architecture, "test/nodes/webserver", filepath.Join(folder, "webserver-"+architecture))).To(Succeed())
	}
	return folder
}

func (b *builder) allPlatforms() []string {
	var platforms []string
	for _, architecture := range builtArchitectures {
		platforms = append(platforms, "linux/"+architecture)
	}
	return platforms
}

// platforms are those of an image in the registry.
func (b *builder) platforms(ctx context.Context, repository string) []string {
	GinkgoHelper()
	reference, err := name.ParseReference(b.Registry().Address+"/"+repository, name.Insecure)
	Expect(err).NotTo(HaveOccurred())
	index, err := remote.Index(reference, remote.WithContext(ctx))
	Expect(err).NotTo(HaveOccurred())
	manifest, err := index.IndexManifest()
	Expect(err).NotTo(HaveOccurred())
	var platforms []string
	for _, part := range manifest.Manifests {
		platforms = append(platforms, part.Platform.String())
	}
	return platforms
}
