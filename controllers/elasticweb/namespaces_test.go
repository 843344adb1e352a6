// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package elasticweb_test

import (
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

var _ = Describe("An operator that watches", func() {
	DescribeTable("serves those namespaces and no others",
		func(ctx SpecContext, watched int) {
			var namespaces []string
			for range 3 {
				namespaces = append(namespaces, newNamespace(ctx))
			}
			// None stands for all.
			operator := startOperator(operatorOptions{namespaces: namespaces[:watched%len(namespaces)]})
			for i, namespace := range namespaces {
				web := newWeb(namespace, "shop", byReplicas(1))
				Expect(k8s.Create(ctx, web)).To(Succeed())
				if i < watched {
					expectPods(ctx, web, 1)
					continue
				}
				Consistently(func() int64 { return current(ctx, web).Status.ObservedGeneration }).
					WithContext(ctx).WithTimeout(300 * time.Millisecond).Should(Equal(int64(-1)))
				Expect(operator.requests.writesTo("namespaces/" + namespace)).To(BeEmpty())
			}
		},
		Entry("one namespace", 1),
		Entry("several namespaces", 2),
		Entry("all namespaces", 3),
	)
})
