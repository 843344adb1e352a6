// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package elasticweb_test

import (
	"context"
	"syscall"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	admissionv1 "k8s.io/api/admissionregistration/v1"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	elasticwebv1 "github.com/elasticweb/elasticweb-operator/api/v1"
	"github.com/elasticweb/elasticweb-operator/test/cluster"
)

// freezeControllers stops the controllers of the cluster, the garbage collector among them, until the end of the spec.
func freezeControllers() {
	GinkgoHelper()
	Expect(controlPlane.SignalComponent(cluster.ControllerManager, syscall.SIGSTOP)).To(Succeed())
	DeferCleanup(func() { Expect(controlPlane.SignalComponent(cluster.ControllerManager, syscall.SIGCONT)).To(Succeed()) })
}

// expectTakenBack waits until the ElasticWeb has all that another one of its name left behind, and checks that no pod was replaced.
func expectTakenBack(ctx context.Context, web *elasticwebv1.ElasticWeb, left []client.Object, pods []string) {
	GinkgoHelper()
	expectReason(ctx, web, elasticwebv1.ReasonAsPlanned)
	for i, child := range newChildren() {
		read(ctx, web, child)
		Expect(child.GetUID()).To(Equal(left[i].GetUID()))
		Expect(child.GetOwnerReferences()).To(HaveLen(1))
		Expect(metav1.IsControlledBy(child, web)).To(BeTrue())
	}
	before, _ := left[0].(*appsv1.Deployment)
	Expect(read(ctx, web, &appsv1.Deployment{}).Spec.Template).To(Equal(before.Spec.Template))
	Expect(podNames(ctx, web.Namespace)).To(ConsistOf(pods))
}

func podNames(ctx context.Context, namespace string) []string {
	GinkgoHelper()
	list := &corev1.PodList{}
	Expect(k8s.List(ctx, list, client.InNamespace(namespace))).To(Succeed())
	var names []string
	for i := range list.Items {
		names = append(names, list.Items[i].Name)
	}
	return names
}

// readLeftovers reads what belongs to the ElasticWeb's name.
func readLeftovers(ctx context.Context, web *elasticwebv1.ElasticWeb) []client.Object {
	GinkgoHelper()
	children := newChildren()
	for _, child := range children {
		read(ctx, web, child)
	}
	return children
}

