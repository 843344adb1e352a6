// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package elasticweb_test

import (
	"context"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/utils/ptr"

	elasticwebv1 "github.com/elasticweb/elasticweb-operator/api/v1"
)

// uidsOf are the UIDs of the pods that are not about to end.
func uidsOf(ctx context.Context, web *elasticwebv1.ElasticWeb) (uids []types.UID) {
	GinkgoHelper()
	for _, pod := range podsOf(ctx, web) {
		uids = append(uids, pod.UID)
	}
	return uids
}

var _ = Describe("spec.rollout", func() {
	It("reaches the Deployment and leaves it again, and restarts no pod", func(ctx SpecContext) {
		namespace, running := startInNamespace(ctx)
		web := newWeb(namespace, "shop")
		create(ctx, web)
		before, pods := read(ctx, web, &appsv1.Deployment{}).Spec, uidsOf(ctx, web)
		update(ctx, web, func(w *elasticwebv1.ElasticWeb) {
			w.Spec.Rollout = &elasticwebv1.RolloutSpec{
				MaxSurge: ptr.To(intstr.FromInt32(0)), MaxUnavailable: ptr.To(intstr.FromString("50%")),
				MinReadySeconds: ptr.To[int32](1), ProgressDeadlineSeconds: ptr.To[int32](30),
			}
		})
		expectReason(ctx, web, elasticwebv1.ReasonAsPlanned)
		changed := read(ctx, web, &appsv1.Deployment{}).Spec
		Expect(changed.Strategy.RollingUpdate).To(Equal(&appsv1.RollingUpdateDeployment{
			MaxSurge: ptr.To(intstr.FromInt32(0)), MaxUnavailable: ptr.To(intstr.FromString("50%")),
		}))
		Expect(changed.MinReadySeconds).To(Equal(int32(1)))
		Expect(changed.ProgressDeadlineSeconds).To(HaveValue(Equal(int32(30))))
		update(ctx, web, func(w *elasticwebv1.ElasticWeb) { w.Spec.Rollout = nil })
		await(ctx, web, &appsv1.Deployment{}, func(g Gomega, d *appsv1.Deployment) { g.Expect(d.Spec).To(Equal(before)) })
		expectReason(ctx, web, elasticwebv1.ReasonAsPlanned)
		Expect(uidsOf(ctx, web)).To(ConsistOf(pods))
		expectRest(ctx, running)
	})

	It("lets a rollout through where a quota has no room for one more pod", func(ctx SpecContext) {
		namespace, _ := startInNamespace(ctx)
		quota(corev1.ResourcePods, "3")(ctx, namespace)
		web := newWeb(namespace, "shop", slowPods)
		create(ctx, web)
		update(ctx, web, func(w *elasticwebv1.ElasticWeb) { w.Spec.Image = "nginx:1.17.2" })
		expectReason(ctx, web, elasticwebv1.ReasonQuotaExceeded)
		update(ctx, web, func(w *elasticwebv1.ElasticWeb) {
			w.Spec.Rollout = &elasticwebv1.RolloutSpec{MaxSurge: ptr.To(intstr.FromInt32(0)), MaxUnavailable: ptr.To(intstr.FromInt32(1))}
		})
		expectReason(ctx, web, elasticwebv1.ReasonAsPlanned)
		Expect(imagesOf(podsOf(ctx, web))).To(Equal([]string{"nginx:1.17.2"}))
	})

	// Its own event or timer has it counted: nothing else happens in the namespace.
	It("counts a pod once it has been ready for minReadySeconds, and not sooner", func(ctx SpecContext) {
		const warmUp = 4 * time.Second
		namespace, running := startInNamespace(ctx)
		web := newWeb(namespace, "shop", func(w *elasticwebv1.ElasticWeb) {
			w.Spec.Rollout = &elasticwebv1.RolloutSpec{MinReadySeconds: ptr.To(int32(warmUp.Seconds()))}
		})
		qps := func() int32 { return ptr.Deref(current(ctx, web).Status.RealQPS, 0) }
		Expect(k8s.Create(ctx, web)).To(Succeed())
		Eventually(qps).WithContext(ctx).Should(BeNumerically(">", 0))
		seen := time.Now()
		pods := podsOf(ctx, web)
		first := pods[0].Status.Conditions[0].LastTransitionTime.Time
		for i := range pods {
			for _, condition := range pods[i].Status.Conditions {
				if condition.Type == corev1.PodReady && (i == 0 || condition.LastTransitionTime.Time.Before(first)) {
					first = condition.LastTransitionTime.Time
				}
			}
		}
		Expect(seen).To(BeTemporally(">=", first.Add(warmUp)))
		Eventually(qps).WithContext(ctx).Should(Equal(int32(2400)))
		expectReason(ctx, web, elasticwebv1.ReasonAsPlanned)
		expectRest(ctx, running)
	})
})
