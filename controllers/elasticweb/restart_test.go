// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package elasticweb_test

import (
	"context"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	admissionv1 "k8s.io/api/admissionregistration/v1"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	elasticwebv1 "github.com/elasticweb/elasticweb-operator/api/v1"
	"github.com/elasticweb/elasticweb-operator/internal/plan"
	"github.com/elasticweb/elasticweb-operator/test/cluster"
	"github.com/elasticweb/elasticweb-operator/test/faults/proxy"
)

func restarting(web *elasticwebv1.ElasticWeb) {
	comingHome(web)
	web.Spec.Rebalance.RestartForTemplate = ptr.To(true)
}

// templatesOf counts the pod templates that an ElasticWeb has had.
func templatesOf(ctx context.Context, web *elasticwebv1.ElasticWeb) int {
	GinkgoHelper()
	list := &appsv1.ReplicaSetList{}
	Expect(k8s.List(ctx, list, client.InNamespace(web.Namespace), client.MatchingLabels{elasticwebv1.LabelInstance: web.Name})).To(Succeed())
	return len(list.Items)
}

// wholeSkew is how the pods are spread: 10000 where a single node was of the best architecture, else 1.
func wholeSkew(ctx context.Context, web *elasticwebv1.ElasticWeb) func() int32 {
	return func() int32 { return deploymentOf(ctx, web).Spec.Template.Spec.TopologySpreadConstraints[1].MaxSkew }
}

// anotherNode is one more of arm64.
func anotherNode(ctx context.Context, name string) {
	GinkgoHelper()
	_, err := controlPlane.AddNodes(ctx, cluster.NodePool{
		Arch: "arm64", Count: 1, CPU: "64", Memory: "256Gi", NamePrefix: name + "-arm64-new", Labels: map[string]string{ownTaint: name},
		Taints: []corev1.Taint{{Key: ownTaint, Value: name, Effect: corev1.TaintEffectNoSchedule}},
	})
	Expect(err).NotTo(HaveOccurred())
}

