// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package scheduling_test

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	appsv1 "k8s.io/api/apps/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/ptr"

	elasticwebv1 "github.com/elasticweb/elasticweb-operator/api/v1"
)

// scale changes the number of pods alone, and waits until they are ready.
func (s *scene) scale(ctx context.Context, web *elasticwebv1.ElasticWeb, pods int) {
	GinkgoHelper()
	web.Spec.Replicas = ptr.To(int32(pods)) //nolint:gosec // a few hundred.
	s.patch(ctx, web.Name, map[string]any{"spec": map[string]any{"replicas": pods}})
}

// empty takes all pods away, and waits until they hold no place.
func (s *scene) empty(ctx context.Context, web *elasticwebv1.ElasticWeb) {
	GinkgoHelper()
	s.scale(ctx, web, 0)
	Eventually(func(g Gomega) {
		pods, err := k8s.CoreV1().Pods(s.namespace).List(ctx, metav1.ListOptions{LabelSelector: appsv1.DefaultDeploymentUniqueLabelKey})
		g.Expect(err).NotTo(HaveOccurred())
		g.Expect(pods.Items).To(BeEmpty())
	}).WithContext(ctx).Should(Succeed())
}

// restart is kubectl rollout restart.
func (s *scene) restart(ctx context.Context, web *elasticwebv1.ElasticWeb, at string) {
	GinkgoHelper()
	s.patch(ctx, web.Name, map[string]any{"spec": map[string]any{"template": map[string]any{
		"metadata": map[string]any{"annotations": map[string]string{"kubectl.kubernetes.io/restartedAt": at}},
	}}})
}

func (s *scene) patch(ctx context.Context, name string, body any) {
	GinkgoHelper()
	text, err := json.Marshal(body)
	Expect(err).NotTo(HaveOccurred())
	_, err = k8s.AppsV1().Deployments(s.namespace).Patch(ctx, name, types.StrategicMergePatchType, text, metav1.PatchOptions{})
	Expect(err).NotTo(HaveOccurred())
	s.awaitReady(ctx, name)
}

// cordon keeps pods off the nodes of an architecture, or lets them come again.
func (s *scene) cordon(ctx context.Context, arch string, isCordoned bool) {
	GinkgoHelper()
	for _, name := range s.names {
		if s.pools[name].Arch != arch {
			continue
		}
		_, err := k8s.CoreV1().Nodes().Patch(ctx, name, types.MergePatchType, fmt.Appendf(nil, `{"spec":{"unschedulable":%t}}`, isCordoned), metav1.PatchOptions{})
		Expect(err).NotTo(HaveOccurred())
	}
}

// sizes that a template must hold for, whichever it was made at.
var sizes = []int{3, 10, 30, 60, 120, 200, 400}

// isSwept reports whether all shapes are to be gone through, and not those alone in which a template failed before.
func isSwept() bool { return os.Getenv(sweepVariable) != "" }

// tried are the shapes that are always tried: those with few nodes of the best architecture, and those with several steps, are the hardest.
var tried = []string{"1 + 5 nodes", "uneven nodes: 16, 2 and 2 CPUs + 3 of 4", "three architectures, 2 nodes each"}

