// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package elasticweb_test

import (
	"context"
	"fmt"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"github.com/prometheus/client_golang/prometheus"
	appsv1 "k8s.io/api/apps/v1"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	elasticwebv1 "github.com/elasticweb/elasticweb-operator/api/v1"
	"github.com/elasticweb/elasticweb-operator/internal/observed"
)

// counted is a metric of the passes: that of a cause, or how many times were measured.
func counted(registry prometheus.Gatherer, name, cause string) func() (float64, error) {
	return func() (float64, error) {
		families, err := registry.Gather()
		if err != nil {
			return 0, err
		}
		for _, family := range families {
			for _, metric := range family.GetMetric() {
				switch {
				case family.GetName() != name:
				case cause == "":
					return float64(metric.GetHistogram().GetSampleCount()), nil
				case metric.GetLabel()[0].GetValue() == cause:
					return metric.GetCounter().GetValue(), nil
				}
			}
		}
		return 0, fmt.Errorf("there is no %s of %q", name, cause)
	}
}

var _ = Describe("What the metrics are told", func() {
	const decisions, written, ready = "elasticweb_decisions_total", "elasticweb_change_written_seconds", "elasticweb_change_ready_seconds"

	It("is what was decided and why, and how long a change took", func(ctx context.Context) {
		namespace := newNamespace(ctx)
		operator := startOperator(operatorOptions{namespaces: []string{namespace}})
		registry := prometheus.NewRegistry()
		registry.MustRegister(operator.reconciler.Passes)
		web := newWeb(namespace, "shop", serving(800))
		Expect(k8s.Create(ctx, web)).To(Succeed())
		expectReason(ctx, web, elasticwebv1.ReasonAsPlanned)
		for metric, cause := range map[string]string{decisions: "creation", written: "", ready: ""} {
			Eventually(counted(registry, metric, cause)).Should(BeEquivalentTo(1), metric)
		}
		name, pods := client.ObjectKeyFromObject(web), 0
		for _, count := range operator.reconciler.Pods(name) {
			Expect(count.State).To(Equal(observed.PodReady))
			Expect(count.Architecture).NotTo(BeEmpty())
			pods += count.Pods
		}
		Expect(pods).To(Equal(1))

		update(ctx, web, serving(1600))
		expectReason(ctx, web, elasticwebv1.ReasonAsPlanned)
		for metric, cause := range map[string]string{written: "", ready: ""} {
			Eventually(counted(registry, metric, cause)).Should(BeEquivalentTo(2), metric)
		}
		Expect(counted(registry, decisions, "demand")()).To(BeEquivalentTo(1))

		deployment := &appsv1.Deployment{}
		Expect(k8s.Get(ctx, name, deployment)).To(Succeed())
		before := client.MergeFrom(deployment.DeepCopy())
		deployment.Spec.Replicas = ptr.To[int32](1)
		Expect(k8s.Patch(ctx, deployment, before)).To(Succeed())
		Eventually(counted(registry, decisions, "drift")).Should(BeNumerically(">=", 1))
		expectReason(ctx, web, elasticwebv1.ReasonAsPlanned)
		Expect(counted(registry, ready, "")()).To(BeEquivalentTo(2), "no spec changed")

		Expect(k8s.Delete(ctx, web)).To(Succeed())
		Eventually(func() []observed.PodCount { return operator.reconciler.Pods(name) }).Should(BeEmpty())
	})
})
