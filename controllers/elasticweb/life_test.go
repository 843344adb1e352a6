// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package elasticweb_test

import (
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	appsv1 "k8s.io/api/apps/v1"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	elasticwebv1 "github.com/elasticweb/elasticweb-operator/api/v1"
)

var _ = Describe("The life of an ElasticWeb", func() {
	It("1.4: keeps ceil(totalQPS / singlePodsQPS) pods", func(ctx SpecContext) {
		startOperator(operatorOptions{})
		web := newWeb(newNamespace(ctx), "shop")
		Expect(k8s.Create(ctx, web)).To(Succeed())
		expectReason(ctx, web, elasticwebv1.ReasonAsPlanned)
		deployment := &appsv1.Deployment{}
		Expect(k8s.Get(ctx, client.ObjectKeyFromObject(web), deployment)).To(Succeed())
		Expect(deployment.Spec.Replicas).To(HaveValue(Equal(int32(3))))
		update(ctx, web, func(w *elasticwebv1.ElasticWeb) { w.Spec.TotalQPS = ptr.To[int32](2401) })
		Eventually(func(g Gomega) {
			g.Expect(k8s.Get(ctx, client.ObjectKeyFromObject(web), deployment)).To(Succeed())
			g.Expect(deployment.Spec.Replicas).To(HaveValue(Equal(int32(4))))
		}).WithContext(ctx).Should(Succeed())
	})
})
