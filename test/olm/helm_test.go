// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package olm_test

import (
	"os"
	"os/exec"
	"path/filepath"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	operatorsv1 "github.com/operator-framework/api/pkg/operators/v1"
	operatorsv1alpha1 "github.com/operator-framework/api/pkg/operators/v1alpha1"
	appsv1 "k8s.io/api/apps/v1"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// A Helm release and OLM on one cluster, one after the other: what docs/install.md says of them.
var _ = It("is installed beside a release of the Helm chart, and neither takes away what is the other's", func(ctx SpecContext) {
	i := &installation{mode: operatorsv1alpha1.InstallModeTypeSingleNamespace, namespace: "after-helm", targets: []string{"beside-helm"}}
	DeferCleanup(func(ctx SpecContext) { removeCRDs(ctx) })
	chart := filepath.Join(root, "helm-charts/elasticweb-operator")
	By("installing with Helm, then with OLM")
	expectHelm(ctx, "install", "elasticweb", chart, "--create-namespace")
	i.prepare(ctx)
	DeferCleanup(func(ctx SpecContext) {
		group := metav1.ObjectMeta{Namespace: i.namespace, Name: "elasticweb"}
		Expect(admin.Delete(ctx, &operatorsv1.OperatorGroup{ObjectMeta: group})).To(Succeed())
	})
	i.subscribe(ctx, released.current.Name)
	i.approve(ctx, released.current.Name)
	i.awaitSucceeded(ctx, released.current.Name)

	By("uninstalling the release")
	Expect(expectHelm(ctx, "uninstall", "elasticweb")).To(ContainSubstring("These resources were kept due to the resource policy"))
	expectGone(ctx, &appsv1.Deployment{ObjectMeta: metav1.ObjectMeta{Namespace: helmNamespace, Name: "elasticweb-controller-manager"}})
	i.awaitSucceeded(ctx, released.current.Name)
	i.expectDeclaredRights(ctx, released.current)
	manager := i.runManager(ctx, released.current)
	i.expectService(ctx, "beside")
	before := i.operand(ctx, "beside")

	By("installing with Helm after OLM")
	said, err := helm(ctx, "install", "elasticweb", chart)
	Expect(err).To(HaveOccurred(), said)
	Expect(said).To(ContainSubstring("invalid ownership metadata"))
	i.awaitSucceeded(ctx, released.current.Name)

	By("uninstalling with OLM, and installing with Helm anew")
	manager.Stop()
	i.unsubscribe(ctx)
	expectHelm(ctx, "install", "elasticweb", chart, "--take-ownership")
	expectHelm(ctx, "uninstall", "elasticweb")
	i.expectUntouched(ctx, before)
	i.removeOperands(ctx)
}, SpecTimeout(specTimeout))

const helmNamespace = "helm-operator"

func helm(ctx SpecContext, arguments ...string) (string, error) {
	GinkgoHelper()
	command := exec.CommandContext(ctx, tool("helm"), append(arguments, "--namespace", helmNamespace)...)
	command.Env = append(os.Environ(), "KUBECONFIG="+controlPlane.Kubeconfig(), "HELM_CACHE_HOME="+GinkgoT().TempDir())
	output, err := command.CombinedOutput()
	return string(output), err
}

func expectHelm(ctx SpecContext, arguments ...string) string {
	GinkgoHelper()
	said, err := helm(ctx, arguments...)
	Expect(err).NotTo(HaveOccurred(), said)
	return said
}

func removeCRDs(ctx SpecContext) {
	GinkgoHelper()
	for _, owned := range released.current.Spec.CustomResourceDefinitions.Owned {
		crd := &apiextensionsv1.CustomResourceDefinition{ObjectMeta: metav1.ObjectMeta{Name: owned.Name}}
		Expect(client.IgnoreNotFound(admin.Delete(ctx, crd))).To(Succeed())
		expectGone(ctx, crd)
	}
}
