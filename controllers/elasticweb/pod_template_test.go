// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package elasticweb_test

import (
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/utils/ptr"

	elasticwebv1 "github.com/elasticweb/elasticweb-operator/api/v1"
)

func podTemplate(text string) func(*elasticwebv1.ElasticWeb) {
	return func(web *elasticwebv1.ElasticWeb) { web.Spec.PodTemplate = &runtime.RawExtension{Raw: []byte(text)} }
}

// namesOf are the names of containers, in their order.
func namesOf(containers []corev1.Container) (names []string) {
	for i := range containers {
		names = append(names, containers[i].Name)
	}
	return names
}

var _ = Describe("spec.podTemplate", func() {
	const withSidecar = `{"metadata": {"labels": {"tier": "front"}}, "spec": {
		"hostAliases": [{"ip": "10.0.0.1", "hostnames": ["db"]}],
		"initContainers": [{"name": "prepare", "image": "busybox:1"}, {"name": "check", "image": "busybox:1"}],
		"containers": [{"name": "logs", "image": "fluent-bit:3"}, {"name": "web", "env": [{"name": "A", "value": "b"}], "ports": [{"name": "metrics", "containerPort": 9090}]}]}}`

	It("adds containers to the pods, which become ready and serve, and then comes to rest", func(ctx SpecContext) {
		namespace, running := startInNamespace(ctx)
		web := newWeb(namespace, "shop", podTemplate(withSidecar))
		create(ctx, web)
		Expect(current(ctx, web).Status.RealQPS).To(HaveValue(Equal(int32(2400))))
		pods := podsOf(ctx, web)
		Expect(pods).To(HaveLen(3))
		Expect(namesOf(pods[0].Spec.Containers)).To(Equal([]string{"web", "logs"}))
		Expect(namesOf(pods[0].Spec.InitContainers)).To(Equal([]string{"prepare", "check"}))
		Expect(pods[0].Spec.HostAliases).To(HaveLen(1))
		Expect(pods[0].Labels).To(HaveKeyWithValue("tier", "front"))
		Expect(pods[0].Spec.Containers[0].Env).To(HaveLen(1))
		Expect(pods[0].Spec.Containers[0].Ports[0].Name).To(Equal("http"))
		expectRest(ctx, running)
	})

	It("is one rollout when it changes, and none when the same is said otherwise", func(ctx SpecContext) {
		namespace, running := startInNamespace(ctx)
		web := newWeb(namespace, "shop", podTemplate(withSidecar))
		create(ctx, web)
		template, uids := read(ctx, web, &appsv1.Deployment{}).Spec.Template, uidsOf(ctx, web)
		update(ctx, web, func(w *elasticwebv1.ElasticWeb) {
			w.Spec.PodLabels, w.Spec.Env = map[string]string{"tier": "front"}, []corev1.EnvVar{{Name: "A", Value: "b"}}
			podTemplate(`{"spec": {"containers": [{"ports": [{"containerPort": 9090, "name": "metrics"}], "name": "web"}, {"image": "fluent-bit:3", "name": "logs"}],
				"hostAliases": [{"hostnames": ["db"], "ip": "10.0.0.1"}], "initContainers": [{"name": "prepare", "image": "busybox:1"}, {"name": "check", "image": "busybox:1"}]}}`)(w)
		})
		expectReason(ctx, web, elasticwebv1.ReasonAsPlanned)
		Expect(uidsOf(ctx, web)).To(ConsistOf(uids))
		same := read(ctx, web, &appsv1.Deployment{}) // of which the record alone takes note, so that it is no rollout later on.
		Expect(same.Spec.Template).To(Equal(template))
		expectRest(ctx, running)

		update(ctx, web, podTemplate(`{"spec": {"initContainers": [{"name": "check", "image": "busybox:1"}, {"name": "prepare", "image": "busybox:1"}]}}`))
		expectReason(ctx, web, elasticwebv1.ReasonAsPlanned)
		deployment := read(ctx, web, &appsv1.Deployment{})
		Expect(deployment.Generation).To(Equal(same.Generation + 1))
		Expect(namesOf(deployment.Spec.Template.Spec.Containers)).To(Equal([]string{"web"}))
		Expect(namesOf(deployment.Spec.Template.Spec.InitContainers)).To(Equal([]string{"check", "prepare"}))
		Expect(uidsOf(ctx, web)).NotTo(ContainElement(BeElementOf(uids)))
		expectRest(ctx, running)
	})

	It("leaves nothing behind when it is taken away", func(ctx SpecContext) {
		namespace, _ := startInNamespace(ctx)
		plain, web := newWeb(namespace, "plain"), newWeb(namespace, "shop", podTemplate(withSidecar))
		create(ctx, plain, web)
		update(ctx, web, func(w *elasticwebv1.ElasticWeb) { w.Spec.PodTemplate = nil })
		expectReason(ctx, web, elasticwebv1.ReasonAsPlanned)
		Expect(read(ctx, web, &appsv1.Deployment{}).Spec.Template.Spec).To(Equal(read(ctx, plain, &appsv1.Deployment{}).Spec.Template.Spec))
	})

	It("keeps the template of the pods while no node can match what is asked for, and their number goes on", func(ctx SpecContext) {
		namespace, running := startInNamespace(ctx)
		web := newWeb(namespace, "shop")
		create(ctx, web)
		kept := read(ctx, web, &appsv1.Deployment{}).Spec.Template
		update(ctx, web, func(w *elasticwebv1.ElasticWeb) {
			serving(4000)(w)
			podTemplate(`{"spec": {"nodeSelector": {"kubernetes.io/arch": "arm64"}}}`)(w)
			w.Spec.Architectures = []elasticwebv1.ArchitectureSpec{{Name: "amd64"}}
		})
		await(ctx, web, &elasticwebv1.ElasticWeb{}, func(g Gomega, w *elasticwebv1.ElasticWeb) {
			g.Expect(meta.FindStatusCondition(w.Status.Conditions, elasticwebv1.ConditionReady)).To(HaveField("Reason", elasticwebv1.ReasonNoCompatibleNodes))
			g.Expect(w.Status.ReadyReplicas).To(Equal(int32(5)))
			g.Expect(w.Status.ObservedGeneration).To(Equal(w.Generation))
		})
		expectRest(ctx, running)
		Expect(read(ctx, web, &appsv1.Deployment{}).Spec.Template).To(Equal(kept))

		update(ctx, web, func(w *elasticwebv1.ElasticWeb) { w.Spec.PodTemplate = nil })
		expectReason(ctx, web, elasticwebv1.ReasonAsPlanned)
		expectRest(ctx, running)
	})

	DescribeTable("that is refused keeps the template of the pods, while their number, the Service and the report go on", func(ctx SpecContext, template, reason string) {
		namespace, running := startInNamespace(ctx)
		web := newWeb(namespace, "shop", podTemplate(withSidecar))
		create(ctx, web)
		kept, pods := read(ctx, web, &appsv1.Deployment{}).Spec.Template, uidsOf(ctx, web)
		port := freePort()
		update(ctx, web, func(w *elasticwebv1.ElasticWeb) {
			podTemplate(template)(w)
			w.Spec.Image, w.Spec.TotalQPS, w.Spec.Port = "nginx:1.17.2", ptr.To[int32](4000), &port
			w.Spec.TerminationGracePeriodSeconds = ptr.To[int64](1)
			w.Spec.Rollout = &elasticwebv1.RolloutSpec{MinReadySeconds: ptr.To[int32](1), MaxSurge: ptr.To(intstr.FromInt32(2))}
		})
		await(ctx, web, &elasticwebv1.ElasticWeb{}, func(g Gomega, w *elasticwebv1.ElasticWeb) {
			g.Expect(meta.FindStatusCondition(w.Status.Conditions, elasticwebv1.ConditionReady)).To(HaveField("Reason", reason))
			g.Expect(rowOf(w)).To(Equal(row{"False", "-", "True", "True"}))
			g.Expect(w.Status.RealQPS).To(HaveValue(Equal(int32(4000))))
			g.Expect([]int32{w.Status.Replicas, w.Status.ReadyReplicas}).To(Equal([]int32{5, 5}))
			g.Expect(w.Status.ObservedGeneration).To(Equal(w.Generation))
		})
		expectRest(ctx, running)
		deployment := read(ctx, web, &appsv1.Deployment{})
		Expect(deployment.Spec.Template).To(Equal(kept))
		Expect(deployment.Spec.MinReadySeconds).To(Equal(int32(1)))
		Expect(uidsOf(ctx, web)).To(ContainElements(pods))
		Expect(read(ctx, web, &corev1.Service{}).Spec.Ports[0].NodePort).To(Equal(port))

		// A pod that dies is told of, and one that comes in its place.
		uids := uidsOf(ctx, web)
		gone := podsOf(ctx, web)[0]
		Expect(k8s.Delete(ctx, &gone)).To(Succeed())
		Eventually(func() []types.UID { return uidsOf(ctx, web) }).WithContext(ctx).ShouldNot(ContainElements(uids))
		await(ctx, web, &elasticwebv1.ElasticWeb{}, func(g Gomega, w *elasticwebv1.ElasticWeb) {
			g.Expect([]int32{w.Status.Replicas, w.Status.ReadyReplicas}).To(Equal([]int32{5, 5}))
		})
		update(ctx, web, serving(1600))
		await(ctx, web, &appsv1.Deployment{}, func(g Gomega, d *appsv1.Deployment) { g.Expect(d.Spec.Replicas).To(HaveValue(Equal(int32(2)))) })
		Expect(read(ctx, web, &appsv1.Deployment{}).Spec.Template).To(Equal(kept))

		update(ctx, web, func(w *elasticwebv1.ElasticWeb) {
			podTemplate(`{"spec": {"containers": [{"name": "proxy", "image": "envoy:1"}]}}`)(w)
			w.Spec.Rollout = nil
		})
		expectReason(ctx, web, elasticwebv1.ReasonAsPlanned)
		deployment = read(ctx, web, &appsv1.Deployment{})
		Expect(namesOf(deployment.Spec.Template.Spec.Containers)).To(Equal([]string{"web", "proxy"}))
		Expect(deployment.Spec.Template.Spec.Containers[0].Image).To(Equal("nginx:1.17.2"))
		Expect(deployment.Spec.MinReadySeconds).To(BeZero())
		Expect(deployment.Spec.Template.Spec.InitContainers).To(BeEmpty())
		Expect(imagesOf(podsOf(ctx, web))).To(Equal([]string{"nginx:1.17.2"}))
		expectRest(ctx, running)
	},
		Entry("for itself", `{"spec": {"contaners": []}}`, elasticwebv1.ReasonInvalidSpec),
		Entry("for the pods that it would make", `{"spec": {"containers": [{"name": "web", "ports": [{"containerPort": 8080, "name": "x"}]}]}}`, elasticwebv1.ReasonInvalidPod),
		Entry("by the API server", `{"spec": {"initContainers": [{"name": "prepare"}]}}`, elasticwebv1.ReasonInvalidPod),
	)

	It("makes no pods while it is refused from the beginning, and says so", func(ctx SpecContext) {
		namespace, running := startInNamespace(ctx)
		web := newWeb(namespace, "shop", podTemplate(`{"spec": {"contaners": []}}`))
		Expect(k8s.Create(ctx, web)).To(Succeed())
		expectVerdict(ctx, web, elasticwebv1.ReasonInvalidSpec, row{"False", "-", "True", "False"}, "spec.podTemplate.spec.contaners: unknown field: correct it")
		expectRest(ctx, running)
		Expect(current(ctx, web).Status.RealQPS).To(HaveValue(BeZero()))
		Expect(absent(ctx, web, &appsv1.Deployment{})()).To(BeTrue())
		update(ctx, web, podTemplate(withSidecar))
		expectReason(ctx, web, elasticwebv1.ReasonAsPlanned)
		Expect(read(ctx, web, &appsv1.Deployment{}).Generation).To(Equal(int64(1)))
	})

	DescribeTable("is refused by its path, and no pod is touched", func(ctx SpecContext, template, reason string, expected row, says string) {
		namespace, running := startInNamespace(ctx)
		web := newWeb(namespace, "shop")
		create(ctx, web)
		before := read(ctx, web, &appsv1.Deployment{})
		update(ctx, web, podTemplate(template))
		expectVerdict(ctx, web, reason, expected, says)
		expectRest(ctx, running)
		Expect(read(ctx, web, &appsv1.Deployment{}).Spec).To(Equal(before.Spec))
		update(ctx, web, podTemplate(`{"spec": {"hostname": "shop"}}`))
		expectReason(ctx, web, elasticwebv1.ReasonAsPlanned)
		Expect(read(ctx, web, &appsv1.Deployment{}).Spec.Template.Spec.Hostname).To(Equal("shop"))
	},
		Entry("an unknown field", `{"spec": {"contaners": []}}`,
			elasticwebv1.ReasonInvalidSpec, row{"False", "-", "True", "True"}, "spec.podTemplate.spec.contaners: unknown field: correct it"),
		Entry("what the operator holds", `{"spec": {"nodeName": "x"}}`,
			elasticwebv1.ReasonInvalidSpec, row{"False", "-", "True", "True"}, "spec.podTemplate.spec.nodeName: the scheduler chooses the node"),
		Entry("the port that it needs, which only the plan tells", `{"spec": {"containers": [{"name": "web", "ports": [{"containerPort": 8080, "name": "x"}]}]}}`,
			elasticwebv1.ReasonInvalidPod, row{"False", "-", "True", "True"}, "spec.podTemplate.spec.containers: port 8080 of the container web"),
		Entry("what the API server finds invalid", `{"spec": {"initContainers": [{"name": "prepare"}]}}`,
			elasticwebv1.ReasonInvalidPod, row{"False", "-", "True", "True"}, "spec.podTemplate.spec.initContainers[0].image: Required value"),
	)

	// The number to begin with is written to the ElasticWeb first, whose answer is what the Deployment is made from.
	It("shapes the pods of an ElasticWeb that an autoscaler is to scale, too", func(ctx SpecContext) {
		namespace, _ := startInNamespace(ctx)
		web := newWeb(namespace, "shop", byAutoscaler(1, 3), podTemplate(withSidecar))
		Expect(k8s.Create(ctx, web)).To(Succeed())
		expectReason(ctx, web, elasticwebv1.ReasonAsPlanned)
		deployment := read(ctx, web, &appsv1.Deployment{})
		Expect(deployment.Spec.Template.Labels).To(HaveKeyWithValue("tier", "front"))
		Expect(deployment.Spec.Template.Spec.Containers[0].Env).To(HaveLen(1))
		Expect(deployment.Generation).To(Equal(int64(1)))
	})
})