var _ = Describe("What an ElasticWeb left behind", func() {
	var (
		namespace string
		running   *operator
		first     *elasticwebv1.ElasticWeb
		pods      []string
	)
	BeforeEach(func(ctx SpecContext) {
		namespace, running = startInNamespace(ctx)
		first = newWeb(namespace, "shop")
		create(ctx, first)
		// The record's generation is far beyond that of an ElasticWeb that is made again.
		for _, least := range []int32{1, 2, 1} { // of the three that there are.
			update(ctx, first, func(w *elasticwebv1.ElasticWeb) { w.Spec.MinReplicas = ptr.To(least) })
			expectReason(ctx, first, elasticwebv1.ReasonAsPlanned)
		}
		pods = podNames(ctx, namespace)
	})
	again := func() *elasticwebv1.ElasticWeb {
		web := newWeb(namespace, "shop")
		web.Spec = *first.Spec.DeepCopy()
		return web
	}
	orphan := func(ctx context.Context) []client.Object {
		GinkgoHelper()
		Expect(k8s.Delete(ctx, first, client.PropagationPolicy(metav1.DeletePropagationOrphan))).To(Succeed())
		Eventually(absent(ctx, first, &elasticwebv1.ElasticWeb{})).WithContext(ctx).WithTimeout(collectedWithin).Should(BeTrue())
		left := readLeftovers(ctx, first)
		for _, child := range left {
			Expect(child.GetOwnerReferences()).To(BeEmpty())
		}
		return left
	}

	It("when it was orphaned, is taken back by the next one of its name", func(ctx SpecContext) {
		left := orphan(ctx)
		second := again()
		Expect(k8s.Create(ctx, second)).To(Succeed())
		expectTakenBack(ctx, second, left, pods)
		expectRest(ctx, running)
		Expect(eventsOf(ctx, second, corev1.EventTypeWarning, "")()).To(BeZero())
	})

	It("is taken back where an autoscaler gives the number of pods, and keeps it", func(ctx SpecContext) {
		left := orphan(ctx)
		second := again()
		second.Spec.TotalQPS, second.Spec.MinReplicas, second.Spec.MaxReplicas = nil, ptr.To[int32](1), ptr.To[int32](5)
		Expect(k8s.Create(ctx, second)).To(Succeed())
		expectTakenBack(ctx, second, left, pods)
	})

	It("is taken back by an operator that comes later", func(ctx SpecContext) {
		left := orphan(ctx)
		running.stop()
		second := again()
		Expect(k8s.Create(ctx, second)).To(Succeed())
		startOperator(operatorOptions{namespaces: []string{namespace}})
		expectTakenBack(ctx, second, left, pods)
	})

	It("with the UID of one that is no more, as out of a backup, is taken back", func(ctx SpecContext) {
		freezeControllers() // its garbage collector takes what has such an owner.
		running.stop()
		left := readLeftovers(ctx, first)
		for _, child := range left {
			references := child.GetOwnerReferences()
			references[0].UID = types.UID("5d7a5f8e-0000-4000-8000-000000000000")
			child.SetOwnerReferences(references)
			Expect(k8s.Update(ctx, child, somebodyElse)).To(Succeed())
		}
		startOperator(operatorOptions{namespaces: []string{namespace}})
		Eventually(func(g Gomega) {
			for _, child := range newChildren() {
				g.Expect(k8s.Get(ctx, client.ObjectKeyFromObject(first), child)).To(Succeed())
				g.Expect(metav1.IsControlledBy(child, first)).To(BeTrue())
			}
		}).WithContext(ctx).Should(Succeed())
		expectTakenBack(ctx, first, left, pods)
	})

	It("is taken back when its owner reference is taken away", func(ctx SpecContext) {
		edit(ctx, first, &appsv1.Deployment{}, func(d *appsv1.Deployment) { d.OwnerReferences = nil })
		await(ctx, first, &appsv1.Deployment{}, func(g Gomega, d *appsv1.Deployment) { g.Expect(metav1.IsControlledBy(d, first)).To(BeTrue()) })
		expectReason(ctx, first, elasticwebv1.ReasonAsPlanned)
		Expect(podNames(ctx, namespace)).To(ConsistOf(pods))
		expectRest(ctx, running)
	})

	It("is taken back when its owner reference and its labels are taken away at once", func(ctx SpecContext) {
		left := readLeftovers(ctx, first)
		for _, child := range newChildren() {
			read(ctx, first, child)
			Expect(k8s.Patch(ctx, child, client.RawPatch(types.MergePatchType, []byte(`{"metadata":{"labels":null,"ownerReferences":null}}`)))).To(Succeed())
		}
		for _, child := range newChildren() {
			await(ctx, first, child, func(g Gomega, object client.Object) {
				g.Expect(metav1.IsControlledBy(object, first)).To(BeTrue())
				g.Expect(object.GetLabels()).To(HaveKey(elasticwebv1.LabelManagedBy))
			})
		}
		expectTakenBack(ctx, first, left, pods)
		expectRest(ctx, running)
		Expect(eventsOf(ctx, first, corev1.EventTypeWarning, "")()).To(BeZero())
	})

	It("and a policy denies to take back, is told as what it is, keeps nothing else from being done, and is taken back once the policy is gone", func(ctx SpecContext) {
		edit(ctx, first, &corev1.Service{}, func(s *corev1.Service) { s.Annotations["example.com/note"] = "theirs" })
		left := orphan(ctx)
		lift := denial{resource: "services", verbs: []admissionv1.OperationType{admissionv1.Update}}.enforce(ctx, namespace, func() error {
			return k8s.Patch(ctx, read(ctx, first, &corev1.Service{}),
				client.RawPatch("application/merge-patch+json", []byte(`{"metadata":{"labels":{"probe":"x"}}}`)), client.DryRunAll)
		})
		second := again()
		Expect(k8s.Create(ctx, second)).To(Succeed())
		Eventually(messageOfReady(ctx, second)).WithContext(ctx).Should(And(HavePrefix("False "+elasticwebv1.ReasonForbidden), ContainSubstring(denied)))
		await(ctx, second, &appsv1.Deployment{}, func(g Gomega, d *appsv1.Deployment) { g.Expect(metav1.IsControlledBy(d, second)).To(BeTrue()) })
		expectFewRetries(ctx, running)
		Expect(eventsOf(ctx, second, corev1.EventTypeWarning, elasticwebv1.ReasonNameConflict)()).To(BeZero())
		lift()
		expectTakenBack(ctx, second, left, pods)
		Expect(read(ctx, second, &corev1.Service{}).Annotations).To(HaveKeyWithValue("example.com/note", "theirs"))
	})

	It("is not what somebody copied", func(ctx SpecContext) {
		copied := read(ctx, first, &appsv1.Deployment{})
		copied.ObjectMeta = metav1.ObjectMeta{Namespace: namespace, Name: "copy", Labels: copied.Labels, Annotations: copied.Annotations}
		copied.Spec.Selector.MatchLabels[elasticwebv1.LabelInstance] = "copy"
		copied.Spec.Template.Labels[elasticwebv1.LabelInstance] = "copy"
		Expect(k8s.Create(ctx, copied, somebodyElse)).To(Succeed())
		web := newWeb(namespace, "copy")
		Expect(k8s.Create(ctx, web)).To(Succeed())
		expectReason(ctx, web, elasticwebv1.ReasonNameConflict)
		expectFewRetries(ctx, running)
		expectUntouched(read(ctx, web, &appsv1.Deployment{}), copied)
		Expect(read(ctx, web, &elasticwebv1.ElasticWeb{}).Status.Replicas).To(BeZero(), "its pods are another's")
	})
})
