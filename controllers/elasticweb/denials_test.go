// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package elasticweb_test

import (
	"context"
	"strings"
	"time"

	"github.com/google/go-cmp/cmp"
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	admissionv1 "k8s.io/api/admissionregistration/v1"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	elasticwebv1 "github.com/elasticweb/elasticweb-operator/api/v1"
	"github.com/elasticweb/elasticweb-operator/internal/plan"
	"github.com/elasticweb/elasticweb-operator/test/cluster"
)

// denial is a policy that denies the operator a kind of write.
type denial struct {
	group, resource string
	verbs           []admissionv1.OperationType
	// reason that the policy answers with, Forbidden by default.
	reason metav1.StatusReason
	// only narrows it down to the writes for which the expression is true; "" for all.
	only string
}

// denied is a word that the message of whoever is told of a denial has.
const denied = "not on my watch"

// enforce makes the policy for a namespace, and waits until probe is denied. lift takes it away.
func (d denial) enforce(ctx context.Context, namespace string, probe func() error) (lift func()) {
	GinkgoHelper()
	policy := &admissionv1.ValidatingAdmissionPolicy{
		ObjectMeta: metav1.ObjectMeta{GenerateName: "denial-"},
		Spec: admissionv1.ValidatingAdmissionPolicySpec{
			MatchConstraints: &admissionv1.MatchResources{
				NamespaceSelector: &metav1.LabelSelector{MatchLabels: map[string]string{corev1.LabelMetadataName: namespace}},
				ResourceRules: []admissionv1.NamedRuleWithOperations{{RuleWithOperations: admissionv1.RuleWithOperations{
					Operations: d.verbs,
					Rule:       admissionv1.Rule{APIGroups: []string{d.group}, APIVersions: []string{"*"}, Resources: []string{d.resource}},
				}}},
			},
			MatchConditions: []admissionv1.MatchCondition{{
				Name: "operator", Expression: "request.userInfo.username.startsWith('system:serviceaccount:" + operatorNamespace + ":') || has(request.dryRun) && request.dryRun",
			}},
			Validations: []admissionv1.Validation{{Expression: "false", Message: denied, Reason: ptr.To(d.reason)}},
		},
	}
	if d.only != "" {
		policy.Spec.MatchConditions = append(policy.Spec.MatchConditions, admissionv1.MatchCondition{Name: "only", Expression: d.only})
	}
	if d.reason == "" {
		policy.Spec.Validations[0].Reason = nil
	}
	Expect(k8s.Create(ctx, policy)).To(Succeed())
	binding := &admissionv1.ValidatingAdmissionPolicyBinding{
		ObjectMeta: metav1.ObjectMeta{Name: policy.Name},
		Spec: admissionv1.ValidatingAdmissionPolicyBindingSpec{
			PolicyName: policy.Name, ValidationActions: []admissionv1.ValidationAction{admissionv1.Deny},
		},
	}
	Expect(k8s.Create(ctx, binding)).To(Succeed())
	lift = func() {
		ctx := context.WithoutCancel(ctx)
		Expect(client.IgnoreNotFound(k8s.Delete(ctx, binding))).To(Succeed())
		Expect(client.IgnoreNotFound(k8s.Delete(ctx, policy))).To(Succeed())
	}
	DeferCleanup(lift)
	Eventually(probe).WithContext(ctx).Should(MatchError(ContainSubstring(denied)))
	return lift
}

// message is what the conditions of an ElasticWeb's newest spec say of Ready; "" before.
func messageOfReady(ctx context.Context, web *elasticwebv1.ElasticWeb) func() string {
	return func() string {
		current := current(ctx, web)
		ready := meta.FindStatusCondition(current.Status.Conditions, elasticwebv1.ConditionReady)
		if ready == nil || ready.ObservedGeneration != current.Generation || current.Status.ObservedGeneration != current.Generation {
			return ""
		}
		return string(ready.Status) + " " + ready.Reason + ": " + ready.Message
	}
}

