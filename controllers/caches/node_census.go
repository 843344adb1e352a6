// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package caches

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"

	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/elasticweb/elasticweb-operator/internal/plan"
)

// NodeCensus counts the nodes by architecture, anew only after a node came, went or changed.
type NodeCensus struct {
	cached  client.Reader
	enabled bool

	mu       sync.Mutex
	isStale  bool
	snapshot NodeSnapshot
}

// NodeSnapshot is what was counted. It is never changed once it was given out.
type NodeSnapshot struct {
	// Counts is nil where the operator may not read nodes.
	Counts *plan.Nodes
	// Architecture by the name of a node.
	Architecture map[string]string
}

// NewNodeCensus counts what cached holds; nothing where it is not enabled.
func NewNodeCensus(cached client.Reader, enabled bool) *NodeCensus {
	return &NodeCensus{cached: cached, enabled: enabled, isStale: true}
}

// Read counts the nodes where one has changed since.
func (c *NodeCensus) Read(ctx context.Context) (NodeSnapshot, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.enabled || !c.isStale {
		return c.snapshot, nil
	}
	list := &corev1.NodeList{}
	if err := c.cached.List(ctx, list, client.UnsafeDisableDeepCopy); err != nil {
		return NodeSnapshot{}, fmt.Errorf("list nodes: %w", err)
	}
	c.snapshot, c.isStale = CountNodes(list.Items), false
	return c.snapshot, nil
}

// Changed takes note that a node changed, and reports whether the set of architectures that the cluster
// has, or has room for, may be another one now.
func (c *NodeCensus) Changed(ctx context.Context) (bool, error) {
	before, err := c.Read(ctx)
	if err != nil {
		return false, err
	}
	c.mu.Lock()
	c.isStale = true
	c.mu.Unlock()
	after, err := c.Read(ctx)
	if err != nil {
		return false, err
	}
	return !slices.Equal(present(before.Counts), present(after.Counts)), nil
}

// CountNodes counts the Linux nodes of a cluster by architecture.
func CountNodes(nodes []corev1.Node) NodeSnapshot {
	snapshot := NodeSnapshot{
		Counts:       &plan.Nodes{All: map[string]int{}, Schedulable: map[string]int{}},
		Architecture: make(map[string]string, len(nodes)),
	}
	for i := range nodes {
		architecture := nodes[i].Labels[corev1.LabelArchStable]
		snapshot.Architecture[nodes[i].Name] = architecture
		if system, isThere := nodes[i].Labels[corev1.LabelOSStable]; architecture == "" || isThere && system != "linux" {
			continue
		}
		snapshot.Counts.All[architecture]++
		if !nodes[i].Spec.Unschedulable {
			snapshot.Counts.Schedulable[architecture]++
		}
	}
	return snapshot
}

// present names the architectures that have nodes, and those that have nodes with room for pods.
func present(nodes *plan.Nodes) []string {
	if nodes == nil {
		return nil
	}
	names := slices.Sorted(maps.Keys(nodes.All))
	for _, name := range slices.Sorted(maps.Keys(nodes.Schedulable)) {
		names = append(names, "schedulable "+name)
	}
	return names
}

// NodeDiffers reports whether a change of a node concerns what is counted.
func NodeDiffers(before, after client.Object) bool {
	a, isNode := before.(*corev1.Node)
	b, isAlsoNode := after.(*corev1.Node)
	return !isNode || !isAlsoNode || a.Spec.Unschedulable != b.Spec.Unschedulable ||
		a.Labels[corev1.LabelArchStable] != b.Labels[corev1.LabelArchStable] ||
		a.Labels[corev1.LabelOSStable] != b.Labels[corev1.LabelOSStable]
}
