// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package elasticweb_test

import (
	"context"
	"fmt"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

func mustKubectl(ctx context.Context, manifest string, arguments ...string) {
	GinkgoHelper()
	_, err := controlPlane.Kubectl(ctx, manifest, arguments...)
	Expect(err).NotTo(HaveOccurred())
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
