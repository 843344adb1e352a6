// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package elasticweb_test

import (
	"context"
	"math/rand/v2"
	"slices"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/client-go/util/retry"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	elasticwebv1 "github.com/elasticweb/elasticweb-operator/api/v1"
	"github.com/elasticweb/elasticweb-operator/test/cluster"
)

// ownTaint keeps the pods of other specs off the nodes of a spec, and its label the other way round.
const ownTaint = "elasticweb.test/spec"

// ownNodes adds nodes for one spec alone, and removes them after it.
func ownNodes(ctx context.Context, name string, pools ...cluster.NodePool) []string {
	GinkgoHelper()
	for i := range pools {
		pools[i].CPU, pools[i].Memory = "64", "256Gi"
		pools[i].Labels = map[string]string{ownTaint: name}
		pools[i].Taints = []corev1.Taint{{Key: ownTaint, Value: name, Effect: corev1.TaintEffectNoSchedule}}
		pools[i].NamePrefix = name + "-" + pools[i].Arch
	}
	names, err := controlPlane.AddNodes(ctx, pools...)
	Expect(err).NotTo(HaveOccurred())
	DeferCleanup(func(ctx SpecContext) {
		left := &corev1.NodeList{}
		Expect(k8s.List(ctx, left, client.MatchingLabels{ownTaint: name})).To(Succeed())
		for i := range left.Items {
			Expect(controlPlane.RemoveNodes(ctx, left.Items[i].Name)).To(Succeed())
		}
	})
	return names
}

// onOwnNodes sends the pods there. They end as soon as they are told to.
func onOwnNodes(name string) func(*elasticwebv1.ElasticWeb) {
	return func(web *elasticwebv1.ElasticWeb) {
		web.Spec.NodeSelector = map[string]string{ownTaint: name}
		web.Spec.Tolerations = []corev1.Toleration{{Key: ownTaint, Operator: corev1.TolerationOpExists}}
		web.Spec.TerminationGracePeriodSeconds = ptr.To[int64](1)
	}
}

// armTwiceAsFast is 1000 requests per second on arm64, and 500 on amd64.
func armTwiceAsFast(web *elasticwebv1.ElasticWeb) {
	web.Spec.Architectures = []elasticwebv1.ArchitectureSpec{
		{Name: "arm64", SinglePodsQPS: ptr.To[int32](1000)}, {Name: "amd64", SinglePodsQPS: ptr.To[int32](500)},
	}
}

// expectCapacity waits until the conditions say whether the demand is met, with so many pods per architecture.
func expectCapacity(ctx context.Context, web *elasticwebv1.ElasticWeb, pods string, realQPS int32, isMet bool) {
	GinkgoHelper()
	await(ctx, web, &elasticwebv1.ElasticWeb{}, func(g Gomega, w *elasticwebv1.ElasticWeb) {
		g.Expect(w.Status.ObservedGeneration).To(Equal(w.Generation))
		g.Expect(w.Status.PodsByArchitecture).To(Equal(pods))
		g.Expect(w.Status.RealQPS).To(HaveValue(Equal(realQPS)))
		g.Expect(meta.IsStatusConditionTrue(w.Status.Conditions, elasticwebv1.ConditionCapacityMet)).To(Equal(isMet))
	})
}

// uidsOn is the UIDs of the pods on nodes of an architecture, sorted.
func uidsOn(ctx context.Context, web *elasticwebv1.ElasticWeb, architecture string) []string {
	GinkgoHelper()
	var uids []string
	for _, pod := range podsOf(ctx, web) {
		node := &corev1.Node{}
		Expect(k8s.Get(ctx, client.ObjectKey{Name: pod.Spec.NodeName}, node)).To(Succeed())
		if node.Labels[corev1.LabelArchStable] == architecture {
			uids = append(uids, string(pod.UID))
		}
	}
	slices.Sort(uids)
	return uids
}

