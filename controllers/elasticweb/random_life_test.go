// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package elasticweb_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	"sigs.k8s.io/controller-runtime/pkg/client"

	elasticwebv1 "github.com/elasticweb/elasticweb-operator/api/v1"
	"github.com/elasticweb/elasticweb-operator/internal/plan"
	"github.com/elasticweb/elasticweb-operator/test/cluster"
)

// How long random lives go on, and what chance begins with: REBALANCE_LIFE=1h and REBALANCE_SEED=7.
func lifetime() (time.Duration, uint64) {
	span, err := time.ParseDuration(os.Getenv("REBALANCE_LIFE"))
	if err != nil {
		span = time.Second // one life.
	}
	seed, err := strconv.ParseUint(os.Getenv("REBALANCE_SEED"), 10, 64)
	if err != nil {
		seed = 1
	}
	return span, seed
}

// life is an ElasticWeb on nodes of its own that come, go, and take pods or not.
type life struct {
	name             string
	random           *rand.Rand
	web              *elasticwebv1.ElasticWeb
	running          *operator
	served, replicas *history
	demand           int32
	// isMet is true once the pods served the demand, until it rises or a node goes.
	isMet bool
	moves []string
}

func newLife(ctx context.Context, name string, random *rand.Rand) *life {
	GinkgoHelper()
	ownNodes(ctx, name, cluster.NodePool{Arch: "arm64", Count: 2, Pods: 8}, cluster.NodePool{Arch: "amd64", Count: 2, Pods: 15})
	l := &life{name: name, random: random, demand: 5000}
	var namespace string
	namespace, l.running = startInNamespace(ctx, operatorOptions{resync: 250 * time.Millisecond, clock: fastClock{time.Now(), 60}})
	l.web = newWeb(namespace, "shop", onOwnNodes(name), armTwiceAsFast, serving(l.demand), comingHome)
	l.served, l.replicas = servedOf(l.web, map[string]int32{"arm64": 1000, "amd64": 500}), replicasOf(l.web)
	create(ctx, l.web)
	l.rest(ctx)
	return l
}

// nodes are the names of those of an architecture.
func (l *life) nodes(ctx context.Context, architecture string) (names []string) {
	GinkgoHelper()
	list := &corev1.NodeList{}
	Expect(k8s.List(ctx, list, client.MatchingLabels{ownTaint: l.name, corev1.LabelArchStable: architecture})).To(Succeed())
	for i := range list.Items {
		names = append(names, list.Items[i].Name)
	}
	return names
}

func (l *life) add(ctx context.Context, architecture string, number int) {
	GinkgoHelper()
	_, err := controlPlane.AddNodes(ctx, cluster.NodePool{
		Arch: architecture, Count: number, Pods: map[string]int{"arm64": 8, "amd64": 15}[architecture], CPU: "64", Memory: "256Gi",
		NamePrefix: l.name + "-" + architecture + "-more", Labels: map[string]string{ownTaint: l.name},
		Taints: []corev1.Taint{{Key: ownTaint, Value: l.name, Effect: corev1.TaintEffectNoSchedule}},
	})
	Expect(err).NotTo(HaveOccurred())
}

// taint gives nodes a taint that the pods do not tolerate, or takes it away.
func taint(ctx context.Context, isTainted bool, names ...string) {
	GinkgoHelper()
	const key = "example.com/busy"
	for _, name := range names {
		Eventually(func() error {
			node := &corev1.Node{}
			if err := k8s.Get(ctx, client.ObjectKey{Name: name}, node); err != nil {
				return err
			}
			node.Spec.Taints = slices.DeleteFunc(node.Spec.Taints, func(taint corev1.Taint) bool { return taint.Key == key })
			if isTainted {
				node.Spec.Taints = append(node.Spec.Taints, corev1.Taint{Key: key, Effect: corev1.TaintEffectNoSchedule})
			}
			return k8s.Update(ctx, node)
		}).WithContext(ctx).Should(Succeed())
	}
}

// move is one thing that happens; what takes pods away is looked at again when all has come to rest.
func (l *life) move(ctx context.Context) {
	GinkgoHelper()
	l.check()
	architecture := []string{"arm64", "amd64"}[l.random.IntN(2)]
	names := l.nodes(ctx, architecture)
	l.random.Shuffle(len(names), func(i, j int) { names[i], names[j] = names[j], names[i] })
	some := names[:min(len(names), 1+l.random.IntN(3))]
	what := []string{"demand", "demand", "come", "go", "empty", "cordon", "uncordon", "taint", "untaint", "uncordon", "untaint"}[l.random.IntN(11)]
	l.moves = append(l.moves, fmt.Sprintf("%s %s %v", what, architecture, some))
	GinkgoWriter.Println(time.Now().Format(time.TimeOnly), l.moves[len(l.moves)-1])
	switch what {
	case "demand":
		before := l.demand
		l.demand = 500 + l.random.Int32N(14_000)
		l.isMet = l.isMet && l.demand <= before
		update(ctx, l.web, serving(l.demand))
	case "come":
		if len(names) < 4 {
			l.add(ctx, architecture, 1+l.random.IntN(2))
		}
	case "cordon", "uncordon":
		cordon(ctx, what == "cordon", some...)
	case "taint", "untaint":
		taint(ctx, what == "taint", some...)
	case "empty", "go":
		if what == "go" {
			names = some[:min(len(some), 1)]
		}
		Expect(controlPlane.RemoveNodes(ctx, names...)).To(Succeed())
		l.rest(ctx)
		l.isMet = false
		l.served.restart()
	}
}