var _ = Describe("A write that a policy denies", func() {
	dryRun := func(ctx context.Context, object client.Object) func() error {
		return func() error {
			return k8s.Patch(ctx, object, client.RawPatch("application/merge-patch+json", []byte(`{"metadata":{"labels":{"probe":"x"}}}`)), client.DryRunAll)
		}
	}
	type expectation struct {
		denial
		// denies brings the probe of the policy about; what says whose write is denied.
		probe func(ctx context.Context, web *elasticwebv1.ElasticWeb) func() error
		// isDone is what must be done all the same.
		service, image, budgetGone bool
	}
	onUpdate := []admissionv1.OperationType{admissionv1.Update}
	object := func(child client.Object) func(context.Context, *elasticwebv1.ElasticWeb) func() error {
		return func(ctx context.Context, web *elasticwebv1.ElasticWeb) func() error {
			return dryRun(ctx, read(ctx, web, child))
		}
	}
	DescribeTable("keeps nothing else from being done, is named, and is made once the policy is gone",
		func(ctx SpecContext, e expectation) {
			_, changed := undisturbed(ctx)
			namespace, running := startInNamespace(ctx)
			web := newWeb(namespace, "shop", clusterIP)
			Expect(k8s.Create(ctx, web)).To(Succeed())
			expectPods(ctx, web, 3)
			lift := e.enforce(ctx, namespace, e.probe(ctx, web))
			update(ctx, web, changeEverything)
			Eventually(func(g Gomega) {
				service, deployment := &corev1.Service{}, &appsv1.Deployment{}
				g.Expect(k8s.Get(ctx, client.ObjectKeyFromObject(web), service)).To(Succeed())
				g.Expect(k8s.Get(ctx, client.ObjectKeyFromObject(web), deployment)).To(Succeed())
				isDone := [3]bool{service.Spec.Ports[0].Port == 81, webContainer(deployment).Image == "nginx:1.17.2", absent(ctx, web, &policyv1.PodDisruptionBudget{})()}
				g.Expect(isDone).To(Equal([3]bool{e.service, e.image, e.budgetGone}), "the Service, the Deployment, the budget")
				g.Expect(messageOfReady(ctx, web)()).To(And(HavePrefix("False "), ContainSubstring(denied)))
			}).WithContext(ctx).Should(Succeed())
			pods := int32(3)
			if e.image {
				pods = 1
			}
			Eventually(func(g Gomega) {
				status := current(ctx, web).Status
				g.Expect([2]int32{status.Replicas, status.ReadyReplicas}).To(Equal([2]int32{pods, pods}))
				g.Expect(messageOfReady(ctx, web)()).To(ContainSubstring(denied))
			}).WithContext(ctx).Should(Succeed())
			expectFewRetries(ctx, running)
			lift()
			expectPods(ctx, web, 1)
			Eventually(func() string { return endState(ctx, web) }).WithContext(ctx).Should(Equal(changed))
		},
		Entry("of the Service", expectation{
			denial: denial{resource: "services", verbs: onUpdate}, probe: object(&corev1.Service{}),
			image: true, budgetGone: true,
		}),
		Entry("of the Deployment", expectation{
			denial: denial{group: "apps", resource: "deployments", verbs: onUpdate}, probe: object(&appsv1.Deployment{}),
			service: true, budgetGone: true,
		}),
		Entry("of the Deployment, with another code", expectation{
			denial: denial{group: "apps", resource: "deployments", verbs: onUpdate, reason: metav1.StatusReasonRequestEntityTooLarge},
			probe:  object(&appsv1.Deployment{}), service: true, budgetGone: true,
		}),
		Entry("that takes the budget away", expectation{
			denial: denial{group: "policy", resource: "poddisruptionbudgets", verbs: []admissionv1.OperationType{admissionv1.Delete}},
			probe: func(ctx context.Context, web *elasticwebv1.ElasticWeb) func() error {
				return func() error {
					return k8s.Delete(ctx, read(ctx, web, &policyv1.PodDisruptionBudget{}), client.DryRunAll)
				}
			},
			service: true, image: true,
		}),
	)

	It("of the budget's creation holds no pod up", func(ctx SpecContext) {
		namespace, running := startInNamespace(ctx)
		lift := denial{group: "policy", resource: "poddisruptionbudgets", verbs: []admissionv1.OperationType{admissionv1.Create}}.
			enforce(ctx, namespace, func() error {
				return k8s.Create(ctx, &policyv1.PodDisruptionBudget{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: "probe"}}, client.DryRunAll)
			})
		web := newWeb(namespace, "shop", clusterIP)
		Expect(k8s.Create(ctx, web)).To(Succeed())
		Eventually(func() int32 { return current(ctx, web).Status.ReadyReplicas }).WithContext(ctx).Should(Equal(int32(3)))
		Eventually(messageOfReady(ctx, web)).WithContext(ctx).Should(And(HavePrefix("False "), ContainSubstring(denied)))
		expectFewRetries(ctx, running)
		lift()
		expectReason(ctx, web, elasticwebv1.ReasonAsPlanned)
		Expect(absent(ctx, web, &policyv1.PodDisruptionBudget{})()).To(BeFalse())
	})

	It("of the status is told by an event, and everything else is done", func(ctx SpecContext) {
		namespace, running := startInNamespace(ctx)
		web := newWeb(namespace, "shop", clusterIP)
		Expect(k8s.Create(ctx, web)).To(Succeed())
		expectPods(ctx, web, 3)
		lift := denial{group: "elasticweb.example.com", resource: "elasticwebs/status", verbs: onUpdate}.
			enforce(ctx, namespace, func() error {
				return k8s.Status().Patch(ctx, read(ctx, web, &elasticwebv1.ElasticWeb{}),
					client.RawPatch("application/merge-patch+json", []byte(`{"status":{"replicas":9}}`)), client.DryRunAll)
			})
		update(ctx, web, changeEverything)
		await(ctx, web, &appsv1.Deployment{}, func(g Gomega, d *appsv1.Deployment) {
			g.Expect(webContainer(d).Image).To(Equal("nginx:1.17.2"))
			g.Expect(d.Status.ReadyReplicas).To(Equal(int32(1)))
		})
		Eventually(eventsOf(ctx, web, corev1.EventTypeWarning, "the status is not the newest")).WithContext(ctx).Should(Equal(1))
		expectRestOf(ctx, running, 300*time.Millisecond)
		before := running.requests.count()
		Consistently(func() int { return running.requests.count() - before }).WithContext(ctx).
			WithTimeout(2 * time.Second).Should(BeNumerically("<=", 4))
		lift()
		expectReason(ctx, web, elasticwebv1.ReasonAsPlanned)
		Expect(eventsOf(ctx, web, corev1.EventTypeWarning, "the status is not the newest")()).To(Equal(1))
	})

	It("of the first number of replicas keeps no pod from running", func(ctx SpecContext) {
		namespace, running := startInNamespace(ctx)
		web := newWeb(namespace, "shop", clusterIP, func(w *elasticwebv1.ElasticWeb) { w.Spec.TotalQPS, w.Spec.MinReplicas = nil, ptr.To[int32](2) })
		probe := newWeb(namespace, "probe", clusterIP)
		Expect(k8s.Create(ctx, probe)).To(Succeed())
		expectPods(ctx, probe, 3)
		lift := denial{group: "elasticweb.example.com", resource: "elasticwebs", verbs: onUpdate}.
			enforce(ctx, namespace, dryRun(ctx, read(ctx, probe, &elasticwebv1.ElasticWeb{})))
		Expect(k8s.Create(ctx, web)).To(Succeed())
		Eventually(messageOfReady(ctx, web)).WithContext(ctx).Should(And(HavePrefix("False "), ContainSubstring(denied)))
		Eventually(absent(ctx, web, &appsv1.Deployment{})).WithContext(ctx).Should(BeFalse())
		expectFewRetries(ctx, running)
		lift()
		expectReason(ctx, web, elasticwebv1.ReasonAsPlanned)
		Expect(read(ctx, web, &elasticwebv1.ElasticWeb{}).Spec.Replicas).NotTo(BeNil())
	})
})