var _ = Describe("What waits for a rollout", func() {
	inMinutes := func() operatorOptions {
		return operatorOptions{resync: 250 * time.Millisecond, clock: fastClock{time.Now(), 60}}
	}
	oneNodeEach := func(ctx context.Context, name string) {
		ownNodes(ctx, name, cluster.NodePool{Arch: "arm64", Count: 1}, cluster.NodePool{Arch: "amd64", Count: 1})
	}

	It("is taken up where the user allows that, once, with all pods that the demand needs, and by nobody where not", func(ctx SpecContext) {
		oneNodeEach(ctx, "restart")
		namespace, running := startInNamespace(ctx, inMinutes())
		web := newWeb(namespace, "shop", onOwnNodes("restart"), armTwiceAsFast, serving(6000), restarting, slowPods)
		still := newWeb(namespace, "still", onOwnNodes("restart"), armTwiceAsFast, serving(2000), comingHome)
		create(ctx, web)
		create(ctx, still)
		expectCapacity(ctx, web, "arm64=6", 6000, true)
		expectHome(ctx, web, elasticwebv1.ReasonAtHome)
		Expect(wholeSkew(ctx, web)()).To(Equal(int32(10_000)))
		ready := readyPodsOf(web)
		Eventually(ready.all).WithContext(ctx).Should(ContainElement(int32(6)))
		ready.restart()
		anotherNode(ctx, "restart")
		Eventually(wholeSkew(ctx, web)).WithContext(ctx).Should(Equal(int32(1)))
		Eventually(eventsOf(ctx, web, corev1.EventTypeNormal, elasticwebv1.ReasonRestarting)).WithContext(ctx).Should(Equal(1))
		expectHome(ctx, web, elasticwebv1.ReasonAtHome)
		expectCapacity(ctx, web, "arm64=6", 6000, true)
		expectReason(ctx, web, elasticwebv1.ReasonAsPlanned)
		Expect(ready.all()).To(HaveEach(BeNumerically(">=", 6)))
		Expect(plan.RecordOf(deploymentOf(ctx, web)).TakenUp).To(HaveField("Wait", int64(60)))
		Expect(templatesOf(ctx, web)).To(Equal(2))

		By("looking a few times more")
		expectRest(ctx, running)
		count := running.requests.count()
		Consistently(func() []string { return running.requests.since(count) }).WithContext(ctx).WithTimeout(2 * time.Second).Should(BeEmpty())
		Expect(templatesOf(ctx, still)).To(Equal(1))
		Expect(wholeSkew(ctx, still)()).To(Equal(int32(10_000)))
	})

	It("is taken up once, whichever write the operator is killed at", func(ctx SpecContext) {
		for after := range 3 {
			name := "killed" + string(rune('a'+after))
			oneNodeEach(ctx, name)
			namespace, first := startInNamespace(ctx, inMinutes())
			web := newWeb(namespace, "shop", onOwnNodes(name), armTwiceAsFast, serving(3000), restarting)
			create(ctx, web)
			expectHome(ctx, web, elasticwebv1.ReasonAtHome)
			expectReason(ctx, web, elasticwebv1.ReasonAsPlanned)
			first.stop()
			anotherNode(ctx, name)
			dying, options := proxy.CrashAfter(after), inMinutes()
			options.namespaces, options.transport = []string{namespace}, dying.Wrap
			operator := startOperator(options)
			Eventually(dying.Happened()).WithContext(ctx).Should(BeClosed())
			operator.stop()
			options.transport = nil
			operator = startOperator(options)
			Eventually(wholeSkew(ctx, web)).WithContext(ctx).Should(Equal(int32(1)))
			expectHome(ctx, web, elasticwebv1.ReasonAtHome)
			expectReason(ctx, web, elasticwebv1.ReasonAsPlanned)
			Expect(templatesOf(ctx, web)).To(Equal(2), "killed after %d writes", after)
			operator.stop()
		}
	}, SpecTimeout(2*time.Minute))

	It("takes up what the registry said too late", func(ctx SpecContext) {
		registry := startRegistry()
		image := registry.push("shop", "1", v1.Config{ExposedPorts: map[string]struct{}{"9000/tcp": {}}}, "amd64", "arm64")
		registry.isDown.Store(true)
		options := registry.lookUps()
		options.resync, options.clock = 250*time.Millisecond, fastClock{time.Now(), 60}
		namespace, _ := startInNamespace(ctx, options)
		web := newWeb(namespace, "shop", restarting, func(w *elasticwebv1.ElasticWeb) {
			w.Spec.Image, w.Spec.Architectures = image, []elasticwebv1.ArchitectureSpec{{Name: "amd64"}}
		})
		Expect(k8s.Create(ctx, web)).To(Succeed())
		expectReason(ctx, web, elasticwebv1.ReasonAsPlanned)
		Expect(webContainer(deploymentOf(ctx, web)).Ports[0].ContainerPort).To(Equal(plan.DefaultContainerPort))
		registry.isDown.Store(false)
		Eventually(func() int32 { return webContainer(deploymentOf(ctx, web)).Ports[0].ContainerPort }, 40*time.Second).WithContext(ctx).Should(Equal(int32(9000)))
		expectReason(ctx, web, elasticwebv1.ReasonAsPlanned)
		expectHome(ctx, web, elasticwebv1.ReasonAtHome)
		Expect(templatesOf(ctx, web)).To(Equal(2))
	})

	It("leaves the ElasticWeb as well as before where it is refused, and is taken up once that ends", func(ctx SpecContext) {
		oneNodeEach(ctx, "frozen")
		namespace, running := startInNamespace(ctx, inMinutes())
		web := newWeb(namespace, "shop", onOwnNodes("frozen"), armTwiceAsFast, serving(3000), restarting)
		create(ctx, web)
		expectReason(ctx, web, elasticwebv1.ReasonAsPlanned)
		freeze := denial{group: "apps", resource: "deployments", verbs: []admissionv1.OperationType{admissionv1.Update},
			only: "object.spec.template != oldObject.spec.template || has(object.metadata.labels.probe)"}
		lift := freeze.enforce(ctx, namespace, func() error {
			return k8s.Patch(ctx, deploymentOf(ctx, web), client.RawPatch("application/merge-patch+json", []byte(`{"metadata":{"labels":{"probe":"x"}}}`)), client.DryRunAll)
		})
		anotherNode(ctx, "frozen")
		Expect(condition(ctx, web, elasticwebv1.ConditionRebalanced, "False", elasticwebv1.ReasonRestartRefused)).To(ContainSubstring(denied))
		expectReason(ctx, web, elasticwebv1.ReasonAsPlanned)
		Expect(eventsOf(ctx, web, corev1.EventTypeWarning, elasticwebv1.ReasonForbidden)()).To(BeZero())

		By("another demand, which is carried out")
		update(ctx, web, serving(5000))
		expectCapacity(ctx, web, "arm64=5", 5000, true)
		tries := len(running.requests.writesTo("deployments/"))
		Consistently(func() int { return len(running.requests.writesTo("deployments/")) - tries }).WithContext(ctx).WithTimeout(4*time.Second).
			Should(BeNumerically("<=", 2), "in 4 minutes")
		Expect(templatesOf(ctx, web)).To(Equal(1))
		lift()
		Eventually(wholeSkew(ctx, web)).WithContext(ctx).WithTimeout(time.Minute).Should(Equal(int32(1)))
		expectHome(ctx, web, elasticwebv1.ReasonAtHome)
	}, SpecTimeout(2*time.Minute))
})
