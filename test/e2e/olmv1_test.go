// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build linux && e2e

package e2e_test

import (
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/elasticweb/elasticweb-operator/test/nodes"
)

var _ = Describe("The bundle's image, installed by OLM v1", Ordered, func() {
	var s *scenario

	BeforeAll(func(ctx SpecContext) {
		s = startScenario(ctx, "olmv1", nodes.Pool{Arch: runtime.GOARCH, Count: 1})
		s.pushTreeRelease(ctx)
		s.pushWebServer(ctx, "library/nginx:1.17.1", "one", runtime.GOARCH)
		s.installLifecycleManagerV1(ctx)
	}, NodeTimeout(time.Hour)) // From nothing, much is compiled.

	AfterEach(func() { s.keepLogs() })

	It("runs the operator after what docs/install.md says", func(ctx SpecContext) {
		_, err := s.Kubectl(ctx, documentedManifests("## Kubernetes with OLM v1"), "apply", "--filename=-")
		Expect(err).NotTo(HaveOccurred())
		s.kubectl(ctx, "wait", "clustercatalog/elasticweb", "--for=condition=Serving", "--timeout=2m")
		s.kubectl(ctx, "wait", "clusterextension/elasticweb", "--for=condition=Installed", "--timeout=3m")
		s.kubectl(ctx, "rollout", "status", "deployment/elasticweb-controller-manager", "--namespace="+operatorNamespace, "--timeout=3m")
		Expect(s.kubectl(ctx, "get", "clusterextension/elasticweb", "--output=jsonpath={.status.install.bundle.version}")).
			To(Equal(strings.TrimPrefix(treeRelease, "v")))
	}, NodeTimeout(8*time.Minute))

	It("has an ElasticWeb become Ready and answer", func(ctx SpecContext) {
		s.kubectl(ctx, "create", "namespace", "dev")
		s.kubectl(ctx, "apply", "--filename="+filepath.Join(root, "config/samples/elasticweb_v1_elasticweb.yaml"))
		sample := web{scenario: s, key: client.ObjectKey{Namespace: "dev", Name: "elasticweb-sample"}}
		sample.eventuallyServes(ctx, 3, 2400)
		Expect(sample.get(ctx, Default).Status.Image.Platforms).To(HaveLen(1), "it has read the platforms")
		eventuallyAnswer(ctx, "http://"+s.nodeAddresses(ctx)[0]+":30003/", sample.podNames(ctx))
	}, NodeTimeout(5*time.Minute))

	It("takes the operator away with the ClusterExtension", func(ctx SpecContext) {
		s.kubectl(ctx, "delete", "elasticweb", "--all", "--namespace=dev")
		s.kubectl(ctx, "delete", "clusterextension/elasticweb", "--timeout=2m")
		Eventually(ctx, func() string {
			return s.kubectl(ctx, "get", "deployments,pods,services", "--namespace="+operatorNamespace, "--output=name")
		}).Should(BeEmpty())
		kinds := "customresourcedefinitions,clusterroles,clusterrolebindings"
		Expect(strings.Fields(s.kubectl(ctx, "get", kinds, "--output=name"))).To(HaveEach(SatisfyAny(
			Not(ContainSubstring("elasticweb")), HaveSuffix("/elasticweb-installer"))), "but for what the administrator made")
	}, NodeTimeout(4*time.Minute))
})

// documentedManifests is the first block of YAML below a heading, with the names of this tree's images.
func documentedManifests(heading string) string {
	GinkgoHelper()
	content, err := os.ReadFile(filepath.Join(root, "docs/install.md"))
	Expect(err).NotTo(HaveOccurred())
	_, section, found := strings.Cut(string(content), heading+"\n")
	Expect(found).To(BeTrue())
	_, block, found := strings.Cut(section, "```yaml\n")
	Expect(found).To(BeTrue())
	block, _, _ = strings.Cut(block, "```")
	return strings.ReplaceAll(block, "registry.example.com/team/", "quay.io/elasticweb/")
}
