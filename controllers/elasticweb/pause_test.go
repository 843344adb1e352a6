// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package elasticweb_test

import (
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	elasticwebv1 "github.com/elasticweb/elasticweb-operator/api/v1"
)

func paused(value string) func(*elasticwebv1.ElasticWeb) {
	return func(web *elasticwebv1.ElasticWeb) {
		web.Annotations = map[string]string{elasticwebv1.AnnotationPaused: value}
	}
}

var _ = Describe("A paused ElasticWeb", func() {
	It("is left as it is, reports what it serves, and catches up when it is resumed", func(ctx SpecContext) {
		web := newWeb(newNamespace(ctx), "shop", slowPods)
		operator := startOperator(operatorOptions{namespaces: []string{web.Namespace}})
		Expect(k8s.Create(ctx, web)).To(Succeed())
		expectPods(ctx, web, 3)
		update(ctx, web, paused("true"))
		Expect(condition(ctx, web, elasticwebv1.ConditionReady, "Unknown", elasticwebv1.ReasonPaused)).
			To(ContainSubstring("remove it to go on"))
		condition(ctx, web, elasticwebv1.ConditionCapacityMet, "True", elasticwebv1.ReasonAsPlanned)

		By("leaving the spec, drift and a deleted Service alone")
		before := len(operator.requests.writesTo("deployments")) + len(operator.requests.writesTo("services"))
		update(ctx, web, func(w *elasticwebv1.ElasticWeb) {
			w.Spec.Image, w.Spec.TotalQPS = "nginx:1.17.2", ptr.To[int32](800)
		})
		deployment := deploymentOf(ctx, web)
		deployment.Spec.Replicas = ptr.To[int32](2)
		Expect(k8s.Update(ctx, deployment)).To(Succeed())
		service := &corev1.Service{}
		Expect(k8s.Get(ctx, client.ObjectKeyFromObject(web), service)).To(Succeed())
		Expect(k8s.Delete(ctx, service)).To(Succeed())
		Eventually(func() *int32 { return current(ctx, web).Status.RealQPS }).WithContext(ctx).Should(HaveValue(Equal(int32(1600))))
		Consistently(func(g Gomega) {
			g.Expect(deploymentOf(ctx, web).Spec.Replicas).To(HaveValue(Equal(int32(2))))
			g.Expect(k8s.Get(ctx, client.ObjectKeyFromObject(web), service)).To(Satisfy(apierrors.IsNotFound))
		}).WithContext(ctx).WithTimeout(500 * time.Millisecond).Should(Succeed())
		Expect(len(operator.requests.writesTo("deployments")) + len(operator.requests.writesTo("services"))).To(Equal(before))
		condition(ctx, web, elasticwebv1.ConditionReady, "Unknown", elasticwebv1.ReasonPaused)

		By("catching up")
		update(ctx, web, paused("false"))
		expectPods(ctx, web, 1)
		Expect(imagesOf(podsOf(ctx, web))).To(Equal([]string{"nginx:1.17.2"}))
		Expect(k8s.Get(ctx, client.ObjectKeyFromObject(web), service)).To(Succeed())
	})

	It("says so where it was paused before the operator started, and gets nothing until it is resumed", func(ctx SpecContext) {
		web := newWeb(newNamespace(ctx), "shop", paused("true"))
		Expect(k8s.Create(ctx, web)).To(Succeed())
		operator := startOperator(operatorOptions{namespaces: []string{web.Namespace}})
		condition(ctx, web, elasticwebv1.ConditionReady, "Unknown", elasticwebv1.ReasonPaused)
		Expect(current(ctx, web).Status.RealQPS).To(HaveValue(BeZero()))
		Expect(k8s.Get(ctx, client.ObjectKeyFromObject(web), &appsv1.Deployment{})).To(Satisfy(apierrors.IsNotFound))
		Expect(operator.requests.writesTo("services")).To(BeEmpty())
		update(ctx, web, func(w *elasticwebv1.ElasticWeb) { w.Annotations = nil })
		expectPods(ctx, web, 3)
	})

	It("goes when it is deleted", func(ctx SpecContext) {
		web := newWeb(newNamespace(ctx), "shop", slowPods)
		startOperator(operatorOptions{namespaces: []string{web.Namespace}})
		Expect(k8s.Create(ctx, web)).To(Succeed())
		expectPods(ctx, web, 3)
		update(ctx, web, paused("true"))
		Expect(k8s.Delete(ctx, web)).To(Succeed())
		Eventually(absent(ctx, web, &appsv1.Deployment{})).WithContext(ctx).WithTimeout(collectedWithin).Should(BeTrue())
	}, SpecTimeout(3*time.Minute))
})
