// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package olm_test

import (
	"os"
	"os/exec"
	"path/filepath"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/elasticweb/elasticweb-operator/test/manifests"
	"github.com/elasticweb/elasticweb-operator/test/olm/lifecycle"
)

// olmNamespace is where catalogs for all namespaces are.
const olmNamespace = "olm"

// startOLM installs what its chart does, but for the pods of its two operators,
// which are processes here.
func startOLM(ctx SpecContext, folder string) {
	GinkgoHelper()
	installLifecycleCRDs(ctx)
	Expect(admin.Create(ctx, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: olmNamespace}})).To(Succeed())

	// Each would listen on port 8080, and one with a certificate does on 8443. Where somebody else does
	// already, they only log it.
	certificate, key := writeCertificate(folder)
	for name, arguments := range map[string][]string{
		"olm":         {"--writeStatusName=", "--writePackageServerStatusName=", "--tls-cert=" + certificate, "--tls-key=" + key},
		"olm-catalog": {"--namespace=" + olmNamespace, "--writeStatusName="},
	} {
		command := exec.Command(tool(name), arguments...)
		command.Env = append(os.Environ(), "KUBECONFIG="+controlPlane.Kubeconfig(), "OPERATOR_NAMESPACE="+olmNamespace, "OPERATOR_NAME="+name)
		start(name, command)
	}
}

func installLifecycleCRDs(ctx SpecContext) {
	GinkgoHelper()
	chart, err := lifecycle.ChartDir(ctx, root)
	Expect(err).NotTo(HaveOccurred())
	files, err := filepath.Glob(filepath.Join(chart, "crds/*.yaml"))
	Expect(err).NotTo(HaveOccurred())
	Expect(files).NotTo(BeEmpty())
	for _, file := range files {
		crds, err := manifests.ReadFile(file)
		Expect(err).NotTo(HaveOccurred())
		for _, crd := range crds {
			Expect(admin.Create(ctx, crd)).To(Succeed())
			Eventually(ctx, established(crd.GetName())).Should(BeTrue(), crd.GetName())
		}
	}
}

func established(name string) func(SpecContext) bool {
	return func(ctx SpecContext) bool {
		crd := &apiextensionsv1.CustomResourceDefinition{}
		if admin.Get(ctx, client.ObjectKey{Name: name}, crd) != nil {
			return false
		}
		for _, condition := range crd.Status.Conditions {
			if condition.Type == apiextensionsv1.Established && condition.Status == apiextensionsv1.ConditionTrue {
				return true
			}
		}
		return false
	}
}
