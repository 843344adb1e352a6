// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build linux && e2e

package e2e_test

import (
	"context"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"github.com/operator-framework/api/pkg/apis/scorecard/v1alpha3"
	"github.com/operator-framework/api/pkg/manifests"
	"sigs.k8s.io/yaml"

	"github.com/elasticweb/elasticweb-operator/test/nodes"
)

// untarImage is what unpacks the bundle in the pods. By default operator-sdk names it by its digest.
const untarImage = "operator-framework/scorecard-untar:e2e"

var _ = Describe("The scorecard, run by make scorecard", Ordered, func() {
	var s *scenario

	BeforeAll(func(ctx SpecContext) {
		s = startScenario(ctx, "scorecard", nodes.Pool{Arch: runtime.GOARCH, Count: 1})
		s.pushScorecard(ctx)
		s.deployOperator(ctx)
	}, NodeTimeout(20*time.Minute)) // From nothing, the operator is compiled.

	AfterEach(func() { s.keepLogs() })

	It("passes every test of every suite", func(ctx SpecContext) {
		configured := configuredTests()
		result := s.make(ctx, "scorecard", "SCORECARD_ARGS=--untar-image=quay.io/"+untarImage)
		Expect(strings.Count(result, "State: pass")).To(Equal(len(configured)), result)
		for _, test := range configured {
			Expect(result).To(ContainSubstring(test.Labels["test"]))
		}
	}, NodeTimeout(6*time.Minute))

	It("leaves nothing in the namespace", func(ctx SpecContext) {
		Eventually(ctx, func() string { // Pods take their time to end.
			return s.kubectl(ctx, "get", "elasticwebs,deployments,pods,configmaps,serviceaccounts,roles,rolebindings", "--namespace=default", "--output=name")
		}).Should(Equal("configmap/kube-root-ca.crt\nserviceaccount/default"))
	}, NodeTimeout(3*time.Minute))
})

// configuredTests are those of the bundle.
func configuredTests() []v1alpha3.TestConfiguration {
	GinkgoHelper()
	content, err := os.ReadFile(filepath.Join(root, "bundle/tests/scorecard/config.yaml"))
	Expect(err).NotTo(HaveOccurred())
	var configuration v1alpha3.Configuration
	Expect(yaml.UnmarshalStrict(content, &configuration)).To(Succeed())
	var tests []v1alpha3.TestConfiguration
	for _, stage := range configuration.Stages {
		tests = append(tests, stage.Tests...)
	}
	Expect(tests).NotTo(BeEmpty())
	return tests
}

// pushScorecard builds the images that the bundle and its tests name, and that of operator-sdk's own tests.
func (s *scenario) pushScorecard(ctx context.Context) {
	GinkgoHelper()
	bundle, err := manifests.GetBundleFromDir(filepath.Join(root, "bundle"))
	Expect(err).NotTo(HaveOccurred())
	authority := filepath.Join(GinkgoT().TempDir(), "ca.crt")
	Expect(os.WriteFile(authority, s.Registry().CertificateAuthority, 0o600)).To(Succeed())
	version := "v" + bundle.CSV.Spec.Version.String()
	s.pushOperator(ctx, runtime.GOARCH)
	// Of what the bundle names, a test reads the index alone, so that the parts for others than this machine may hold its program.
	named := operatorWith(version, nil)
	named.BuiltFor = runtime.GOARCH
	s.push(ctx, operatorRepository+":"+version, named, strings.Fields(supportedArchitectures)...)
	s.push(ctx, operatorRepository+"-scorecard:"+version, nodes.Image{
		Packages: map[string]string{"/scorecard": "test/scorecard"},
		Files:    map[string]string{"/etc/ssl/certs/ca-certificates.crt": authority},
		Config:   v1.Config{User: "65532:65532", Entrypoint: []string{"/scorecard"}},
	}, runtime.GOARCH)
	s.push(ctx, "operator-framework/scorecard-test:v1.42.2", nodes.Image{
		Files:  map[string]string{"/usr/local/bin/scorecard-test": tool("scorecard-test")},
		Config: v1.Config{User: "1001", Env: []string{"PATH=/usr/local/bin"}},
	}, runtime.GOARCH)
	s.push(ctx, untarImage, nodes.Image{
		Files:  map[string]string{"/bin/tar": busybox(ctx)},
		Config: v1.Config{User: "1001", Env: []string{"PATH=/bin"}},
	}, runtime.GOARCH)
}
