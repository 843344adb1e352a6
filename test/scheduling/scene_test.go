// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package scheduling_test

import (
	"context"
	"fmt"
	"slices"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	appsv1ac "k8s.io/client-go/applyconfigurations/apps/v1"
	"k8s.io/client-go/rest"
	"k8s.io/utils/ptr"

	elasticwebv1 "github.com/elasticweb/elasticweb-operator/api/v1"
	"github.com/elasticweb/elasticweb-operator/internal/plan"
	"github.com/elasticweb/elasticweb-operator/internal/resources"
	"github.com/elasticweb/elasticweb-operator/test/cluster"
)

// nodes are like nodes of one architecture with room for 40 pods of the product's default requests each: CPU is
// what runs out.
func nodes(arch string, count int) cluster.NodePool {
	return cluster.NodePool{Arch: arch, Count: count, CPU: "4", Memory: "32Gi"}
}

// pool is like nodes that hold other pods already.
type pool struct {
	cluster.NodePool
	// taken is how many slots of each node others hold.
	taken int
}

// scene is a cluster, its nodes alone.
type scene struct {
	namespace string
	names     []string
	// pools holds the pool of each node by its name.
	pools map[string]pool
}

// newScene makes the nodes, and removes them with everything on them after the spec.
func newScene(ctx context.Context, pools ...pool) *scene {
	GinkgoHelper()
	namespace, err := k8s.CoreV1().Namespaces().Create(ctx, &corev1.Namespace{
		ObjectMeta: metav1.ObjectMeta{GenerateName: "scene-"},
	}, metav1.CreateOptions{})
	Expect(err).NotTo(HaveOccurred())
	s := &scene{namespace: namespace.Name, pools: map[string]pool{}}
	DeferCleanup(s.remove)
	all := make([]cluster.NodePool, 0, len(pools))
	for _, p := range pools {
		all = append(all, p.NodePool)
	}
	s.names, err = controlPlane.AddNodes(ctx, all...)
	Expect(err).NotTo(HaveOccurred())
	at := 0
	for _, p := range pools {
		for range p.Count {
			s.pools[s.names[at]] = p
			at++
		}
	}
	for _, name := range s.names {
		if taken := s.pools[name].taken; taken > 0 {
			s.occupy(ctx, name, taken)
		}
	}
	return s
}

// occupy takes room on a node by a pod that no scheduler was asked about.
func (s *scene) occupy(ctx context.Context, node string, taken int) {
	GinkgoHelper()
	_, err := k8s.CoreV1().Pods(s.namespace).Create(ctx, &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Name: "other-" + node},
		Spec: corev1.PodSpec{NodeName: node, Tolerations: []corev1.Toleration{{Operator: corev1.TolerationOpExists}}, Containers: []corev1.Container{{
			Name: "other", Image: "registry.example.com/other:1",
			Resources: corev1.ResourceRequirements{Requests: corev1.ResourceList{
				corev1.ResourceCPU:    *resource.NewMilliQuantity(int64(100*taken), resource.DecimalSI),
				corev1.ResourceMemory: *resource.NewQuantity(int64(512*taken)<<20, resource.BinarySI),
			}},
		}}},
	}, metav1.CreateOptions{})
	Expect(err).NotTo(HaveOccurred())
}

// remove does nothing the second time.
func (s *scene) remove(ctx SpecContext) {
	if s.names == nil {
		return
	}
	background := metav1.DeletePropagationBackground
	for _, err := range []error{
		k8s.AppsV1().Deployments(s.namespace).DeleteCollection(ctx, metav1.DeleteOptions{PropagationPolicy: &background}, metav1.ListOptions{}),
		k8s.AppsV1().ReplicaSets(s.namespace).DeleteCollection(ctx, metav1.DeleteOptions{PropagationPolicy: &background}, metav1.ListOptions{}),
		k8s.CoreV1().Namespaces().Delete(ctx, s.namespace, metav1.DeleteOptions{}),
	} {
		Expect(err).NotTo(HaveOccurred())
	}
	Eventually(func(g Gomega) {
		g.Expect(k8s.CoreV1().Pods(s.namespace).DeleteCollection(ctx, *metav1.NewDeleteOptions(0), metav1.ListOptions{})).To(Succeed())
		left, err := k8s.CoreV1().Pods(s.namespace).List(ctx, metav1.ListOptions{})
		g.Expect(err).NotTo(HaveOccurred())
		g.Expect(left.Items).To(BeEmpty())
	}).WithContext(ctx).Should(Succeed())
	Expect(controlPlane.RemoveNodes(ctx, s.names...)).To(Succeed())
	s.names = nil
}

