// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package elasticweb_test

import (
	"context"
	"slices"
	"sync/atomic"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	appsv1 "k8s.io/api/apps/v1"
	autoscalingv1 "k8s.io/api/autoscaling/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/clock"
	"sigs.k8s.io/controller-runtime/pkg/client"

	elasticwebv1 "github.com/elasticweb/elasticweb-operator/api/v1"
	"github.com/elasticweb/elasticweb-operator/test/cluster"
)

// deploymentOf reads the Deployment of an ElasticWeb.
func deploymentOf(ctx context.Context, web *elasticwebv1.ElasticWeb) *appsv1.Deployment {
	GinkgoHelper()
	deployment := &appsv1.Deployment{}
	Expect(k8s.Get(ctx, client.ObjectKeyFromObject(web), deployment)).To(Succeed())
	return deployment
}

// shiftedClock goes as the real one does, ahead of it.
type shiftedClock struct {
	clock.RealClock
	ahead atomic.Int64
}

func (c *shiftedClock) shift(by time.Duration) { c.ahead.Add(int64(by)) }

func (c *shiftedClock) Now() time.Time { return c.RealClock.Now().Add(time.Duration(c.ahead.Load())) }

// contest changes the replicas of a Deployment, and waits until the operator has put them right.
func contest(ctx context.Context, web *elasticwebv1.ElasticWeb, manager string, replicas int32) {
	GinkgoHelper()
	deployment := &appsv1.Deployment{ObjectMeta: metav1.ObjectMeta{Namespace: web.Namespace, Name: web.Name}}
	wanted := &autoscalingv1.Scale{Spec: autoscalingv1.ScaleSpec{Replicas: replicas}}
	Expect(k8s.SubResource("scale").Update(ctx, deployment, client.WithSubResourceBody(wanted), client.FieldOwner(manager))).To(Succeed())
	Eventually(func() int32 { return *deploymentOf(ctx, web).Spec.Replicas }).WithContext(ctx).Should(Equal(int32(3)))
}

var _ = Describe("Somebody who scales the Deployment of an ElasticWeb", func() {
	It("is overruled, named who keeps doing it, and no longer named who stopped", func(ctx SpecContext) {
		shifted := &shiftedClock{}
		web := newWeb(newNamespace(ctx), "shop")
		startOperator(operatorOptions{namespaces: []string{web.Namespace}, clock: shifted})
		Expect(k8s.Create(ctx, web)).To(Succeed())
		expectPods(ctx, web, 3)
		contest(ctx, web, "legacy-scaler", 5)
		contest(ctx, web, "legacy-scaler", 4)
		expectPods(ctx, web, 3)
		contest(ctx, web, "legacy-scaler", 6)
		Expect(condition(ctx, web, elasticwebv1.ConditionContested, "True", elasticwebv1.ReasonReplicasContested)).
			To(HavePrefix("legacy-scaler keeps changing the replicas of the Deployment"))
		expectPods(ctx, web, 3) // and is ready again at once.
		condition(ctx, web, elasticwebv1.ConditionCapacityMet, "True", elasticwebv1.ReasonAsPlanned)
		Eventually(eventsOf(ctx, web, corev1.EventTypeWarning, elasticwebv1.ReasonReplicasContested)).WithContext(ctx).Should(Equal(1))
		contest(ctx, web, "kube-controller-manager", 2)
		Eventually(func() string {
			return condition(ctx, web, elasticwebv1.ConditionContested, "True", elasticwebv1.ReasonReplicasContested)
		}).WithContext(ctx).Should(HavePrefix("kube-controller-manager keeps changing"))
		update(ctx, web, podState(cluster.Waiting("ErrImagePull", "manifest unknown")))
		expectReason(ctx, web, elasticwebv1.ReasonImageNotFound)
		update(ctx, web, func(w *elasticwebv1.ElasticWeb) { w.Spec.PodAnnotations = nil })

		shifted.shift(11 * time.Minute)
		Expect(k8s.Patch(ctx, deploymentOf(ctx, web), client.RawPatch("application/merge-patch+json",
			[]byte(`{"metadata": {"annotations": {"example.com/look": "again"}}}`)))).To(Succeed())
		expectPods(ctx, web, 3)
		await(ctx, web, &elasticwebv1.ElasticWeb{}, func(g Gomega, w *elasticwebv1.ElasticWeb) {
			g.Expect(meta.FindStatusCondition(w.Status.Conditions, elasticwebv1.ConditionContested)).To(BeNil())
		})
	})

	It("is not the operator itself, whatever the spec asks for", func(ctx SpecContext) {
		web := newWeb(newNamespace(ctx), "shop", byReplicas(1))
		startOperator(operatorOptions{namespaces: []string{web.Namespace}})
		Expect(k8s.Create(ctx, web)).To(Succeed())
		for _, pods := range []int32{2, 1, 3, 2, 4, 1} {
			scale(ctx, web, pods, "autoscaler")
			expectPods(ctx, web, pods)
		}
	})
})

var _ = Describe("Somebody who changes what the operator puts on pods", func() {
	It("has it their way, and is told of until that pod is gone", func(ctx SpecContext) {
		ownNodes(ctx, "contest", cluster.NodePool{Arch: "arm64", Count: 1, Pods: 1}, cluster.NodePool{Arch: "amd64", Count: 1, Pods: 8})
		namespace, _ := startInNamespace(ctx, operatorOptions{})
		web := newWeb(namespace, "shop", onOwnNodes("contest"), armTwiceAsFast, serving(2000))
		create(ctx, web)
		expectCapacity(ctx, web, "arm64=1,amd64=3", 2000, true)
		pods, slow := podsOf(ctx, web), uidsOn(ctx, web, "amd64") // where another one has room while one ends.
		contested := pods[slices.IndexFunc(pods, func(pod corev1.Pod) bool { return string(pod.UID) == slow[0] })]
		cost := func(g Gomega) string {
			g.Expect(k8s.Get(ctx, client.ObjectKeyFromObject(&contested), &contested)).To(Succeed())
			return contested.Annotations[corev1.PodDeletionCost]
		}
		const theirs = "-7"
		isContested := func(g Gomega) bool {
			var now elasticwebv1.ElasticWeb
			g.Expect(k8s.Get(ctx, client.ObjectKeyFromObject(web), &now)).To(Succeed())
			return meta.IsStatusConditionTrue(now.Status.Conditions, elasticwebv1.ConditionContested)
		}
		Eventually(func(g Gomega) {
			if cost(g) != theirs {
				g.Expect(k8s.Patch(ctx, &contested, client.RawPatch("application/merge-patch+json",
					[]byte(`{"metadata": {"annotations": {"controller.kubernetes.io/pod-deletion-cost": "`+theirs+`"}}}`)))).To(Succeed())
			}
			g.Expect(isContested(g)).To(BeTrue())
		}).WithContext(ctx).Should(Succeed())
		Expect(condition(ctx, web, elasticwebv1.ConditionContested, "True", elasticwebv1.ReasonPodsContested)).
			To(ContainSubstring("controller.kubernetes.io/pod-deletion-cost"))
		expectReason(ctx, web, elasticwebv1.ReasonAsPlanned)
		Expect(cost(Default)).To(Equal(theirs))

		Expect(k8s.Delete(ctx, &contested)).To(Succeed())
		Eventually(isContested).WithContext(ctx).Should(BeFalse())
		expectCapacity(ctx, web, "arm64=1,amd64=3", 2000, true)
	})
})
