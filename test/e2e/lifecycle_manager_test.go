// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build linux && e2e

package e2e_test

import (
	"context"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"helm.sh/helm/v3/pkg/action"
	helmchart "helm.sh/helm/v3/pkg/chart"
	"helm.sh/helm/v3/pkg/chart/loader"

	"github.com/elasticweb/elasticweb-operator/test/nodes"
	"github.com/elasticweb/elasticweb-operator/test/olm/lifecycle"
)

const (
	olmNamespace       = "olm"       // of OLM itself, and of catalogs for all namespaces
	operatorsNamespace = "operators" // in which operators watch all namespaces
)

// startOLM installs the Operator Lifecycle Manager by its chart.
func (s *scenario) startOLM(ctx context.Context) {
	GinkgoHelper()
	s.pushOLM(ctx)
	folder, err := lifecycle.ChartDir(ctx, root)
	Expect(err).NotTo(HaveOccurred())
	s.kubectl(ctx, "apply", "--server-side", "--filename="+filepath.Join(folder, "crds"))
	Eventually(ctx, func() error { // kubectl wait fails where a CRD has no conditions yet.
		_, err := s.Kubectl(ctx, "", "wait", "customresourcedefinitions", "--all", "--for=condition=Established", "--timeout=1m")
		return err
	}).Should(Succeed())
	_, err = s.Kubectl(ctx, renderOLM(folder), "apply", "--server-side", "--filename=-")
	Expect(err).NotTo(HaveOccurred())
	for _, name := range []string{"olm-operator", "catalog-operator"} {
		s.kubectl(ctx, "rollout", "status", "deployment/"+name, "--namespace="+olmNamespace, "--timeout=3m")
	}
	// For admin, edit and view, of each of the chart's OperatorGroups: the last that OLM makes unasked.
	Eventually(ctx, func() []string {
		return strings.Fields(s.kubectl(ctx, "get", "clusterroles", "--selector=olm.owner.kind=OperatorGroup", "--output=name"))
	}).Should(HaveLen(6))
}

// renderOLM leaves out the package server, whom only consoles ask, and the catalog of the community, which is on the internet.
func renderOLM(folder string) string {
	GinkgoHelper()
	chart, err := loader.Load(folder)
	Expect(err).NotTo(HaveOccurred())
	all := len(chart.Templates)
	chart.Templates = slices.DeleteFunc(chart.Templates, func(template *helmchart.File) bool {
		return strings.HasSuffix(template.Name, "15-packageserver.clusterserviceversion.yaml")
	})
	Expect(chart.Templates).To(HaveLen(all - 1))
	install := action.NewInstall(&action.Configuration{Log: func(string, ...any) {}})
	install.ReleaseName, install.Namespace = "olm", olmNamespace
	install.DryRun, install.ClientOnly, install.Replace = true, true, true
	release, err := install.Run(chart, map[string]any{
		"namespace": olmNamespace, "catalog_namespace": olmNamespace, "operator_namespace": operatorsNamespace, "installType": "",
	})
	Expect(err).NotTo(HaveOccurred())
	return release.Manifest
}

// pushOLM builds the images that OLM's chart, and operator-sdk, name by default. Their Dockerfiles take a base image with
// busybox, too.
func (s *scenario) pushOLM(ctx context.Context) {
	GinkgoHelper()
	shell := busybox(ctx)
	s.pushShared(ctx, "operator-framework/olm:master", nodes.Image{
		Files: map[string]string{
			"/bin/olm": tool("olm"), "/bin/catalog": tool("olm-catalog"), "/bin/cpb": tool("cpb"), "/bin/cp": shell,
		},
		Config: v1.Config{User: "1001", Entrypoint: []string{"/bin/olm"}},
	}, runtime.GOARCH)
	s.pushShared(ctx, "operator-framework/opm:latest", opmImage(ctx), runtime.GOARCH)
	s.pushShared(ctx, "ubi9/ubi:9.7", nodes.Image{
		Files: map[string]string{"/bin/sh": shell, "/bin/cat": shell, "/bin/gzip": shell},
	}, runtime.GOARCH)
}

// opmImage is the image of opm, and what catalogs stand on.
func opmImage(ctx context.Context) nodes.Image {
	GinkgoHelper()
	return nodes.Image{
		Packages: map[string]string{"/bin/grpc_health_probe": "test/e2e/healthprobe"},
		Files:    map[string]string{"/bin/opm": tool("opm"), "/bin/sh": busybox(ctx)},
		Writable: []string{"/tmp"},
		Config:   v1.Config{User: "1001", Entrypoint: []string{"/bin/opm"}, Env: []string{"PATH=/bin"}},
	}
}
