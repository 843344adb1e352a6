// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build linux && e2e

package e2e_test

import (
	"context"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	elasticwebv1alpha1 "github.com/elasticweb/elasticweb-operator/api/v1alpha1"
)

// eventuallyMeasured waits until a benchmark has measured all its architectures, and fails as soon as it ended without.
func (s *scenario) eventuallyMeasured(ctx context.Context, name string, atMost time.Duration) elasticwebv1alpha1.ElasticWebBenchmarkStatus {
	GinkgoHelper()
	var benchmark elasticwebv1alpha1.ElasticWebBenchmark
	Eventually(ctx, func(g Gomega) {
		g.Expect(s.admin.Get(ctx, client.ObjectKey{Namespace: "dev", Name: name}, &benchmark)).To(Succeed())
		complete := meta.FindStatusCondition(benchmark.Status.Conditions, elasticwebv1alpha1.ConditionComplete)
		g.Expect(complete).NotTo(BeNil())
		if complete.Status == metav1.ConditionTrue && complete.Reason != elasticwebv1alpha1.ReasonMeasured {
			StopTrying(complete.Reason + ": " + complete.Message).Now()
		}
		g.Expect(complete.Reason).To(Equal(elasticwebv1alpha1.ReasonMeasured), complete.Message)
	}).WithTimeout(atMost).Should(Succeed())
	return benchmark.Status
}