var _ = Describe("A template", func() {
	for _, sh := range shapes {
		for _, made := range []int{3, 130} {
			It(fmt.Sprintf("holds at every number of pods: %s, made at %d pods", sh.name, made), func(ctx SpecContext) {
				if !isSwept() && (made != 3 || !slices.Contains(tried, sh.name)) {
					Skip("set " + sweepVariable + "=1 for all shapes")
				}
				s := newScene(ctx, sh.pools...)
				room := 0
				for _, arch := range sh.architectures {
					room += s.room(arch)
				}
				web := newWeb(s.namespace, min(made, room), sh.architectures...)
				s.deploy(ctx, web)
				var row []string
				for _, pods := range sizes {
					if pods > room {
						continue
					}
					s.empty(ctx, web)
					s.scale(ctx, web, pods)
					got := s.landed(ctx)
					row = append(row, fmt.Sprintf("%d: %s", pods, got.inOrder(sh.architectures)))
					Expect(got.perArch).To(Equal(s.fillsInOrder(pods, sh.architectures)), "%d pods", pods)
					if nodes := got.onNodes(s, sh.architectures[0]); len(nodes) > 1 && pods <= min(10, s.room(sh.architectures[0])) {
						Expect(nodes[0]).To(BeNumerically("<", pods), "all pods are on one node")
					}
				}
				tables.add("Scaled without a rollout", []string{"nodes", "pods when made", "pods: per architecture"}, sh.name, fmt.Sprint(made), strings.Join(row, "; "))
			}, SpecTimeout(timeout))
		}
	}

	It("holds while the number of pods grows", func(ctx SpecContext) {
		s := newScene(ctx, pools(nodes("arm64", 3), nodes("amd64", 3))...)
		web := newWeb(s.namespace, 3, two...)
		s.deploy(ctx, web)
		for _, pods := range []int{10, 60, 118, 120, 130, 230} {
			s.scale(ctx, web, pods)
			got := s.landed(ctx)
			tables.add("Growing, 3 + 3 nodes, made at 3 pods", []string{"pods", "pods per architecture", "pods on the nodes of the best"},
				fmt.Sprint(pods), got.inOrder(two), join(got.onNodes(s, "arm64")))
			Expect(got.perArch).To(Equal(s.fillsInOrder(pods, two)), "%d pods", pods)
		}
	}, SpecTimeout(timeout))

	// After a spill a restart is the way home.
	for _, cpus := range []string{"6", "8"} {
		for _, spilled := range []int{24, 90} {
			It(fmt.Sprintf("brings pods home with a restart: %d of 120 elsewhere, nodes of %s CPUs", spilled, cpus), func(ctx SpecContext) {
				arm, amd := nodes("arm64", 3), nodes("amd64", 3)
				arm.CPU, amd.CPU, arm.Memory, amd.Memory = cpus, cpus, "64Gi", "64Gi"
				s := newScene(ctx, pools(arm, amd)...)
				web := newWeb(s.namespace, 120-spilled, two...)
				s.deploy(ctx, web)
				s.cordon(ctx, "arm64", true)
				s.scale(ctx, web, 120)
				s.cordon(ctx, "arm64", false)
				before := s.landed(ctx)
				Expect(before.perArch).To(Equal(map[string]int{"arm64": 120 - spilled, "amd64": spilled}))
				row := []string{fmt.Sprint(cpus), before.inOrder(two)}
				var after landed
				for _, at := range []string{"2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z"} {
					s.restart(ctx, web, at)
					after = s.landed(ctx)
					row = append(row, after.inOrder(two))
				}
				tables.add("Restarts after a spill, 3 + 3 nodes", []string{"CPUs of a node", "before", "after one", "after two"}, row...)
				Expect(after.perArch).To(Equal(map[string]int{"arm64": 120}))
			}, SpecTimeout(timeout))
		}
	}

	It("spreads three pods wherever others are", func(ctx SpecContext) {
		for _, taken := range [][]int{{0, 0, 0}, {20, 20, 0}, {30, 30, 0}, {36, 30, 0}, {38, 38, 0}} {
			var on []pool
			for _, t := range taken {
				on = append(on, pool{nodes("arm64", 1), t})
			}
			s := newScene(ctx, slices.Concat(on, pools(nodes("amd64", 3)))...)
			s.deploy(ctx, newWeb(s.namespace, 3, two...))
			got := s.landed(ctx)
			tables.add("Three pods", []string{"places taken on the arm64 nodes", "pods on them"}, join(taken), join(got.onNodes(s, "arm64")))
			Expect(got.onNodes(s, "arm64")[0]).To(BeNumerically("<", 3))
			s.remove(ctx)
		}
	}, SpecTimeout(timeout))
})