// newWeb is an ElasticWeb that must have a number of pods, with architectures in order of falling performance.
func newWeb(namespace string, pods int, architectures ...string) *elasticwebv1.ElasticWeb {
	web := &elasticwebv1.ElasticWeb{
		ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: "shop", Generation: 1},
		Spec: elasticwebv1.ElasticWebSpec{
			Image: "registry.example.com/shop:1", Port: ptr.To[int32](30003),
			SinglePodsQPS: ptr.To[int32](100), Replicas: ptr.To(int32(pods)), //nolint:gosec // a few hundred.
		},
	}
	for i, name := range architectures {
		web.Spec.Architectures = append(web.Spec.Architectures, elasticwebv1.ArchitectureSpec{
			Name: elasticwebv1.Architecture(name), SinglePodsQPS: ptr.To(int32(1000 - 100*i)), //nolint:gosec // at most ten.
		})
	}
	return web
}

// change makes another Deployment than the product's, to compare with.
type change func(*appsv1ac.DeploymentApplyConfiguration)

// deploy makes the Deployment that the product makes of the ElasticWeb, and waits until its pods are where the
// scheduler wants them, and ready.
func (s *scene) deploy(ctx context.Context, web *elasticwebv1.ElasticWeb, changes ...change) {
	GinkgoHelper()
	platforms := []string{"linux/amd64", "linux/arm64", "linux/ppc64le", "linux/s390x"}
	observed := plan.Observed{
		Nodes: s.nodes(),
		Image: plan.Image{State: plan.ImageResolved, Facts: &plan.ImageFacts{Reference: web.Spec.Image, Platforms: platforms}},
	}
	planned := plan.Make(web, observed)
	deployment, err := resources.Deployment(web, &planned)
	Expect(err).NotTo(HaveOccurred())
	deployment.OwnerReferences = nil // there is no ElasticWeb, and the garbage collector would miss it.
	deployment.Spec.Template.Spec.Containers[0].Lifecycle = nil
	for _, c := range changes {
		c(deployment)
	}
	_, err = k8s.AppsV1().Deployments(s.namespace).Apply(ctx, deployment, metav1.ApplyOptions{FieldManager: "test", Force: true})
	Expect(err).NotTo(HaveOccurred())
	s.awaitReady(ctx, web.Name)
}

// awaitReady waits until all pods are of the newest template and ready.
func (s *scene) awaitReady(ctx context.Context, name string) {
	GinkgoHelper()
	Eventually(func(g Gomega) {
		live, err := k8s.AppsV1().Deployments(s.namespace).Get(ctx, name, metav1.GetOptions{})
		g.Expect(err).NotTo(HaveOccurred())
		g.Expect(live.Status).To(And(
			HaveField("ObservedGeneration", live.Generation),
			HaveField("Replicas", *live.Spec.Replicas),
			HaveField("UpdatedReplicas", *live.Spec.Replicas),
			HaveField("ReadyReplicas", *live.Spec.Replicas)))
	}).WithContext(ctx).Should(Succeed())
}

func (s *scene) nodes() *plan.Nodes {
	counts := &plan.Nodes{All: map[string]int{}, Schedulable: map[string]int{}}
	for _, p := range s.pools {
		counts.All[p.Arch]++
		counts.Schedulable[p.Arch]++
	}
	return counts
}

// landed is how many pods of the Deployment are where.
type landed struct {
	perArch map[string]int
	perNode map[string]int
}

func (s *scene) landed(ctx context.Context) landed {
	GinkgoHelper()
	pods, err := k8s.CoreV1().Pods(s.namespace).List(ctx, metav1.ListOptions{LabelSelector: appsv1.DefaultDeploymentUniqueLabelKey})
	Expect(err).NotTo(HaveOccurred())
	result := landed{perArch: map[string]int{}, perNode: map[string]int{}}
	for i := range pods.Items {
		if pods.Items[i].DeletionTimestamp != nil {
			continue
		}
		node := pods.Items[i].Spec.NodeName
		result.perArch[s.pools[node].Arch]++
		result.perNode[node]++
	}
	return result
}

// room is how many pods the nodes of an architecture hold beside others'.
func (s *scene) room(arch string) int {
	room := 0
	for _, p := range s.pools {
		if p.Arch == arch {
			cpu := resource.MustParse(p.CPU)
			room += int(cpu.MilliValue()/100) - p.taken
		}
	}
	return room
}

// fillsInOrder is where the pods are if each architecture is full before the next one gets any.
func (s *scene) fillsInOrder(pods int, architectures []string) map[string]int {
	want := map[string]int{}
	for _, arch := range architectures {
		if here := min(pods, s.room(arch)); here > 0 {
			want[arch] = here
			pods -= here
		}
	}
	return want
}

// inOrder is the numbers of pods per architecture, as in 60 / 0.
func (l landed) inOrder(architectures []string) string {
	var parts []string
	for _, arch := range architectures {
		parts = append(parts, fmt.Sprint(l.perArch[arch]))
	}
	return strings.Join(parts, " / ")
}

// onNodes is the numbers of pods on the nodes of an architecture, the most first.
func (l landed) onNodes(s *scene, arch string) []int {
	var counts []int
	for _, name := range s.names {
		if s.pools[name].Arch == arch {
			counts = append(counts, l.perNode[name])
		}
	}
	slices.Sort(counts)
	slices.Reverse(counts)
	return counts
}

func fast(config *rest.Config) *rest.Config {
	config.QPS, config.Burst = -1, -1
	return config
}
