// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build linux && e2e

package e2e_test

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

const operatorNamespace = "elasticweb-system"

// trustRegistry has the operator trust what stands in for the public registries, as one does with a registry of one's own.
const trustRegistry = `{"spec": {"template": {"spec": {
	"volumes": [{"name": "registry", "configMap": {"name": "registry"}}],
	"containers": [{"name": "manager",
		"env": [{"name": "SSL_CERT_FILE", "value": "/registry/ca.crt"}],
		"volumeMounts": [{"name": "registry", "mountPath": "/registry", "readOnly": true}]}]}}}}`

// deployOperator is make deploy, and what a registry of one's own takes.
func (s *scenario) deployOperator(ctx context.Context) {
	GinkgoHelper()
	s.make(ctx, "deploy", "IMG="+operatorImage)
	s.publishCertificate(ctx, operatorNamespace)
	s.kubectl(ctx, "patch", "deployment", "elasticweb-controller-manager", "--namespace="+operatorNamespace, "--patch="+trustRegistry)
	s.kubectl(ctx, "rollout", "status", "deployment/elasticweb-controller-manager", "--namespace="+operatorNamespace, "--timeout=3m")
}

// helm runs a command about the release of the operator's chart, and returns what it wrote. Without a way to trust another registry than the
// public ones the operator looks up no images.
func (s *scenario) helm(ctx context.Context, command string, flags ...string) string {
	GinkgoHelper()
	args := append([]string{command, "elasticweb"}, flags...)
	switch command {
	case "install", "upgrade":
		args = append(args, filepath.Join(root, "helm-charts/elasticweb-operator"), "--set=image.tag=e2e", "--set=extraArgs={--look-up-images=false}", "--wait")
	case "uninstall":
		args = append(args, "--wait")
	}
	run := exec.CommandContext(ctx, tool("helm"), append(args, "--namespace="+operatorNamespace, "--timeout=3m")...)
	run.Env = append(os.Environ(), "KUBECONFIG="+s.Kubeconfig())
	output, err := run.CombinedOutput()
	Expect(err).NotTo(HaveOccurred(), string(output))
	return string(output)
}

// publishCertificate says in a ConfigMap whom to trust.
func (s *scenario) publishCertificate(ctx context.Context, namespace string) {
	GinkgoHelper()
	s.kubectl(ctx, "create", "configmap", "registry", "--namespace="+namespace, "--from-literal=ca.crt="+string(s.Registry().CertificateAuthority))
}
