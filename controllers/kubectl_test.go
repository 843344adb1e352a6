// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package controllers_test

import (
	"context"
	"fmt"
	"os/exec"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

// kubectl runs the real one, with a manifest for those of its commands that read one. It gives what it said.
func kubectl(ctx context.Context, manifest string, arguments ...string) (string, error) {
	command := exec.CommandContext(ctx, controlPlane.KubectlPath(), append([]string{
		"--kubeconfig", controlPlane.Kubeconfig(), "--cache-dir", GinkgoT().TempDir(),
	}, arguments...)...)
	command.Stdin = strings.NewReader(manifest)
	output, err := command.CombinedOutput()
	fmt.Fprintf(GinkgoWriter, "kubectl %s: %s\n", strings.Join(arguments, " "), output)
	return string(output), err
}

// mustKubectl is kubectl where nothing may go wrong.
func mustKubectl(ctx context.Context, manifest string, arguments ...string) string {
	GinkgoHelper()
	output, err := kubectl(ctx, manifest, arguments...)
	Expect(err).NotTo(HaveOccurred(), output)
	return output
}

// manifestOf writes an ElasticWeb as its user would, with fields of the spec in flow style beside those that
// it must have.
func manifestOf(namespace, name string, port int32, fields string) string {
	return fmt.Sprintf(`
apiVersion: elasticweb.example.com/v1
kind: ElasticWeb
metadata: {name: %s, namespace: %s}
spec: {image: "nginx:1.17.1", port: %d, singlePodsQPS: 800, terminationGracePeriodSeconds: 1, %s}
`, name, namespace, port, fields)
}
