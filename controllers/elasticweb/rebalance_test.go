// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package elasticweb_test

import (
	"context"
	"fmt"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	elasticwebv1 "github.com/elasticweb/elasticweb-operator/api/v1"
	"github.com/elasticweb/elasticweb-operator/test/cluster"
)

// fastClock runs so many times as fast as the real one.
type fastClock struct {
	began time.Time
	times time.Duration
}

func (c fastClock) Now() time.Time                  { return c.began.Add(time.Since(c.began) * c.times) }
func (c fastClock) Since(t time.Time) time.Duration { return c.Now().Sub(t) }

// cordons is how often nodes are closed and opened: REBALANCE_CORDONS=200 for the long run.
func cordons() int {
	if number, err := strconv.Atoi(os.Getenv("REBALANCE_CORDONS")); err == nil {
		return number
	}
	return 3
}

// cordon closes or opens nodes.
func cordon(ctx context.Context, isClosed bool, names ...string) {
	GinkgoHelper()
	for _, name := range names {
		patch := client.RawPatch(types.MergePatchType, fmt.Appendf(nil, `{"spec":{"unschedulable":%t}}`, isClosed))
		Expect(k8s.Patch(ctx, &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: name}}, patch)).To(Succeed())
	}
}

// servedOf records every rate that the ready pods of an ElasticWeb serve together, by the names of their nodes. A pod that is to end
// counts no more.
func servedOf(web *elasticwebv1.ElasticWeb, rates map[string]int32) *history {
	GinkgoHelper()
	result, ready := &history{}, map[string]int32{}
	var mu sync.Mutex
	follow(&corev1.PodList{}, func(e watch.Event) {
		pod, isPod := e.Object.(*corev1.Pod)
		if !isPod {
			return
		}
		mu.Lock()
		defer mu.Unlock()
		delete(ready, pod.Name)
		for architecture, rate := range rates {
			if e.Type != watch.Deleted && pod.DeletionTimestamp == nil && isReady(pod) && strings.Contains(pod.Spec.NodeName, architecture) {
				ready[pod.Name] = rate
			}
		}
		least := int32(0)
		for _, rate := range ready {
			if least == 0 || rate < least {
				least = rate
			}
		}
		result.note(int32(len(ready)) * least) //nolint:gosec // some dozens.
	}, client.InNamespace(web.Namespace), client.MatchingLabels{elasticwebv1.LabelInstance: web.Name})
	return result
}

func comingHome(web *elasticwebv1.ElasticWeb) {
	web.Spec.Rebalance = &elasticwebv1.RebalanceSpec{Mode: elasticwebv1.RebalanceSurge}
}

// expectHome waits until Rebalanced has a reason.
func expectHome(ctx context.Context, web *elasticwebv1.ElasticWeb, reason string) {
	GinkgoHelper()
	await(ctx, web, &elasticwebv1.ElasticWeb{}, func(g Gomega, w *elasticwebv1.ElasticWeb) {
		home := meta.FindStatusCondition(w.Status.Conditions, elasticwebv1.ConditionRebalanced)
		g.Expect(home).NotTo(BeNil())
		g.Expect(home.Reason).To(Equal(reason), home.Message)
	})
}