var _ = Describe("Pods whose annotations a policy denies", func() {
	It("are brought to what the spec says all the same", func(ctx SpecContext) {
		ownNodes(ctx, "denied", cluster.NodePool{Arch: "arm64", Count: 1, Pods: 2}, cluster.NodePool{Arch: "amd64", Count: 1, Pods: 15})
		namespace, running := startInNamespace(ctx)
		web := newWeb(namespace, "shop", onOwnNodes("denied"), armTwiceAsFast, serving(2000))
		create(ctx, web)
		lift := denial{resource: "pods", verbs: []admissionv1.OperationType{admissionv1.Update}}.enforce(ctx, namespace, func() error {
			return k8s.Patch(ctx, &podsOf(ctx, web)[0], client.RawPatch("application/merge-patch+json", []byte(`{"metadata":{"labels":{"probe":"x"}}}`)), client.DryRunAll)
		})
		update(ctx, web, serving(4000))
		Eventually(func(g Gomega) {
			deployment, status := read(ctx, web, &appsv1.Deployment{}), current(ctx, web).Status
			g.Expect(messageOfReady(ctx, web)()).To(And(HavePrefix("False "), ContainSubstring(denied)))
			g.Expect(status.ReadyReplicas).To(And(Equal(status.Replicas), Equal(*deployment.Spec.Replicas)))
			g.Expect(meta.IsStatusConditionTrue(status.Conditions, elasticwebv1.ConditionCapacityMet)).To(BeTrue())
		}).WithContext(ctx).Should(Succeed())
		expectRestOf(ctx, running, 300*time.Millisecond)
		before, told := running.requests.count(), current(ctx, web).Status
		Consistently(func() string { return cmp.Diff(told, current(ctx, web).Status) }).WithContext(ctx).WithTimeout(1500 * time.Millisecond).Should(BeEmpty())
		Expect(len(running.requests.since(before))).To(BeNumerically("<=", 12))

		update(ctx, web, func(w *elasticwebv1.ElasticWeb) { w.Spec.Image, w.Spec.TotalQPS = "nginx:1.17.2", ptr.To[int32](0) })
		await(ctx, web, &appsv1.Deployment{}, func(g Gomega, d *appsv1.Deployment) {
			g.Expect(d.Spec.Replicas).To(HaveValue(BeZero()))
			g.Expect(webContainer(d).Image).To(Equal("nginx:1.17.2"))
		})
		lift()
		expectReason(ctx, web, elasticwebv1.ReasonNoDemand)
	})
})

