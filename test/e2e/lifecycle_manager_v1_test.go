// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build linux && e2e

package e2e_test

import (
	"context"
	"encoding/base64"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/util/cert"

	"github.com/elasticweb/elasticweb-operator/test/cluster/binaries"
	"github.com/elasticweb/elasticweb-operator/test/nodes"
)

const lifecycleNamespace = "olmv1-system"

// lifecycleOverlay is the overlay of OLM v1 for clusters with cert-manager, without cert-manager: the test makes what that would.
const lifecycleOverlay = `apiVersion: kustomize.config.k8s.io/v1beta1
kind: Kustomization
resources: [%s]
images:
- {name: quay.io/operator-framework/catalogd, newTag: e2e}
- {name: quay.io/operator-framework/operator-controller, newTag: e2e}
patches:
- target: {group: cert-manager.io}
  patch: |
    $patch: delete
    apiVersion: cert-manager.io/v1
    kind: Any
    metadata: {name: any}
- target: {kind: MutatingWebhookConfiguration}
  patch: '[{"op": "add", "path": "/webhooks/0/clientConfig/caBundle", "value": %q}]'
`

// installLifecycleManagerV1 runs both parts of OLM v1 in pods, from its own manifests.
func (s *scenario) installLifecycleManagerV1(ctx context.Context) {
	GinkgoHelper()
	s.pushLifecycleManagerV1(ctx)
	s.kubectl(ctx, "create", "namespace", lifecycleNamespace)
	certificate := s.createLifecycleCertificates(ctx)
	overlay := writeLifecycleOverlay(ctx, certificate)
	s.kubectl(ctx, "apply", "--server-side", "--force-conflicts", "--kustomize="+overlay)
	for _, deployment := range []string{"catalogd-controller-manager", "operator-controller-controller-manager"} {
		s.kubectl(ctx, "rollout", "status", "deployment/"+deployment, "--namespace="+lifecycleNamespace, "--timeout=3m")
	}
}

func (s *scenario) pushLifecycleManagerV1(ctx context.Context) {
	GinkgoHelper()
	programs := []string{binaries.OperatorController, binaries.Catalogd}
	paths, err := binaries.EnsureFor(ctx, GinkgoWriter, runtime.GOARCH, programs...)
	Expect(err).NotTo(HaveOccurred())
	for _, program := range programs {
		index, err := nodes.Image{
			Files: map[string]string{"/" + program: paths[program]},
			// The base image has a folder for temporary files, and this one has the volume alone.
			Config: v1.Config{User: "65532:65532", Env: []string{"TMPDIR=/var/cache"}, WorkingDir: "/"},
		}.Build(ctx, runtime.GOARCH)
		Expect(err).NotTo(HaveOccurred())
		_, err = s.Registry().Push("operator-framework/"+program+":e2e", index)
		Expect(err).NotTo(HaveOccurred())
	}
}

// createLifecycleCertificates makes one certificate for both parts, which trust it and the registry.
func (s *scenario) createLifecycleCertificates(ctx context.Context) []byte {
	GinkgoHelper()
	certificate, key, err := cert.GenerateSelfSignedCertKey("catalogd-service."+lifecycleNamespace+".svc", nil,
		[]string{"operator-controller-service." + lifecycleNamespace + ".svc"})
	Expect(err).NotTo(HaveOccurred())
	for _, name := range []string{"catalogd-service-cert-git-version", "olmv1-cert"} {
		Expect(s.admin.Create(ctx, &corev1.Secret{
			ObjectMeta: metav1.ObjectMeta{Namespace: lifecycleNamespace, Name: name},
			Data: map[string][]byte{
				"tls.crt": certificate, "tls.key": key, "ca.crt": append(certificate, s.Registry().CertificateAuthority...),
			},
		})).To(Succeed())
	}
	return certificate
}

func writeLifecycleOverlay(ctx context.Context, certificate []byte) string {
	GinkgoHelper()
	list := exec.CommandContext(ctx, "go", "list", "-C", filepath.Join(root, "tools/olmv1"), "-m", "-f", "{{.Dir}}",
		"github.com/operator-framework/operator-controller")
	output, err := list.Output()
	Expect(err).NotTo(HaveOccurred())
	folder := GinkgoT().TempDir()
	// kustomize takes no absolute path.
	manifests, err := filepath.Rel(folder, filepath.Join(strings.TrimSpace(string(output)), "config/overlays/cert-manager"))
	Expect(err).NotTo(HaveOccurred())
	content := fmt.Sprintf(lifecycleOverlay, manifests, base64.StdEncoding.EncodeToString(certificate))
	Expect(os.WriteFile(filepath.Join(folder, "kustomization.yaml"), []byte(content), 0o600)).To(Succeed())
	return folder
}
