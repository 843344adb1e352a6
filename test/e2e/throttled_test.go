// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build linux && e2e

package e2e_test

import (
	"runtime"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/elasticweb/elasticweb-operator/test/nodes"
)

var _ = Describe("A benchmark of a server whose rate is known", Ordered, func() {
	var s *scenario

	BeforeAll(func(ctx SpecContext) {
		s = startScenario(ctx, "throttled", nodes.Pool{Arch: runtime.GOARCH, Count: 1})
		s.pushOperator(ctx, runtime.GOARCH)
		s.pushWebServer(ctx, "elasticweb/throttled:1", "one", runtime.GOARCH)
		s.deployOperator(ctx)
		s.kubectl(ctx, "create", "namespace", "dev")
	}, NodeTimeout(10*time.Minute))

	AfterEach(func() { s.keepLogs() })

	It("finds the rate, from 5% below it to 2% above", func(ctx SpecContext) {
		_, err := s.Kubectl(ctx, `{"apiVersion": "elasticweb.example.com/v1alpha1", "kind": "ElasticWebBenchmark",
			"metadata": {"name": "throttled", "namespace": "dev"}, "spec": {"image": "quay.io/elasticweb/throttled:1",
			"env": [{"name": "RATE", "value": "500"}], "duration": "1m", "maxQPS": 2000,
			"resources": {"requests": {"cpu": "50m", "memory": "64Mi"}, "limits": {"memory": "256Mi"}}}}`, "apply", "--filename=-")
		Expect(err).NotTo(HaveOccurred())
		results := s.eventuallyMeasured(ctx, "throttled", 4*time.Minute).Results
		Expect(results).To(HaveLen(1))
		result := results[0]
		GinkgoWriter.Printf("measured %d requests per second of 500, p99 %s\n", result.QPS, result.P99)
		Expect(result.AtLeast).To(BeFalse(), "the server is the limit")
		Expect(result.QPS).To(And(BeNumerically(">=", 475), BeNumerically("<=", 510)))
	}, NodeTimeout(6*time.Minute))
})
