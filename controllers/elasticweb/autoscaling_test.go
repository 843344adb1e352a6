// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package elasticweb_test

import (
	"context"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	autoscalingv1 "k8s.io/api/autoscaling/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	elasticwebv1 "github.com/elasticweb/elasticweb-operator/api/v1"
)

// byReplicas sets a number of pods in the place of totalQPS. The pods end at once.
func byReplicas(replicas int32) func(*elasticwebv1.ElasticWeb) {
	return func(web *elasticwebv1.ElasticWeb) {
		web.Spec.TotalQPS, web.Spec.Replicas = nil, &replicas
		web.Spec.TerminationGracePeriodSeconds = ptr.To[int64](1)
	}
}

// byAutoscaler leaves the number of pods to an autoscaler, within limits.
func byAutoscaler(least, most int32) func(*elasticwebv1.ElasticWeb) {
	return func(web *elasticwebv1.ElasticWeb) {
		web.Spec.TotalQPS, web.Spec.MinReplicas, web.Spec.MaxReplicas = nil, &least, &most
		web.Spec.TerminationGracePeriodSeconds = ptr.To[int64](1)
	}
}

// scale writes the scale subresource, as an autoscaler of the given name does.
func scale(ctx context.Context, web *elasticwebv1.ElasticWeb, replicas int32, manager string) {
	GinkgoHelper()
	wanted := &autoscalingv1.Scale{Spec: autoscalingv1.ScaleSpec{Replicas: replicas}}
	Expect(k8s.SubResource("scale").Update(ctx, web, client.WithSubResourceBody(wanted), client.FieldOwner(manager))).To(Succeed())
}

func scaleOf(ctx context.Context, web *elasticwebv1.ElasticWeb) *autoscalingv1.Scale {
	GinkgoHelper()
	answer := &autoscalingv1.Scale{}
	Expect(k8s.SubResource("scale").Get(ctx, web, answer)).To(Succeed())
	return answer
}

// current reads an ElasticWeb.
func current(ctx context.Context, web *elasticwebv1.ElasticWeb) *elasticwebv1.ElasticWeb {
	GinkgoHelper()
	result := &elasticwebv1.ElasticWeb{}
	Expect(k8s.Get(ctx, client.ObjectKeyFromObject(web), result)).To(Succeed())
	return result
}

// expectPods waits until an ElasticWeb has a number of pods, all ready, and says so.
func expectPods(ctx context.Context, web *elasticwebv1.ElasticWeb, pods int32) {
	GinkgoHelper()
	Eventually(func(g Gomega) {
		now := &elasticwebv1.ElasticWeb{}
		g.Expect(k8s.Get(ctx, client.ObjectKeyFromObject(web), now)).To(Succeed())
		g.Expect(now.Status.ObservedGeneration).To(Equal(now.Generation))
		g.Expect(now.Status.Replicas).To(Equal(pods))
		g.Expect(now.Status.ReadyReplicas).To(Equal(pods))
		ready := meta.FindStatusCondition(now.Status.Conditions, elasticwebv1.ConditionReady)
		g.Expect(ready).To(HaveField("Reason", BeElementOf(elasticwebv1.ReasonAsPlanned, elasticwebv1.ReasonNoDemand)))
	}).WithContext(ctx).Should(Succeed())
}

// condition waits for a condition to have a status and a reason, and gives its message.
func condition(ctx context.Context, web *elasticwebv1.ElasticWeb, kind, status, reason string) string {
	GinkgoHelper()
	var message string
	Eventually(func(g Gomega) {
		now := &elasticwebv1.ElasticWeb{}
		g.Expect(k8s.Get(ctx, client.ObjectKeyFromObject(web), now)).To(Succeed())
		g.Expect(now.Status.ObservedGeneration).To(Equal(now.Generation))
		found := meta.FindStatusCondition(now.Status.Conditions, kind)
		g.Expect(found).NotTo(BeNil())
		g.Expect([]string{string(found.Status), found.Reason}).To(Equal([]string{status, reason}))
		message = found.Message
	}).WithContext(ctx).Should(Succeed())
	return message
}

