// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package elasticweb_test

import (
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"k8s.io/utils/ptr"
)

// replacing takes the place of the whole object.
var replacing = []string{"replace"}

// What comes in calls for 3 pods, and no window of it was seen.
const byDemand = `demand: {prometheus: {query: up}, forecast: "Off"}`

var _ = Describe("Changing over to and from the traffic", func() {
	DescribeTable("passes through no wrong number of pods",
		func(ctx SpecContext, way []string, changes []change, passes []int32) {
			namespace, port, source := newNamespace(ctx), freePort(), newTrafficSource()
			source.always = ptr.To(2400.0)
			startOperator(operatorOptions{namespaces: []string{namespace}, traffic: source})
			web := newWeb(namespace, "shop")
			replicas := replicasOf(web)
			for i, step := range changes {
				By(step.apply + step.patch + step.scale)
				arguments, isManifest := step.arguments(namespace, way)
				if len(way) > 0 && way[0] == "replace" && i > 0 && isManifest {
					arguments = []string{"replace", "--filename=-"}
				} else if len(way) > 0 && way[0] == "replace" && isManifest {
					arguments = []string{"create", "--filename=-"}
				}
				manifest := ""
				if isManifest {
					manifest = manifestOf(namespace, "shop", port, step.apply)
				}
				_, err := controlPlane.Kubectl(ctx, manifest, arguments...)
				if step.pods == 0 {
					Expect(err).To(MatchError(And(ContainSubstring("exclude each other: keep demand to have"), ContainSubstring("to change over, remove the other one in the same request"))))
					continue
				}
				Expect(err).NotTo(HaveOccurred())
				expectPods(ctx, web, step.pods)
			}
			Consistently(replicas.all).WithContext(ctx).WithTimeout(300 * time.Millisecond).Should(Equal(passes))
		},
		Entry("by server-side apply", serverSide,
			[]change{{apply: "totalQPS: 2400", pods: 3}, {apply: byDemand, pods: 3}, {apply: "replicas: 5", pods: 5}, {apply: byDemand, pods: 5}, {apply: "totalQPS: 1600", pods: 2}},
			[]int32{3, 5, 2}),
		Entry("by client-side apply", clientSide,
			[]change{{apply: "totalQPS: 4000", pods: 5}, {apply: byDemand, pods: 5}, {apply: "replicas: 4", pods: 4}, {apply: byDemand, pods: 4}, {apply: "totalQPS: 1600", pods: 2}},
			[]int32{5, 4, 2}),
		Entry("by kubectl replace", replacing,
			[]change{{apply: "totalQPS: 4000", pods: 5}, {apply: byDemand, pods: 5}, {apply: "replicas: 4", pods: 4}, {apply: byDemand, pods: 4}, {apply: "totalQPS: 1600", pods: 2}},
			[]int32{5, 4, 2}),
		Entry("by kubectl patch", clientSide,
			[]change{
				{apply: "totalQPS: 4000", pods: 5},
				{patch: `{"spec": {"totalQPS": null, "demand": {"prometheus": {"query": "up"}, "forecast": "Off"}}}`, pods: 5},
				{patch: `{"spec": {"replicas": 4, "demand": null}}`, pods: 4},
				{patch: `{"spec": {"replicas": null, "demand": {"prometheus": {"query": "up"}, "forecast": "Off"}}}`, pods: 4},
				{patch: `{"spec": {"totalQPS": 1600, "demand": null}}`, pods: 2},
			},
			[]int32{5, 4, 2}),
		Entry("by server-side apply, from and to an autoscaler", serverSide,
			[]change{
				{apply: "minReplicas: 1, " + byDemand, pods: 3}, {apply: "minReplicas: 1", pods: 3}, {scale: "5", pods: 5},
				{apply: "minReplicas: 1, " + byDemand},
				{patch: `{"spec": {"replicas": null, "demand": {"prometheus": {"query": "up"}, "forecast": "Off"}}}`, pods: 5},
			},
			[]int32{1, 3, 5}),
		Entry("by client-side apply, from and to an autoscaler", clientSide,
			[]change{
				{apply: "minReplicas: 1, totalQPS: 2400", pods: 3}, {apply: "minReplicas: 1, " + byDemand, pods: 3}, {apply: "minReplicas: 1", pods: 3}, {scale: "5", pods: 5},
				{apply: "minReplicas: 1, " + byDemand},
				{apply: "minReplicas: 1, replicas: null, " + byDemand, pods: 5},
			},
			[]int32{3, 5}),
		Entry("by kubectl scale, which demand refuses", clientSide,
			[]change{{apply: "totalQPS: 2400", pods: 3}, {apply: byDemand, pods: 3}, {scale: "5"}},
			[]int32{3}),
	)
})
