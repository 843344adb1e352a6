// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package elasticweb_test

import (
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime"

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
		generation, uids := read(ctx, web, &appsv1.Deployment{}).Generation, uidsOf(ctx, web)
		update(ctx, web, func(w *elasticwebv1.ElasticWeb) {
			w.Spec.PodLabels, w.Spec.Env = map[string]string{"tier": "front"}, []corev1.EnvVar{{Name: "A", Value: "b"}}
			podTemplate(`{"spec": {"containers": [{"ports": [{"containerPort": 9090, "name": "metrics"}], "name": "web"}, {"image": "fluent-bit:3", "name": "logs"}],
				"hostAliases": [{"hostnames": ["db"], "ip": "10.0.0.1"}], "initContainers": [{"name": "prepare", "image": "busybox:1"}, {"name": "check", "image": "busybox:1"}]}}`)(w)
		})
		expectReason(ctx, web, elasticwebv1.ReasonAsPlanned)
		Expect(uidsOf(ctx, web)).To(ConsistOf(uids))
		Expect(read(ctx, web, &appsv1.Deployment{}).Generation).To(Equal(generation))

		update(ctx, web, podTemplate(`{"spec": {"initContainers": [{"name": "check", "image": "busybox:1"}, {"name": "prepare", "image": "busybox:1"}]}}`))
		expectReason(ctx, web, elasticwebv1.ReasonAsPlanned)
		deployment := read(ctx, web, &appsv1.Deployment{})
		Expect(deployment.Generation).To(Equal(generation + 1))
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

	DescribeTable("is refused by its path, and nothing that runs is touched", func(ctx SpecContext, template, reason string, expected row, says string) {
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
			elasticwebv1.ReasonInvalidSpec, row{"False", "-", "True", "Unknown"}, "spec.podTemplate.spec.contaners: unknown field: correct it"),
		Entry("what the operator holds", `{"spec": {"nodeName": "x"}}`,
			elasticwebv1.ReasonInvalidSpec, row{"False", "-", "True", "Unknown"}, "spec.podTemplate.spec.nodeName: the scheduler chooses the node"),
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
