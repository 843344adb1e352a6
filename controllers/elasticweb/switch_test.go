// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package elasticweb_test

import (
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	elasticwebv1 "github.com/elasticweb/elasticweb-operator/api/v1"
)

// change is one way in which a user changes the fields of the spec that decide about the number of pods.
type change struct {
	// apply is the fields of a manifest, or patch the arguments of kubectl patch, or scale a number.
	apply string
	patch string
	scale string
	// pods there are afterwards; 0 where the change is refused.
	pods int32
}

func (c change) arguments(namespace string, way []string) (arguments []string, isManifest bool) {
	switch {
	case c.patch != "":
		return []string{"patch", "--namespace", namespace, "elasticweb/shop", "--type=merge", "--patch", c.patch}, false
	case c.scale != "":
		return []string{"scale", "--namespace", namespace, "elasticweb/shop", "--replicas", c.scale}, false
	default:
		return append([]string{"apply", "--filename=-"}, way...), true
	}
}

var (
	serverSide = []string{"--server-side", "--field-manager=user"}
	clientSide = []string{}
)

const remedy = "totalQPS and replicas exclude each other: keep totalQPS to let the operator work out the pods, or replicas to set them " +
	"(kubectl scale, HPA, KEDA); to change over, remove the other one in the same request, with null in kubectl patch --type=merge"

var _ = Describe("Changing over between totalQPS and replicas", func() {
	DescribeTable("passes through no wrong number of pods",
		func(ctx SpecContext, way []string, changes []change, passes []int32) {
			namespace, port := newNamespace(ctx), freePort()
			startOperator(operatorOptions{namespaces: []string{namespace}})
			web := newWeb(namespace, "shop")
			replicas := replicasOf(web)
			for _, step := range changes {
				By(step.apply + step.patch + step.scale)
				manifest := ""
				arguments, isManifest := step.arguments(namespace, way)
				if isManifest {
					manifest = manifestOf(namespace, "shop", port, step.apply)
				}
				_, err := controlPlane.Kubectl(ctx, manifest, arguments...)
				if step.pods == 0 {
					Expect(err).To(MatchError(ContainSubstring(remedy)))
					continue
				}
				Expect(err).NotTo(HaveOccurred())
				expectPods(ctx, web, step.pods)
			}
			Consistently(replicas.all).WithContext(ctx).WithTimeout(300 * time.Millisecond).Should(Equal(passes))
		},
		Entry("by server-side apply, to replicas and back", serverSide,
			[]change{{apply: "totalQPS: 2400", pods: 3}, {apply: "replicas: 5", pods: 5}, {apply: "totalQPS: 1600", pods: 2}},
			[]int32{3, 5, 2}),
		Entry("by server-side apply, with the same number on both sides", serverSide,
			[]change{{apply: "replicas: 3", pods: 3}, {apply: "totalQPS: 2400", pods: 3}, {apply: "replicas: 3", pods: 3}},
			[]int32{3}),
		Entry("by client-side apply, to replicas and back", clientSide,
			[]change{{apply: "totalQPS: 2400", pods: 3}, {apply: "replicas: 5", pods: 5}, {apply: "totalQPS: 1600", pods: 2}},
			[]int32{3, 5, 2}),
		Entry("by kubectl patch, to replicas and back", clientSide,
			[]change{
				{apply: "totalQPS: 2400", pods: 3},
				{patch: `{"spec": {"totalQPS": null, "replicas": 5}}`, pods: 5},
				{patch: `{"spec": {"totalQPS": 1600, "replicas": null}}`, pods: 2},
			},
			[]int32{3, 5, 2}),
		Entry("by server-side apply after kubectl scale, which now owns replicas", serverSide,
			[]change{
				{apply: "replicas: 2", pods: 2}, {scale: "4", pods: 4},
				{apply: "totalQPS: 2400"},
				{patch: `{"spec": {"totalQPS": 2400, "replicas": null}}`, pods: 3},
				{apply: "totalQPS: 2400", pods: 3},
			},
			[]int32{2, 4, 3}),
		Entry("by client-side apply after kubectl scale, which now owns replicas", clientSide,
			[]change{
				{apply: "replicas: 2", pods: 2}, {scale: "4", pods: 4}, {apply: "totalQPS: 2400", pods: 3},
			},
			[]int32{2, 4, 3}),
		Entry("by server-side apply, handing the pods over to an autoscaler and taking them back", serverSide,
			[]change{
				{apply: "totalQPS: 2400, minReplicas: 1", pods: 3}, {apply: "minReplicas: 1", pods: 3}, {scale: "5", pods: 5},
				{apply: "minReplicas: 1, totalQPS: 1600"},
				{patch: `{"spec": {"totalQPS": 1600, "replicas": null}}`, pods: 2},
			},
			[]int32{3, 5, 2}),
		Entry("by client-side apply, handing the pods over to an autoscaler and taking them back", clientSide,
			[]change{
				{apply: "totalQPS: 2400, minReplicas: 1", pods: 3}, {apply: "minReplicas: 1", pods: 3}, {scale: "5", pods: 5},
				{apply: "minReplicas: 1, totalQPS: 1600"},
				{apply: "minReplicas: 1, totalQPS: 1600, replicas: null", pods: 2},
			},
			[]int32{3, 5, 2}),
		Entry("by kubectl scale, which totalQPS refuses", clientSide,
			[]change{
				{apply: "totalQPS: 2400", pods: 3}, {scale: "5"},
				{patch: `{"spec": {"totalQPS": null, "replicas": 3}}`, pods: 3}, {scale: "5", pods: 5},
			},
			[]int32{3, 5}),
		Entry("with both, which is refused", serverSide,
			[]change{{apply: "totalQPS: 2400", pods: 3}, {apply: "totalQPS: 2400, replicas: 3"}},
			[]int32{3}),
	)

	It("reads a demand that is taken away as none", func(ctx SpecContext) {
		web := newWeb(newNamespace(ctx), "shop")
		startOperator(operatorOptions{namespaces: []string{web.Namespace}})
		Expect(k8s.Create(ctx, web)).To(Succeed())
		expectPods(ctx, web, 3)
		replicas := replicasOf(web)
		update(ctx, web, func(w *elasticwebv1.ElasticWeb) { w.Spec.TotalQPS = nil })
		condition(ctx, web, elasticwebv1.ConditionReady, "True", elasticwebv1.ReasonNoDemand)
		Expect(replicas.all()).To(Equal([]int32{3, 0}))
	})
})
