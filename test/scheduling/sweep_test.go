// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package scheduling_test

import (
	"fmt"
	"os"
	"slices"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	appsv1ac "k8s.io/client-go/applyconfigurations/apps/v1"
	corev1ac "k8s.io/client-go/applyconfigurations/core/v1"
	"k8s.io/utils/ptr"
)

// withSkew leaves the constraint on the host name alone, with a maxSkew; 0 takes that out, too.
func withSkew(maxSkew int32) change {
	return func(deployment *appsv1ac.DeploymentApplyConfiguration) {
		spec := deployment.Spec.Template.Spec
		if maxSkew == 0 {
			spec.TopologySpreadConstraints = nil
			return
		}
		spec.TopologySpreadConstraints = slices.DeleteFunc(spec.TopologySpreadConstraints,
			func(c corev1ac.TopologySpreadConstraintApplyConfiguration) bool {
				return *c.TopologyKey != corev1.LabelHostname
			})
		spec.TopologySpreadConstraints[0].MaxSkew = &maxSkew
	}
}

// These runs assert nothing: they are the other settings that the product's were chosen over.
var _ = Describe("Other settings", func() {
	BeforeEach(func() {
		if os.Getenv(sweepVariable) == "" {
			Skip("set " + sweepVariable + "=1 for the tables of docs/placement.md")
		}
	})

	evenNodes := pools(nodes("arm64", 3), nodes("amd64", 3))
	fewBest := pools(nodes("arm64", 1), nodes("amd64", 5))
	oneEmptier := []pool{{nodes("arm64", 2), 20}, {nodes("arm64", 1), 0}, {nodes("amd64", 3), 0}}

	// place gives where pods go in a scene of their own, and how they are spread on arm64.
	place := func(ctx SpecContext, on []pool, pods int, changes ...change) (perArch, perNode string) {
		s := newScene(ctx, on...)
		defer s.remove(ctx)
		s.deploy(ctx, newWeb(s.namespace, pods, two...), changes...)
		got := s.landed(ctx)
		return got.inOrder(two), join(got.onNodes(s, "arm64"))
	}

	for _, weight := range []int32{90, 50, 1} {
		It(fmt.Sprintf("weights 100 and %d", weight), func(ctx SpecContext) {
			row := []string{fmt.Sprintf("100 / %d", weight)}
			for _, run := range []struct {
				pods int
				skew int32
			}{{60, 0}, {60, 1000}, {130, 1000}} {
				s := newScene(ctx, evenNodes...)
				web := newWeb(s.namespace, run.pods, two...)
				web.Spec.Architectures[0].Weight, web.Spec.Architectures[1].Weight = ptr.To[int32](100), &weight
				s.deploy(ctx, web, withSkew(run.skew))
				row = append(row, s.landed(ctx).inOrder(two))
				s.remove(ctx)
			}
			tables.add("Weights, 3 + 3 nodes", []string{"weights arm64 / amd64", "60 pods, no spread constraint", "60 pods, maxSkew 1000", "130 pods, maxSkew 1000"}, row...)
		}, SpecTimeout(timeout))
	}

	for _, maxSkew := range []int32{2, 5, 10, 20, 50, 100, 1000} {
		It(fmt.Sprintf("maxSkew %d", maxSkew), func(ctx SpecContext) {
			row := []string{fmt.Sprint(maxSkew)}
			for _, pods := range []int{60, 130} {
				perArch, _ := place(ctx, evenNodes, pods, withSkew(maxSkew))
				row = append(row, perArch)
			}
			perArch, _ := place(ctx, fewBest, 50, withSkew(maxSkew))
			row = append(row, perArch)
			for _, pods := range []int{3, 10} {
				_, perNode := place(ctx, oneEmptier, pods, withSkew(maxSkew))
				row = append(row, perNode)
			}
			tables.add("maxSkew, weights 100 / 1", []string{"maxSkew", "60 pods, 3 + 3 nodes", "130 pods, 3 + 3 nodes", "50 pods, 1 + 5 nodes",
				"3 pods, one emptier node", "10 pods, one emptier node"}, row...)
		}, SpecTimeout(timeout))
	}

	It("many nodes", func(ctx SpecContext) {
		for _, others := range []int{60, 90, 150} {
			s := newScene(ctx, pools(nodes("arm64", 3), nodes("amd64", others))...)
			s.deploy(ctx, newWeb(s.namespace, 60, two...))
			got := s.landed(ctx)
			tables.add("Many nodes, 60 pods", []string{"nodes", "pods per architecture"}, fmt.Sprintf("3 + %d", others), got.inOrder(two))
			Expect(got.perArch["arm64"] + got.perArch["amd64"]).To(Equal(60))
			s.remove(ctx)
		}
	}, SpecTimeout(timeout))
})
