// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package observed

import (
	"fmt"
	"testing"

	corev1 "k8s.io/api/core/v1"
)

// A change of one of 5,000 nodes has all of them counted.
func BenchmarkCountNodes(b *testing.B) {
	nodes := make([]corev1.Node, 5000)
	for i := range nodes {
		nodes[i] = node(fmt.Sprint("n", i), []string{"amd64", "arm64"}[i%2], "linux", false)
		for j := range 20 {
			nodes[i].Labels[fmt.Sprint("label", j)] = "value"
		}
		nodes[i].Annotations = map[string]string{AnnotationLikeness: Likeness(&nodes[i])}
	}
	terms := NodeTerms{NodeSelector: map[string]string{"label1": "value"}}
	b.ReportAllocs()
	for b.Loop() {
		if CountNodes(nodes).For(terms).Schedulable["arm64"] != 2500 {
			b.Fatal("not all are counted")
		}
	}
}
