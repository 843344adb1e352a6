// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package elasticweb_test

import (
	"context"
	"syscall"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	clocktesting "k8s.io/utils/clock/testing"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller/controllerutil"

	elasticwebv1 "github.com/elasticweb/elasticweb-operator/api/v1"
	"github.com/elasticweb/elasticweb-operator/controllers"
	"github.com/elasticweb/elasticweb-operator/test/cluster"
)

// foreignDeployment, foreignService and foreignBudget are somebody else's.
func foreignDeployment() client.Object {
	labels := map[string]string{"app": "other"}
	return &appsv1.Deployment{Spec: appsv1.DeploymentSpec{
		Replicas: ptr.To[int32](0),
		Selector: &metav1.LabelSelector{MatchLabels: labels},
		Template: corev1.PodTemplateSpec{
			ObjectMeta: metav1.ObjectMeta{Labels: labels},
			Spec:       corev1.PodSpec{Containers: []corev1.Container{{Name: "other", Image: "other:1"}}},
		},
	}}
}

func foreignService() client.Object {
	return &corev1.Service{Spec: corev1.ServiceSpec{Ports: []corev1.ServicePort{{Port: 80}}}}
}

func foreignBudget() client.Object {
	return &policyv1.PodDisruptionBudget{Spec: policyv1.PodDisruptionBudgetSpec{
		MinAvailable: ptr.To(intstr.FromInt32(1)),
		Selector:     &metav1.LabelSelector{MatchLabels: map[string]string{"app": "other"}},
	}}
}

// expectUntouched compares what the operator could have changed, and looks for its name.
func expectUntouched(now, before client.Object) {
	GinkgoHelper()
	expectSameSpec(now, before)
	for _, entry := range now.GetManagedFields() {
		Expect(entry.Manager).NotTo(Equal(controllers.FieldManager))
	}
}

// expectSameSpec compares what the operator could have changed. The version alone would not do: other
// controllers write the status of Deployments and budgets.
func expectSameSpec(now, before client.Object) {
	GinkgoHelper()
	Expect(now.GetUID()).To(Equal(before.GetUID()))
	Expect(now.GetGeneration()).To(Equal(before.GetGeneration()))
	Expect(now.GetLabels()).To(Equal(before.GetLabels()))
	Expect(now.GetOwnerReferences()).To(Equal(before.GetOwnerReferences()))
	if _, isService := now.(*corev1.Service); isService {
		Expect(now.GetResourceVersion()).To(Equal(before.GetResourceVersion()))
	}
}

// operatorLabels are those that the operator's caches look for.
func operatorLabels() map[string]string {
	return map[string]string{
		elasticwebv1.LabelName: elasticwebv1.NameValue, elasticwebv1.LabelInstance: "shop",
		elasticwebv1.LabelComponent: elasticwebv1.ComponentValue, elasticwebv1.LabelManagedBy: elasticwebv1.ManagedByValue,
	}
}

