// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package elasticweb_test

import (
	"context"
	"maps"
	"slices"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	elasticwebv1 "github.com/elasticweb/elasticweb-operator/api/v1"
	"github.com/elasticweb/elasticweb-operator/test/cluster"
)

// slowPods end at once, and become ready a second after they started.
func slowPods(web *elasticwebv1.ElasticWeb) {
	web.Spec.TerminationGracePeriodSeconds = ptr.To[int64](1)
	web.Spec.PodAnnotations = map[string]string{cluster.ReadyAfter: "1"}
}

func serving(qps int32) func(*elasticwebv1.ElasticWeb) {
	return func(web *elasticwebv1.ElasticWeb) { web.Spec.TotalQPS = &qps }
}

// podsOf lists the pods of an ElasticWeb that are not about to end.
func podsOf(ctx context.Context, web *elasticwebv1.ElasticWeb) []corev1.Pod {
	GinkgoHelper()
	list := &corev1.PodList{}
	Expect(k8s.List(ctx, list, client.InNamespace(web.Namespace), client.MatchingLabels{elasticwebv1.LabelInstance: web.Name})).To(Succeed())
	return slices.DeleteFunc(list.Items, func(pod corev1.Pod) bool { return pod.DeletionTimestamp != nil })
}

func imagesOf(pods []corev1.Pod) []string {
	found := map[string]struct{}{}
	for i := range pods {
		found[pods[i].Spec.Containers[0].Image] = struct{}{}
	}
	return slices.Sorted(maps.Keys(found))
}

var _ = Describe("A rollout", func() {
	DescribeTable("never has fewer ready pods than the smaller of the old and the new number",
		func(ctx SpecContext, before, after int32) {
			web := newWeb(newNamespace(ctx), "shop", slowPods, serving(800*before))
			startOperator(operatorOptions{namespaces: []string{web.Namespace}})
			Expect(k8s.Create(ctx, web)).To(Succeed())
			expectPods(ctx, web, before)
			ready := readyPodsOf(web)
			Eventually(ready.all).WithContext(ctx).Should(ContainElement(before))
			ready.restart()
			update(ctx, web, func(w *elasticwebv1.ElasticWeb) {
				w.Spec.Image, w.Spec.TotalQPS = "nginx:1.17.2", ptr.To(800*after)
			})
			expectPods(ctx, web, after)
			Expect(imagesOf(podsOf(ctx, web))).To(Equal([]string{"nginx:1.17.2"}))
			Eventually(ready.all).WithContext(ctx).Should(HaveEach(BeNumerically(">=", min(before, after))))
			Expect(len(ready.all())).To(BeNumerically(">", 1), "the pods were replaced")
		},
		Entry("of a single pod", int32(1), int32(1)),
		Entry("of three pods", int32(3), int32(3)),
		Entry("that also adds pods", int32(2), int32(5)),
		Entry("that also takes pods away", int32(6), int32(2)),
	)

	It("keeps its promise when the number changes half-way", func(ctx SpecContext) {
		web := newWeb(newNamespace(ctx), "shop", slowPods, serving(800*13))
		startOperator(operatorOptions{namespaces: []string{web.Namespace}})
		Expect(k8s.Create(ctx, web)).To(Succeed())
		expectPods(ctx, web, 13)
		ready := readyPodsOf(web)
		Eventually(ready.all).WithContext(ctx).Should(ContainElement(int32(13)))
		ready.restart()
		update(ctx, web, func(w *elasticwebv1.ElasticWeb) { w.Spec.Image = "nginx:1.17.2" })
		Eventually(func() []string { return imagesOf(podsOf(ctx, web)) }).WithContext(ctx).Should(HaveLen(2))
		update(ctx, web, func(w *elasticwebv1.ElasticWeb) { w.Spec.TotalQPS = ptr.To[int32](800 * 12) })
		expectPods(ctx, web, 12)
		Expect(ready.all()).To(HaveEach(BeNumerically(">=", 12)))
		Eventually(func() string { return deploymentOf(ctx, web).Spec.Strategy.RollingUpdate.MaxSurge.String() }).
			WithContext(ctx).Should(Equal("25%"))
	})

	It("keeps the old pods when the new image cannot be pulled, and goes on when it can", func(ctx SpecContext) {
		web := newWeb(newNamespace(ctx), "shop", slowPods)
		startOperator(operatorOptions{namespaces: []string{web.Namespace}})
		Expect(k8s.Create(ctx, web)).To(Succeed())
		expectPods(ctx, web, 3)
		ready := readyPodsOf(web)
		Eventually(ready.all).WithContext(ctx).Should(ContainElement(int32(3)))
		ready.restart()
		update(ctx, web, func(w *elasticwebv1.ElasticWeb) {
			w.Spec.Image = "nginx:no-such-tag"
			w.Spec.PodAnnotations = cluster.Waiting("ImagePullBackOff", `Back-off pulling image: ErrImagePull: manifest unknown`).Annotations()
		})
		condition(ctx, web, elasticwebv1.ConditionReady, "False", elasticwebv1.ReasonImageNotFound)
		condition(ctx, web, elasticwebv1.ConditionCapacityMet, "True", elasticwebv1.ReasonAsPlanned)
		Expect(current(ctx, web).Status.RealQPS).To(HaveValue(Equal(int32(2400))))
		update(ctx, web, func(w *elasticwebv1.ElasticWeb) {
			slowPods(w)
			w.Spec.Image = "nginx:1.17.2"
		})
		expectPods(ctx, web, 3)
		Expect(imagesOf(podsOf(ctx, web))).To(Equal([]string{"nginx:1.17.2"}))
		Expect(ready.all()).To(HaveEach(BeNumerically(">=", 3)))
	})
})