var _ = Describe("Coming home", func() {
	rates := map[string]int32{"arm64": 1000, "amd64": 500}

	It("8.2: brings pods back after each cordon, at every moment with what the demand needs", func(ctx SpecContext) {
		nodes := ownNodes(ctx, "home", cluster.NodePool{Arch: "arm64", Count: 2, Pods: 8}, cluster.NodePool{Arch: "amd64", Count: 2, Pods: 15})
		namespace, _ := startInNamespace(ctx, operatorOptions{resync: 250 * time.Millisecond, clock: fastClock{time.Now(), 60}})
		web := newWeb(namespace, "shop", onOwnNodes("home"), armTwiceAsFast, serving(6000), comingHome)
		served, replicas := servedOf(web, rates), replicasOf(web)
		create(ctx, web)
		expectCapacity(ctx, web, "arm64=6", 6000, true)
		expectHome(ctx, web, elasticwebv1.ReasonAtHome)
		for range cordons() {
			cordon(ctx, true, nodes[:2]...)
			update(ctx, web, func(w *elasticwebv1.ElasticWeb) { w.Spec.TotalQPS = ptr.To[int32](8000) })
			expectCapacity(ctx, web, "arm64=6,amd64=10", 8000, true)
			expectHome(ctx, web, elasticwebv1.ReasonSpilled)
			served.restart()
			replicas.restart()
			cordon(ctx, false, nodes[:2]...)
			expectCapacity(ctx, web, "arm64=8", 8000, true)
			expectHome(ctx, web, elasticwebv1.ReasonAtHome)
			Expect(served.all()).To(HaveEach(BeNumerically(">=", 8000)), "%v", served.all())
			Expect(replicas.all()).To(HaveEach(BeNumerically("<=", 18)), "%v", replicas.all())
			update(ctx, web, func(w *elasticwebv1.ElasticWeb) { w.Spec.TotalQPS = ptr.To[int32](6000) })
			expectCapacity(ctx, web, "arm64=6", 6000, true)
		}
	})

	It("takes back what finds no room at home, stays Ready, and tries less and less often", func(ctx SpecContext) {
		ownNodes(ctx, "full", cluster.NodePool{Arch: "arm64", Count: 1, Pods: 6}, cluster.NodePool{Arch: "amd64", Count: 2, Pods: 15})
		namespace, _ := startInNamespace(ctx, operatorOptions{resync: 250 * time.Millisecond, clock: fastClock{time.Now(), 60}})
		web := newWeb(namespace, "shop", onOwnNodes("full"), armTwiceAsFast, serving(8000), comingHome)
		served, replicas := servedOf(web, rates), replicasOf(web)
		create(ctx, web)
		expectCapacity(ctx, web, "arm64=6,amd64=10", 8000, true)
		served.restart()
		expectHome(ctx, web, elasticwebv1.ReasonNoRoom)
		Eventually(replicas.all).WithContext(ctx).Should(HaveLen(len(replicas.all()) + 2))
		Expect(replicas.all()).To(HaveEach(BeNumerically("<=", 18)))
		Expect(served.all()).To(HaveEach(BeNumerically(">=", 8000)), "%v", served.all())
		expectReason(ctx, web, elasticwebv1.ReasonAsPlanned)

		By("a node that comes")
		_, err := controlPlane.AddNodes(ctx, cluster.NodePool{
			Arch: "arm64", Count: 1, Pods: 6, CPU: "64", Memory: "256Gi", NamePrefix: "full-arm64-new", Labels: map[string]string{ownTaint: "full"},
			Taints: []corev1.Taint{{Key: ownTaint, Value: "full", Effect: corev1.TaintEffectNoSchedule}},
		})
		Expect(err).NotTo(HaveOccurred())
		expectCapacity(ctx, web, "arm64=8", 8000, true)
		expectHome(ctx, web, elasticwebv1.ReasonAtHome)
		Expect(served.all()).To(HaveEach(BeNumerically(">=", 8000)), "%v", served.all())
	})

	It("8.1: says that pods wait for a node while the pools are at zero, and makes exactly those that the nodes call for", func(ctx SpecContext) {
		namespace, _ := startInNamespace(ctx, operatorOptions{resync: 250 * time.Millisecond})
		web := newWeb(namespace, "shop", onOwnNodes("zero"), armTwiceAsFast, serving(6000))
		replicas := replicasOf(web)
		create(ctx, web)
		await(ctx, web, &elasticwebv1.ElasticWeb{}, func(g Gomega, w *elasticwebv1.ElasticWeb) {
			ready := meta.FindStatusCondition(w.Status.Conditions, elasticwebv1.ConditionReady)
			g.Expect(ready).NotTo(BeNil())
			g.Expect(ready.Message).To(HavePrefix("the pods wait for a node of arm64 or amd64: "))
			g.Expect(meta.IsStatusConditionTrue(w.Status.Conditions, elasticwebv1.ConditionReconciling)).To(BeTrue())
			g.Expect(meta.FindStatusCondition(w.Status.Conditions, elasticwebv1.ConditionStalled)).To(BeNil())
			g.Expect(w.Status.Replicas).To(Equal(int32(6)))
		})
		ownNodes(ctx, "zero", cluster.NodePool{Arch: "arm64", Count: 1, Pods: 15})
		expectCapacity(ctx, web, "arm64=6", 6000, true)
		Expect(replicas.all()).To(Equal([]int32{6}))
	})
})
