// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package olm_test

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"github.com/operator-framework/api/pkg/manifests"
	operatorsv1alpha1 "github.com/operator-framework/api/pkg/operators/v1alpha1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"

	"github.com/elasticweb/elasticweb-operator/test/olm/channels"
)

const (
	catalogName = "elasticweb-catalog"
	channel     = "stable"

	// previousVersion is that of the bundle from which the upgrade starts.
	previousVersion = "0.0.1"
)

// release is the bundle of this tree, and one that stands for the release before it.
type release struct {
	packageName       string
	previous, current *operatorsv1alpha1.ClusterServiceVersion
	folders           []string // of both bundles
}

// newRelease makes the older bundle of the newer one: another name, version and image.
func newRelease(folder string) release {
	GinkgoHelper()
	currentFolder, previousFolder := filepath.Join(root, "bundle"), filepath.Join(folder, "previous")
	Expect(os.CopyFS(previousFolder, os.DirFS(currentFolder))).To(Succeed())
	bundle, err := manifests.GetBundleFromDir(currentFolder)
	Expect(err).NotTo(HaveOccurred())
	r := release{packageName: bundle.Package, current: bundle.CSV, folders: []string{currentFolder, previousFolder}}
	Expect(r.packageName).NotTo(BeEmpty())

	r.previous = bundle.CSV.DeepCopy()
	r.previous.Name = r.packageName + ".v" + previousVersion
	Expect(r.previous.Spec.Version.UnmarshalJSON([]byte(strconv.Quote(previousVersion)))).To(Succeed())
	r.previous.Spec.Replaces = ""
	for i := range r.previous.Spec.InstallStrategy.StrategySpec.DeploymentSpecs {
		containers := r.previous.Spec.InstallStrategy.StrategySpec.DeploymentSpecs[i].Spec.Template.Spec.Containers
		for j := range containers {
			containers[j].Image += "-before"
		}
	}
	files, err := filepath.Glob(filepath.Join(previousFolder, "manifests", "*clusterserviceversion.yaml"))
	Expect(err).NotTo(HaveOccurred())
	Expect(files).To(HaveLen(1))
	content, err := yaml.Marshal(r.previous)
	Expect(err).NotTo(HaveOccurred())
	Expect(os.WriteFile(files[0], content, 0o600)).To(Succeed())
	return r
}

// serveCatalog serves the catalog of the tree, with both bundles. Rendered from
// a folder a bundle has no image, and carries its manifests itself.
func serveCatalog(ctx SpecContext, folder string) {
	GinkgoHelper()
	catalog := filepath.Join(folder, "catalog")
	Expect(os.Mkdir(catalog, 0o700)).To(Succeed())
	upgrading, err := channels.Upgrading(filepath.Join(root, "catalog", released.packageName, "catalog.yaml"), released.previous.Name, released.current.Name)
	Expect(err).NotTo(HaveOccurred())
	Expect(os.WriteFile(filepath.Join(catalog, "channels.yaml"), upgrading, 0o600)).To(Succeed())
	for i, bundle := range released.folders {
		render := exec.CommandContext(ctx, tool("opm"), "render", bundle, "--output=yaml")
		render.Stderr = GinkgoWriter
		content, err := render.Output()
		Expect(err).NotTo(HaveOccurred())
		Expect(os.WriteFile(filepath.Join(catalog, fmt.Sprintf("bundle-%d.yaml", i)), content, 0o600)).To(Succeed())
	}
	validate, err := exec.CommandContext(ctx, tool("opm"), "validate", catalog).CombinedOutput()
	Expect(err).NotTo(HaveOccurred(), string(validate))

	port := freePort()
	serve := exec.Command(tool("opm"), "serve", catalog, "--port="+port, "--pprof-addr=", "--cache-dir="+filepath.Join(folder, "catalog-cache"),
		"--cache-enforce-integrity=false", "--termination-log="+filepath.Join(folder, "catalog-end"))
	start("opm", serve)
	createCatalogSource(ctx, "127.0.0.1:"+port)
}

func freePort() string {
	GinkgoHelper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	Expect(err).NotTo(HaveOccurred())
	defer listener.Close()
	_, port, err := net.SplitHostPort(listener.Addr().String())
	Expect(err).NotTo(HaveOccurred())
	return port
}

func createCatalogSource(ctx SpecContext, address string) {
	GinkgoHelper()
	source := &operatorsv1alpha1.CatalogSource{
		ObjectMeta: metav1.ObjectMeta{Name: catalogName, Namespace: olmNamespace},
		Spec:       operatorsv1alpha1.CatalogSourceSpec{SourceType: operatorsv1alpha1.SourceTypeGrpc, Address: address, DisplayName: "ElasticWeb"},
	}
	Expect(admin.Create(ctx, source)).To(Succeed())
	Eventually(ctx, func(g Gomega, ctx SpecContext) {
		g.Expect(admin.Get(ctx, client.ObjectKeyFromObject(source), source)).To(Succeed())
		g.Expect(source.Status.GRPCConnectionState).NotTo(BeNil())
		g.Expect(source.Status.GRPCConnectionState.LastObservedState).To(Equal("READY"))
	}).Should(Succeed())
}