var _ = Describe("An ElasticWeb in replicas mode", func() {
	It("follows kubectl scale, and answers the scale subresource", func(ctx SpecContext) {
		web := newWeb(newNamespace(ctx), "shop", byReplicas(2))
		startOperator(operatorOptions{namespaces: []string{web.Namespace}})
		Expect(k8s.Create(ctx, web)).To(Succeed())
		expectPods(ctx, web, 2)
		replicas := replicasOf(web)
		mustKubectl(ctx, "", "scale", "--namespace", web.Namespace, "elasticweb/shop", "--replicas=4")
		expectPods(ctx, web, 4)
		Expect(replicas.all()).To(Equal([]int32{2, 4}))
		answer := scaleOf(ctx, web)
		Expect(answer.Spec.Replicas).To(Equal(int32(4)))
		Expect(answer.Status.Replicas).To(Equal(int32(4)))
		Expect(answer.Status.Selector).To(Equal("app.kubernetes.io/instance=shop,app.kubernetes.io/name=elasticweb"))
		Expect(current(ctx, web).Status.RealQPS).To(HaveValue(Equal(int32(3200))))
	})

	It("is scaled up and down by a real HPA, and nothing fights over the number", func(ctx SpecContext) {
		web := newWeb(newNamespace(ctx), "shop", byAutoscaler(1, 5))
		metric := serveExternalMetric(ctx, web.Namespace, 1500)
		startOperator(operatorOptions{namespaces: []string{web.Namespace}})
		Expect(k8s.Create(ctx, web)).To(Succeed())
		expectPods(ctx, web, 1)
		replicas := replicasOf(web)
		autoscaler := newAutoscaler(web)
		Expect(k8s.Create(ctx, autoscaler)).To(Succeed())
		Eventually(replicas.all).WithContext(ctx).WithTimeout(time.Minute).Should(Equal([]int32{1, 3}))
		expectPods(ctx, web, 3)
		metric.value.Store(900)
		Eventually(replicas.all).WithContext(ctx).Should(Equal([]int32{1, 3, 2}))
		expectPods(ctx, web, 2)
		Consistently(replicas.all).WithContext(ctx).WithTimeout(2 * time.Second).Should(Equal([]int32{1, 3, 2}))
		Expect(k8s.Get(ctx, client.ObjectKeyFromObject(autoscaler), autoscaler)).To(Succeed())
		Expect(autoscaler.Status.CurrentReplicas).To(Equal(int32(2)))
		for _, found := range autoscaler.Status.Conditions {
			if found.Type == autoscalingv2.AbleToScale || found.Type == autoscalingv2.ScalingActive {
				Expect(string(found.Status)).To(Equal("True"), found.Message)
			}
		}
	}, SpecTimeout(2*time.Minute))

	It("keeps within the limits that an autoscaler oversteps, and says so", func(ctx SpecContext) {
		web := newWeb(newNamespace(ctx), "shop", byAutoscaler(2, 4))
		startOperator(operatorOptions{namespaces: []string{web.Namespace}})
		Expect(k8s.Create(ctx, web)).To(Succeed())
		expectPods(ctx, web, 2)
		replicas := replicasOf(web)
		scale(ctx, web, 1, "autoscaler")
		Expect(condition(ctx, web, elasticwebv1.ConditionCapacityMet, "True", elasticwebv1.ReasonReplicaLimit)).
			To(ContainSubstring("spec.minReplicas keeps 2"))
		expectReason(ctx, web, elasticwebv1.ReasonAsPlanned)
		scale(ctx, web, 9, "autoscaler")
		Expect(condition(ctx, web, elasticwebv1.ConditionReady, "False", elasticwebv1.ReasonReplicaLimit)).
			To(ContainSubstring("raise spec.maxReplicas"))
		condition(ctx, web, elasticwebv1.ConditionCapacityMet, "False", elasticwebv1.ReasonReplicaLimit)
		Expect(current(ctx, web).Status.ReadyReplicas).To(Equal(int32(4)))
		update(ctx, web, func(w *elasticwebv1.ElasticWeb) { w.Spec.MaxReplicas = ptr.To[int32](9) })
		expectPods(ctx, web, 9)
		Expect(replicas.all()).To(Equal([]int32{2, 4, 9}))
	})

	It("goes to 0 and comes back, as KEDA does it", func(ctx SpecContext) {
		web := newWeb(newNamespace(ctx), "shop", byAutoscaler(2, 5))
		startOperator(operatorOptions{namespaces: []string{web.Namespace}})
		Expect(k8s.Create(ctx, web)).To(Succeed())
		expectPods(ctx, web, 2)
		replicas := replicasOf(web)
		scale(ctx, web, 0, "keda-operator")
		condition(ctx, web, elasticwebv1.ConditionReady, "True", elasticwebv1.ReasonNoDemand)
		Expect(scaleOf(ctx, web).Status.Replicas).To(BeZero())
		Expect(current(ctx, web).Spec.Replicas).To(HaveValue(BeZero()), "0 is a number, and no reason to seed another")
		scale(ctx, web, 3, "keda-operator")
		expectPods(ctx, web, 3)
		Expect(replicas.all()).To(Equal([]int32{2, 0, 3}))
	})

	It("makes nothing for 0 replicas, and 0 pods of some", func(ctx SpecContext) {
		web := newWeb(newNamespace(ctx), "shop", byReplicas(0))
		operator := startOperator(operatorOptions{namespaces: []string{web.Namespace}})
		Expect(k8s.Create(ctx, web)).To(Succeed())
		condition(ctx, web, elasticwebv1.ConditionReady, "True", elasticwebv1.ReasonNoDemand)
		Expect(operator.requests.writesTo("deployments")).To(BeEmpty())
		Expect(operator.requests.writesTo("services")).To(BeEmpty())
		replicas := replicasOf(web)
		scale(ctx, web, 2, "kubectl")
		expectPods(ctx, web, 2)
		scale(ctx, web, 0, "kubectl")
		condition(ctx, web, elasticwebv1.ConditionReady, "True", elasticwebv1.ReasonNoDemand)
		Expect(replicas.all()).To(Equal([]int32{2, 0}))
	})

	It("seeds replicas once, and a GitOps manifest without them goes on working", func(ctx SpecContext) {
		namespace, port := newNamespace(ctx), freePort()
		startOperator(operatorOptions{namespaces: []string{namespace}})
		web := newWeb(namespace, "shop")
		gitOps := func(fields string) {
			GinkgoHelper()
			mustKubectl(ctx, manifestOf(namespace, "shop", port, fields),
				"apply", "--server-side", "--field-manager=gitops", "--filename=-")
		}
		gitOps("minReplicas: 2")
		expectPods(ctx, web, 2)
		Expect(owners(current(ctx, web), "spec", "replicas")).To(Equal([]string{"elasticweb-operator-seed"}))
		Expect(scaleOf(ctx, web).Spec.Replicas).To(Equal(int32(2)))
		replicas := replicasOf(web)
		gitOps("minReplicas: 2, podLabels: {tier: front}")
		expectReason(ctx, web, elasticwebv1.ReasonAsPlanned)
		Expect(current(ctx, web).Spec.Replicas).To(HaveValue(Equal(int32(2))))
		scale(ctx, web, 4, "autoscaler")
		expectPods(ctx, web, 4)
		gitOps("minReplicas: 3")
		expectPods(ctx, web, 4)
		Expect(owners(current(ctx, web), "spec", "replicas")).To(Equal([]string{"autoscaler"}))
		Expect(replicas.all()).To(Equal([]int32{2, 4}))
	})
})