var _ = Describe("What others do to the Deployment", func() {
	It("is put right where it contradicts what the operator sets", func(ctx SpecContext) {
		namespace, _ := startInNamespace(ctx)
		web := newWeb(namespace, "shop", clusterIP)
		create(ctx, web)
		edit(ctx, web, &appsv1.Deployment{}, func(d *appsv1.Deployment) {
			d.Spec.MinReadySeconds, d.Spec.ProgressDeadlineSeconds = 700, ptr.To[int32](1200)
		})
		update(ctx, web, serving(1600))
		expectReason(ctx, web, elasticwebv1.ReasonAsPlanned)
		spec := read(ctx, web, &appsv1.Deployment{}).Spec
		Expect(spec.Replicas).To(HaveValue(Equal(int32(2))))
		Expect(spec.ProgressDeadlineSeconds).To(HaveValue(Equal(int32(600))))
		Expect(spec.MinReadySeconds).To(BeZero())
	})

	It("is put right where it pauses the rollout", func(ctx SpecContext) {
		namespace, running := startInNamespace(ctx)
		web := newWeb(namespace, "shop", clusterIP)
		create(ctx, web)
		edit(ctx, web, &appsv1.Deployment{}, func(d *appsv1.Deployment) { d.Spec.Paused = true })
		update(ctx, web, func(w *elasticwebv1.ElasticWeb) { w.Spec.Image = "nginx:1.17.2" })
		await(ctx, web, &appsv1.Deployment{}, func(g Gomega, d *appsv1.Deployment) { g.Expect(d.Spec.Paused).To(BeFalse()) })
		expectReason(ctx, web, elasticwebv1.ReasonAsPlanned)
		expectRest(ctx, running)
	})

	It("is put right where its record claims a generation that never was", func(ctx SpecContext) {
		namespace, running := startInNamespace(ctx)
		web := newWeb(namespace, "shop", clusterIP)
		create(ctx, web)
		template := read(ctx, web, &appsv1.Deployment{}).Spec.Template
		forge := func(d *appsv1.Deployment) {
			record := plan.RecordOf(d)
			record.Generation = 1 << 40
			d.Annotations[plan.AnnotationRecord] = record.String()
		}
		edit(ctx, web, &appsv1.Deployment{}, forge)
		update(ctx, web, serving(4000))
		expectPods(ctx, web, 5)
		after := read(ctx, web, &appsv1.Deployment{})
		Expect(plan.RecordOf(after).Generation).To(BeNumerically("<=", 2))
		Expect(after.Spec.Template).To(Equal(template))
		Eventually(eventsOf(ctx, web, corev1.EventTypeWarning, "RecordDamaged")).WithContext(ctx).Should(Equal(1))
		expectRest(ctx, running)

		// It cannot be written anew: the ElasticWeb is not asked for again with each event, nor in a loop.
		lift := denial{group: "apps", resource: "deployments", verbs: []admissionv1.OperationType{admissionv1.Update}}.
			enforce(ctx, namespace, func() error {
				return k8s.Patch(ctx, read(ctx, web, &appsv1.Deployment{}),
					client.RawPatch("application/merge-patch+json", []byte(`{"metadata":{"labels":{"probe":"x"}}}`)), client.DryRunAll)
			})
		edit(ctx, web, &appsv1.Deployment{}, forge)
		Eventually(messageOfReady(ctx, web)).WithContext(ctx).Should(ContainSubstring(denied))
		before := running.requests.count()
		expectFewRetries(ctx, running)
		reads := 0
		for _, request := range running.requests.since(before) {
			if strings.HasPrefix(request, "GET") && strings.HasSuffix(request, "/elasticwebs/shop") {
				reads++
			}
		}
		Expect(reads).To(BeZero())
		lift()
		expectReason(ctx, web, elasticwebv1.ReasonAsPlanned)
	})
})
