// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package elasticweb_test

import (
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	appsv1 "k8s.io/api/apps/v1"

	"github.com/elasticweb/elasticweb-operator/internal/plan"
)

var _ = Describe("The record of a Deployment", func() {
	DescribeTable("is written again, and restarts no pod, when it",
		func(ctx SpecContext, change func(annotations map[string]string)) {
			namespace, _ := startInNamespace(ctx)
			web := newWeb(namespace, "shop")
			create(ctx, web)
			before := read(ctx, web, &appsv1.Deployment{})
			edit(ctx, web, &appsv1.Deployment{}, func(d *appsv1.Deployment) { change(d.Annotations) })
			after := await(ctx, web, &appsv1.Deployment{}, func(g Gomega, d *appsv1.Deployment) {
				g.Expect(plan.RecordOf(d)).NotTo(BeNil())
			})
			Expect(plan.RecordOf(after).Pod).To(Equal(plan.RecordOf(before).Pod))
			Expect(after.Spec.Template).To(Equal(before.Spec.Template))
		},
		Entry("was taken away", func(annotations map[string]string) { delete(annotations, plan.AnnotationRecord) }),
		Entry("cannot be read", func(annotations map[string]string) { annotations[plan.AnnotationRecord] = "{" }),
	)
})