var _ = Describe("The pods of an ElasticWeb", func() {
	type settings struct {
		grace  int64
		hook   *corev1.Lifecycle
		probe  *corev1.Probe
		tuning func(*elasticwebv1.ElasticWeb)
	}
	sleep := func(seconds int64) *corev1.Lifecycle {
		return &corev1.Lifecycle{PreStop: &corev1.LifecycleHandler{Sleep: &corev1.SleepAction{Seconds: seconds}}}
	}
	probe := func(port intstr.IntOrString, period int32) *corev1.Probe {
		return &corev1.Probe{
			ProbeHandler:  corev1.ProbeHandler{TCPSocket: &corev1.TCPSocketAction{Port: port}},
			PeriodSeconds: period, TimeoutSeconds: 1, SuccessThreshold: 1, FailureThreshold: 3,
		}
	}
	DescribeTable("end and become ready as the user says, or else by default",
		func(ctx SpecContext, want settings) {
			web := newWeb(newNamespace(ctx), "shop", want.tuning)
			startOperator(operatorOptions{namespaces: []string{web.Namespace}})
			Expect(k8s.Create(ctx, web)).To(Succeed())
			expectPods(ctx, web, 3)
			pod := deploymentOf(ctx, web).Spec.Template.Spec
			Expect(pod.TerminationGracePeriodSeconds).To(HaveValue(Equal(want.grace)))
			Expect(pod.Containers[0].Lifecycle).To(Equal(want.hook))
			Expect(pod.Containers[0].ReadinessProbe).To(Equal(want.probe))
		},
		Entry("with a port that is only assumed", settings{30, sleep(5), nil, func(*elasticwebv1.ElasticWeb) {}}),
		Entry("with a port that is declared", settings{30, sleep(5), probe(intstr.FromString("http"), 5), func(w *elasticwebv1.ElasticWeb) {
			w.Spec.ContainerPort = ptr.To[int32](80)
		}}),
		Entry("with a short grace period", settings{3, sleep(2), nil, func(w *elasticwebv1.ElasticWeb) {
			w.Spec.TerminationGracePeriodSeconds = ptr.To[int64](3)
		}}),
		Entry("with no grace period", settings{0, nil, nil, func(w *elasticwebv1.ElasticWeb) {
			w.Spec.TerminationGracePeriodSeconds = ptr.To[int64](0)
		}}),
		Entry("with everything given", settings{60, sleep(20), probe(intstr.FromInt32(81), 9), func(w *elasticwebv1.ElasticWeb) {
			w.Spec.TerminationGracePeriodSeconds, w.Spec.Lifecycle = ptr.To[int64](60), sleep(20)
			w.Spec.ContainerPort, w.Spec.ReadinessProbe = ptr.To[int32](80), probe(intstr.FromInt32(81), 9)
		}}),
	)
})

var _ = Describe("A drain", func() {
	evict := func(ctx context.Context, pod *corev1.Pod) error {
		return k8s.SubResource("eviction").Create(ctx, pod, &policyv1.Eviction{})
	}

	It("takes one pod at a time", func(ctx SpecContext) {
		web := newWeb(newNamespace(ctx), "shop", slowPods)
		startOperator(operatorOptions{namespaces: []string{web.Namespace}})
		Expect(k8s.Create(ctx, web)).To(Succeed())
		expectPods(ctx, web, 3)
		ready := readyPodsOf(web)
		Eventually(ready.all).WithContext(ctx).Should(ContainElement(int32(3)))
		ready.restart()
		all := podsOf(ctx, web)
		for i := range all {
			Eventually(func() error { return evict(ctx, &all[i]) }).WithContext(ctx).Should(Succeed())
			for next := i + 1; next < len(all); next++ {
				Expect(evict(ctx, &all[next])).To(Satisfy(apierrors.IsTooManyRequests))
			}
		}
		expectPods(ctx, web, 3)
		Expect(ready.all()).To(HaveEach(BeNumerically(">=", 2)))
	})

	It("is held up by a budget only where there is more than one pod", func(ctx SpecContext) {
		web := newWeb(newNamespace(ctx), "shop", byReplicas(1))
		startOperator(operatorOptions{namespaces: []string{web.Namespace}})
		Expect(k8s.Create(ctx, web)).To(Succeed())
		hasBudget := func() bool {
			return k8s.Get(ctx, client.ObjectKeyFromObject(web), &policyv1.PodDisruptionBudget{}) == nil
		}
		for _, pods := range []int32{1, 2, 1, 3, 0} {
			scale(ctx, web, pods, "autoscaler")
			expectPods(ctx, web, pods)
			Expect(hasBudget()).To(Equal(pods > 1), "with %d pods", pods)
		}
		scale(ctx, web, 1, "autoscaler")
		expectPods(ctx, web, 1)
		Expect(evict(ctx, &podsOf(ctx, web)[0])).To(Succeed())
		expectPods(ctx, web, 1)
	})
})