var _ = Describe("Spill-over", func() {
	const resync = 250 * time.Millisecond

	// expectFewChanges holds the replica changes since the last call against what one change of the world may
	// cause.
	expectFewChanges := func(replicas *history) {
		GinkgoHelper()
		Expect(len(replicas.all())-1).To(BeNumerically("<=", 3), "%v", replicas.all())
		replicas.restart()
	}
	// expectCalm waits until the replicas did not change for a second.
	expectCalm := func(ctx context.Context, replicas *history) {
		GinkgoHelper()
		last, since := len(replicas.all()), time.Now()
		Eventually(func() time.Duration {
			if now := len(replicas.all()); now != last {
				last, since = now, time.Now()
			}
			return time.Since(since)
		}).WithContext(ctx).Should(BeNumerically(">", time.Second))
	}
	// expectStill watches for 20 resyncs.
	expectStill := func(replicas *history) {
		GinkgoHelper()
		Consistently(replicas.all).WithTimeout(22 * resync).WithPolling(resync).Should(HaveLen(1))
	}

	It("5.4: adds pods for what they serve where they landed, and lets the slow ones go first", func(ctx SpecContext) {
		nodes := ownNodes(ctx, "spill", cluster.NodePool{Arch: "arm64", Count: 2, Pods: 4}, cluster.NodePool{Arch: "amd64", Count: 2, Pods: 15})
		namespace, _ := startInNamespace(ctx, operatorOptions{resync: resync})
		web := newWeb(namespace, "shop", onOwnNodes("spill"), armTwiceAsFast, serving(8000))
		replicas := replicasOf(web)

		By("filling the best architecture")
		create(ctx, web)
		expectCapacity(ctx, web, "arm64=8", 8000, true)
		Expect(replicas.all()).To(Equal([]int32{8}))
		fast := uidsOn(ctx, web, "arm64")

		By("asking for more than it holds: 12 pods there, or 24 where some are on amd64")
		update(ctx, web, serving(12000))
		expectCapacity(ctx, web, "arm64=8,amd64=16", 12000, true)
		expectFewChanges(replicas)
		expectStill(replicas)

		By("lowering the demand to what it holds")
		update(ctx, web, serving(8000))
		expectCapacity(ctx, web, "arm64=8", 8000, true)
		Expect(uidsOn(ctx, web, "arm64")).To(Equal(fast), "none of the others left")
		expectFewChanges(replicas)
		expectStill(replicas)

		By("raising it again, and rolling out")
		update(ctx, web, serving(11000))
		expectCapacity(ctx, web, "arm64=8,amd64=14", 11000, true)
		expectFewChanges(replicas)
		update(ctx, web, func(w *elasticwebv1.ElasticWeb) { w.Spec.Image = "nginx:1.17.2" })
		expectReason(ctx, web, elasticwebv1.ReasonAsPlanned)
		Eventually(func() []string { return imagesOf(podsOf(ctx, web)) }).WithContext(ctx).Should(Equal([]string{"nginx:1.17.2"}))
		expectReason(ctx, web, elasticwebv1.ReasonAsPlanned)
		expectFewChanges(replicas)
		expectStill(replicas)

		By("losing nodes at random")
		random := rand.New(rand.NewPCG(uint64(GinkgoRandomSeed()), 1)) //nolint:gosec // no secret.
		for range 3 {
			lost := random.IntN(len(nodes))
			GinkgoWriter.Println("lost:", nodes[lost])
			Expect(controlPlane.RemoveNodes(ctx, nodes[lost])).To(Succeed())
			nodes = slices.Delete(nodes, lost, lost+1)
			expectCalm(ctx, replicas)
			Eventually(readyReason(ctx, web)).WithContext(ctx).Should(BeElementOf(elasticwebv1.ReasonUnschedulable, elasticwebv1.ReasonAsPlanned))
			expectFewChanges(replicas)
			expectStill(replicas)
		}
	}, SpecTimeout(3*time.Minute))

	It("8.3: fills first what the user prefers, for its price, and keeps it longest, though it is slower", func(ctx SpecContext) {
		ownNodes(ctx, "price", cluster.NodePool{Arch: "amd64", Count: 2, Pods: 4}, cluster.NodePool{Arch: "arm64", Count: 2, Pods: 15})
		namespace, _ := startInNamespace(ctx, operatorOptions{resync: resync})
		web := newWeb(namespace, "shop", onOwnNodes("price"), armTwiceAsFast, serving(4000), func(web *elasticwebv1.ElasticWeb) {
			web.Spec.Architectures[0].Weight, web.Spec.Architectures[1].Weight = ptr.To[int32](1), ptr.To[int32](100)
		})
		replicas := replicasOf(web)

		By("filling what is cheap")
		create(ctx, web)
		expectCapacity(ctx, web, "amd64=8", 4000, true)
		Expect(replicas.all()).To(Equal([]int32{8}))
		cheap := uidsOn(ctx, web, "amd64")

		By("asking for more than it holds: each counts as one of the slower")
		update(ctx, web, serving(8000))
		expectCapacity(ctx, web, "arm64=8,amd64=8", 8000, true)
		expectFewChanges(replicas)

		By("lowering the demand: what is dear goes, though it is faster")
		update(ctx, web, serving(4000))
		expectCapacity(ctx, web, "amd64=8", 4000, true)
		Expect(uidsOn(ctx, web, "amd64")).To(Equal(cheap), "none of the others left")
		expectFewChanges(replicas)
		expectStill(replicas)
	}, SpecTimeout(3*time.Minute))

	It("counts on no node that does not take the pods", func(ctx SpecContext) {
		nodes := ownNodes(ctx, "apart", cluster.NodePool{Arch: "arm64", Count: 1}, cluster.NodePool{Arch: "amd64", Count: 1})
		arm := &corev1.Node{}
		Expect(k8s.Get(ctx, client.ObjectKey{Name: nodes[0]}, arm)).To(Succeed())
		taint := corev1.Taint{Key: "elasticweb.test/team", Value: "other", Effect: corev1.TaintEffectNoSchedule}
		Expect(retry.RetryOnConflict(retry.DefaultRetry, func() error {
			if err := k8s.Get(ctx, client.ObjectKeyFromObject(arm), arm); err != nil {
				return err
			}
			arm.Spec.Taints = append(arm.Spec.Taints, taint)
			return k8s.Update(ctx, arm)
		})).To(Succeed())
		namespace, _ := startInNamespace(ctx, operatorOptions{resync: resync})
		web := newWeb(namespace, "shop", onOwnNodes("apart"), armTwiceAsFast, serving(3000))
		replicas := replicasOf(web)
		create(ctx, web)
		expectCapacity(ctx, web, "amd64=6", 3000, true)
		Expect(replicas.all()).To(Equal([]int32{6}))

		By("tolerating the taint: the pods are replaced, and fewer do")
		update(ctx, web, func(w *elasticwebv1.ElasticWeb) {
			w.Spec.Tolerations = append(w.Spec.Tolerations, corev1.Toleration{Key: taint.Key, Operator: corev1.TolerationOpExists})
		})
		expectCapacity(ctx, web, "arm64=3", 3000, true)
	})

	It("restarts no pod for a restart of the operator, a node, or another number", func(ctx SpecContext) {
		ownNodes(ctx, "calm", cluster.NodePool{Arch: "arm64", Count: 2}, cluster.NodePool{Arch: "amd64", Count: 1})
		namespace, running := startInNamespace(ctx)
		web := newWeb(namespace, "shop", onOwnNodes("calm"), armTwiceAsFast, serving(3000))
		create(ctx, web)
		before := read(ctx, web, &appsv1.Deployment{}).Spec.Template
		uids := uidsOn(ctx, web, "arm64")

		running.stop()
		startOperator(operatorOptions{namespaces: []string{namespace}})
		ownNodes(ctx, "calmer", cluster.NodePool{Arch: "arm64", Count: 3}, cluster.NodePool{Arch: "s390x", Count: 1})
		update(ctx, web, func(w *elasticwebv1.ElasticWeb) {
			w.Spec.Architectures[0].SinglePodsQPS, w.Spec.Architectures[1].SinglePodsQPS = ptr.To[int32](1400), ptr.To[int32](1300)
		})
		expectCapacity(ctx, web, "arm64=3", 4200, true)
		update(ctx, web, serving(9000))
		expectCapacity(ctx, web, "arm64=7", 9800, true)
		Expect(read(ctx, web, &appsv1.Deployment{}).Spec.Template).To(Equal(before))
		Expect(uidsOn(ctx, web, "arm64")).To(ContainElements(uids))
	})
})