var _ = Describe("What an ElasticWeb does not own", func() {
	DescribeTable("is not touched, and named", func(ctx SpecContext, object client.Object, change func(context.Context, client.Object), capacityMet, says string) {
		namespace, running := startInNamespace(ctx)
		object, _ = object.DeepCopyObject().(client.Object)
		object.SetNamespace(namespace)
		object.SetName("shop")
		if change != nil {
			change(ctx, object)
		}
		Expect(k8s.Create(ctx, object)).To(Succeed())
		before, _ := object.DeepCopyObject().(client.Object)
		web := newWeb(namespace, "shop")
		Expect(k8s.Create(ctx, web)).To(Succeed())
		expectVerdict(ctx, web, elasticwebv1.ReasonNameConflict, row{"False", "-", "True", capacityMet},
			says, "delete it, or give the ElasticWeb another name")
		expectFewRetries(ctx, running)
		update(ctx, web, func(w *elasticwebv1.ElasticWeb) { w.Spec.TotalQPS = ptr.To[int32](0) })
		Eventually(func() int64 { return read(ctx, web, &elasticwebv1.ElasticWeb{}).Status.ObservedGeneration }).
			WithContext(ctx).Should(BeNumerically(">=", 2))
		update(ctx, web, func(w *elasticwebv1.ElasticWeb) { w.Spec.TotalQPS = ptr.To[int32](2400) })
		expectReason(ctx, web, elasticwebv1.ReasonNameConflict)
		expectUntouched(read(ctx, web, object), before)
		Expect(eventsOf(ctx, web, corev1.EventTypeWarning, elasticwebv1.ReasonNameConflict)()).To(BeNumerically("<=", 2))

		Expect(k8s.Delete(ctx, object)).To(Succeed())
		expectReason(ctx, web, elasticwebv1.ReasonAsPlanned)
		Expect(metav1.IsControlledBy(read(ctx, web, object), web)).To(BeTrue())
	},
		Entry("a Deployment", foreignDeployment(), nil, "False", "Deployment shop exists and has no owner"),
		Entry("a Service", foreignService(), nil, "True", "Service shop exists and has no owner"),
		Entry("a budget", foreignBudget(), nil, "True", "PodDisruptionBudget shop exists and has no owner"),
		Entry("a Service with the operator's labels", foreignService(),
			func(_ context.Context, o client.Object) { o.SetLabels(operatorLabels()) }, "True", "Service shop exists and has no owner"),
		Entry("a Deployment with the operator's labels and another owner", foreignDeployment(),
			func(ctx context.Context, o client.Object) {
				boss := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Namespace: o.GetNamespace(), Name: "boss"}}
				Expect(k8s.Create(ctx, boss)).To(Succeed())
				o.SetLabels(operatorLabels())
				o.SetOwnerReferences([]metav1.OwnerReference{{
					APIVersion: "v1", Kind: "ConfigMap", Name: boss.Name, UID: boss.UID, Controller: ptr.To(true),
				}})
			}, "False", "Deployment shop exists and belongs to ConfigMap boss"),
	)

	It("is waited for while it is collected", func(ctx SpecContext) {
		namespace, _ := startInNamespace(ctx)
		first := newWeb(namespace, "shop")
		create(ctx, first)
		// Held back, as by the garbage collector on a busy day.
		edit(ctx, first, &appsv1.Deployment{}, func(d *appsv1.Deployment) { controllerutil.AddFinalizer(d, "example.com/wait") })
		expectReason(ctx, first, elasticwebv1.ReasonAsPlanned)
		Expect(k8s.Delete(ctx, first)).To(Succeed())
		Eventually(func() *metav1.Time { return read(ctx, first, &appsv1.Deployment{}).DeletionTimestamp }).WithContext(ctx).
			WithTimeout(collectedWithin).ShouldNot(BeNil())
		second := newWeb(namespace, "shop", func(w *elasticwebv1.ElasticWeb) { w.Spec.Image = "nginx:1.18.0" })
		Expect(k8s.Create(ctx, second)).To(Succeed())
		Eventually(messageOfReady(ctx, second)).WithContext(ctx).Should(ContainSubstring("Deployment shop of before is being deleted"))
		held := read(ctx, second, &appsv1.Deployment{})
		Expect(held.Spec.Template.Spec.Containers[0].Image).To(Equal("nginx:1.17.1"))
		Expect(held.OwnerReferences[0].UID).To(Equal(first.UID))
		edit(ctx, second, &appsv1.Deployment{}, func(d *appsv1.Deployment) { controllerutil.RemoveFinalizer(d, "example.com/wait") })
		Eventually(readyReason(ctx, second)).WithContext(ctx).WithTimeout(collectedWithin).Should(Equal(elasticwebv1.ReasonAsPlanned))
		Expect(metav1.IsControlledBy(read(ctx, second, &appsv1.Deployment{}), second)).To(BeTrue())
	})

	It("is named at once, all of it, and its end noticed without waiting", func(ctx SpecContext) {
		// A clock that stands still: no refusal is ever tried again because its time has come.
		namespace, running := startInNamespace(ctx, operatorOptions{clock: clocktesting.NewFakePassiveClock(time.Now())})
		objects := []client.Object{foreignService(), foreignBudget(), foreignDeployment()}
		for _, object := range objects {
			object.SetNamespace(namespace)
			object.SetName("shop")
			Expect(k8s.Create(ctx, object)).To(Succeed())
		}
		web := newWeb(namespace, "shop")
		Expect(k8s.Create(ctx, web)).To(Succeed())
		expectVerdict(ctx, web, elasticwebv1.ReasonNameConflict, row{"False", "-", "True", "False"},
			"Service shop exists and has no owner, PodDisruptionBudget shop exists and has no owner, "+
				"Deployment shop exists and has no owner, so they are left alone: delete them, or give the ElasticWeb another name")
		expectRest(ctx, running)
		Expect(k8s.Delete(ctx, objects[0])).To(Succeed())
		await(ctx, web, &corev1.Service{}, func(g Gomega, s *corev1.Service) { g.Expect(metav1.IsControlledBy(s, web)).To(BeTrue()) })
		Expect(k8s.Delete(ctx, objects[1])).To(Succeed())
		Expect(k8s.Delete(ctx, objects[2])).To(Succeed())
		expectReason(ctx, web, elasticwebv1.ReasonAsPlanned)
		expectRest(ctx, running)
	})

	It("is left alone when an ElasticWeb that does not own it is deleted", func(ctx SpecContext) {
		namespace, _ := startInNamespace(ctx)
		object := foreignService()
		object.SetNamespace(namespace)
		object.SetName("shop")
		Expect(k8s.Create(ctx, object)).To(Succeed())
		web := newWeb(namespace, "shop")
		Expect(k8s.Create(ctx, web)).To(Succeed())
		expectReason(ctx, web, elasticwebv1.ReasonNameConflict)
		Expect(k8s.Delete(ctx, web)).To(Succeed())
		Eventually(absent(ctx, web, &appsv1.Deployment{})).WithContext(ctx).WithTimeout(collectedWithin).Should(BeTrue())
		Expect(absent(ctx, web, &corev1.Service{})()).To(BeFalse())
	})
})

