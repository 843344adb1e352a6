// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package observed

import (
	"maps"

	corev1 "k8s.io/api/core/v1"

	"github.com/elasticweb/elasticweb-operator/internal/plan"
)

// Nodes are those of the cluster. They are never changed once they were given out.
type Nodes struct {
	// Counts by architecture; nil where the operator may not read nodes.
	Counts *plan.Nodes
	// Architecture by the name of a node.
	Architecture map[string]string
}

// CountNodes counts the Linux nodes of a cluster by architecture.
func CountNodes(nodes []corev1.Node) Nodes {
	result := Nodes{
		Counts:       &plan.Nodes{All: map[string]int{}, Schedulable: map[string]int{}},
		Architecture: make(map[string]string, len(nodes)),
	}
	for i := range nodes {
		architecture := nodes[i].Labels[corev1.LabelArchStable]
		result.Architecture[nodes[i].Name] = architecture
		if system, isThere := nodes[i].Labels[corev1.LabelOSStable]; architecture == "" || isThere && system != "linux" {
			continue
		}
		result.Counts.All[architecture]++
		if !nodes[i].Spec.Unschedulable {
			result.Counts.Schedulable[architecture]++
		}
	}
	return result
}

// HasSameArchitectures reports whether the two clusters have nodes of the same architectures, and room for pods on the same.
func (n Nodes) HasSameArchitectures(as Nodes) bool {
	if n.Counts == nil || as.Counts == nil {
		return n.Counts == as.Counts
	}
	isAny := func(int, int) bool { return true } // how many there are is another thing.
	return maps.EqualFunc(n.Counts.All, as.Counts.All, isAny) && maps.EqualFunc(n.Counts.Schedulable, as.Counts.Schedulable, isAny)
}

// NodeDiffers reports whether a change of a node concerns what is counted.
func NodeDiffers(before, after any) bool {
	a, isNode := before.(*corev1.Node)
	b, isAlsoNode := after.(*corev1.Node)
	return !isNode || !isAlsoNode || a.Spec.Unschedulable != b.Spec.Unschedulable ||
		a.Labels[corev1.LabelArchStable] != b.Labels[corev1.LabelArchStable] ||
		a.Labels[corev1.LabelOSStable] != b.Labels[corev1.LabelOSStable]
}