// check holds what was served since the last time against the demand: what it was met once stays met.
func (l *life) check() {
	GinkgoHelper()
	for _, served := range l.served.all() {
		Expect(l.isMet && served < l.demand).To(BeFalse(), "%d of %d are served: %v; %v", served, l.demand, l.served.all(), l.moves)
		l.isMet = served >= l.demand
	}
	l.served.restart()
}

// rest waits until nothing changes for a second: every pod is ready, or waits for a node, and none is asked for to bring others back.
func (l *life) rest(ctx context.Context) {
	GinkgoHelper()
	before, since := "", time.Now()
	Eventually(func(g Gomega) {
		deployment, web := deploymentOf(ctx, l.web), current(ctx, l.web)
		pods := &corev1.PodList{}
		g.Expect(k8s.List(ctx, pods, client.InNamespace(l.web.Namespace))).To(Succeed())
		now, waiting := deployment.ResourceVersion+" "+web.ResourceVersion, 0
		for i := range pods.Items {
			pod := &pods.Items[i]
			now += " " + pod.ResourceVersion
			if pod.Spec.NodeName == "" {
				waiting++
			}
			g.Expect(pod.DeletionTimestamp == nil && (isReady(pod) || isUnschedulable(pod))).To(BeTrue(), pod.Name)
		}
		if now != before {
			before, since = now, time.Now()
		}
		g.Expect(time.Since(since)).To(BeNumerically(">", time.Second))
		g.Expect(plan.RecordOf(deployment).Surge).To(BeZero())
		g.Expect(deployment.Spec.Replicas).To(HaveValue(BeEquivalentTo(len(pods.Items))))
		g.Expect(web.Status.ObservedGeneration).To(Equal(web.Generation))
		g.Expect(waiting > 0 || *web.Status.RealQPS >= *web.Spec.TotalQPS).To(BeTrue(), "%d of %d are served, and no pod waits for a node", *web.Status.RealQPS, *web.Spec.TotalQPS)
	}).WithContext(ctx).WithTimeout(2*time.Minute).Should(Succeed(), "%v: %v", l.moves, l.replicas.all())
}

func isUnschedulable(pod *corev1.Pod) bool {
	return slices.ContainsFunc(pod.Status.Conditions, func(condition corev1.PodCondition) bool {
		return condition.Type == corev1.PodScheduled && condition.Reason == corev1.PodReasonUnschedulable
	})
}

// end opens all nodes, and adds some: all pods come home, and then nobody asks for anything.
func (l *life) end(ctx context.Context) {
	GinkgoHelper()
	l.check()
	for _, architecture := range []string{"arm64", "amd64"} {
		names := l.nodes(ctx, architecture)
		cordon(ctx, false, names...)
		taint(ctx, false, names...)
		l.add(ctx, architecture, 2)
	}
	await(ctx, l.web, &elasticwebv1.ElasticWeb{}, func(g Gomega, w *elasticwebv1.ElasticWeb) {
		home := meta.FindStatusCondition(w.Status.Conditions, elasticwebv1.ConditionRebalanced)
		g.Expect(home).To(HaveField("Reason", elasticwebv1.ReasonAtHome))
		g.Expect(w.Status.PodsByArchitecture).To(Equal(fmt.Sprintf("arm64=%d", (l.demand+999)/1000)))
	})
	l.rest(ctx)
	l.check()
	Expect(l.isMet).To(BeTrue())
	count := l.running.requests.count()
	Consistently(func() []string { return l.running.requests.since(count) }).WithContext(ctx).WithTimeout(2 * time.Second).Should(BeEmpty())
	Expect(templatesOf(ctx, l.web)).To(Equal(1), "%v", l.moves)
	writes := len(l.running.requests.writesTo("deployments/"))
	GinkgoWriter.Printf("%d moves, %d writes of the Deployment, numbers of pods %v\n", len(l.moves), writes, l.replicas.all())
	Expect(writes).To(BeNumerically("<=", 20*(len(l.moves)+1)), "%v", l.moves)
	Expect(k8s.Delete(ctx, l.web)).To(Succeed())
	l.running.stop()
	Expect(controlPlane.RemoveNodes(ctx, append(l.nodes(ctx, "arm64"), l.nodes(ctx, "amd64")...)...)).To(Succeed())
}

var _ = Describe("A random life", func() {
	It("has what the demand needs at every moment where there was room, one template, and an end", func(ctx SpecContext) {
		span, seed := lifetime()
		random := rand.New(rand.NewPCG(seed, 22)) //nolint:gosec // no secret.
		for lives, end := 0, time.Now().Add(span); time.Now().Before(end); lives++ {
			l := newLife(ctx, fmt.Sprint("life", lives), random)
			for range 12 {
				l.move(ctx)
				if random.IntN(3) > 0 {
					l.rest(ctx)
				}
			}
			l.end(ctx)
		}
	}, SpecTimeout(2*time.Hour))
})