var _ = Describe("Deletion", func() {
	DescribeTable("leaves nothing", func(ctx SpecContext, policy metav1.DeletionPropagation) {
		namespace, running := startInNamespace(ctx)
		web := newWeb(namespace, "shop")
		create(ctx, web)
		Expect(k8s.Delete(ctx, web, client.PropagationPolicy(policy))).To(Succeed())
		expectNothingLeft(ctx, web)
		expectRest(ctx, running)
	},
		Entry("in the background", metav1.DeletePropagationBackground),
		Entry("in the foreground", metav1.DeletePropagationForeground),
	)

	It("of a namespace is no storm of errors", func(ctx SpecContext) {
		namespace, running := startInNamespace(ctx)
		webs := []*elasticwebv1.ElasticWeb{newWeb(namespace, "a"), newWeb(namespace, "b"), newWeb(namespace, "c")}
		create(ctx, webs...)
		// What keeps the ElasticWebs, and with them the namespace, for a while.
		for _, web := range webs {
			update(ctx, web, func(w *elasticwebv1.ElasticWeb) { controllerutil.AddFinalizer(w, "example.com/wait") })
		}
		expectRest(ctx, running)
		before := running.requests.count()
		Expect(k8s.Delete(ctx, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: namespace}})).To(Succeed())
		for _, web := range webs {
			for _, child := range newChildren() {
				Eventually(absent(ctx, web, child)).WithContext(ctx).WithTimeout(collectedWithin).Should(BeTrue())
			}
		}
		expectRest(ctx, running)
		Expect(len(running.requests.since(before))).To(BeNumerically("<=", 6*len(webs)), "%v", running.requests.since(before))
		Expect(running.requests.since(before)).NotTo(ContainElement(HavePrefix("POST")))
		for _, web := range webs {
			update(ctx, web, func(w *elasticwebv1.ElasticWeb) { w.Finalizers = nil })
		}
	})

	It("of a namespace is nothing to report of an ElasticWeb that goes last", func(ctx SpecContext) {
		namespace, running := startInNamespace(ctx)
		web := newWeb(namespace, "shop")
		create(ctx, web)
		expectRest(ctx, running)
		before := running.requests.count()
		Expect(controlPlane.SignalComponent(cluster.ControllerManager, syscall.SIGSTOP)).To(Succeed())
		defer func() {
			Expect(controlPlane.SignalComponent(cluster.ControllerManager, syscall.SIGCONT)).To(Succeed())
		}()
		Expect(k8s.Delete(ctx, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: namespace}})).To(Succeed())
		Expect(k8s.Delete(ctx, read(ctx, web, &corev1.Service{}))).To(Succeed())
		Expect(k8s.Delete(ctx, read(ctx, web, &policyv1.PodDisruptionBudget{}))).To(Succeed())
		service := "PATCH /api/v1/namespaces/" + namespace + "/services/shop"
		Eventually(func() []string { return running.requests.since(before) }).WithContext(ctx).Should(ContainElement(service))
		expectFewRetries(ctx, running)
		budget := "PATCH /apis/policy/v1/namespaces/" + namespace + "/poddisruptionbudgets/shop"
		Expect(running.requests.since(before)).To(HaveEach(BeElementOf(service, budget)))
		expectReason(ctx, web, elasticwebv1.ReasonAsPlanned)
	})
})
