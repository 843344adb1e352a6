// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package controllers

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

// nodeCensus counts the nodes by architecture, anew only after a node came, went or changed.
type nodeCensus struct {
	cached  client.Reader
	enabled bool

	mu       sync.Mutex
	isStale  bool
	snapshot nodeSnapshot
}

// nodeSnapshot is never changed once it was given out.
type nodeSnapshot struct {
	// counts is nil where the operator may not read nodes.
	counts *plan.Nodes
	// architecture by the name of a node.
	architecture map[string]string
}

func newNodeCensus(cached client.Reader, enabled bool) *nodeCensus {
	return &nodeCensus{cached: cached, enabled: enabled, isStale: true}
}

func (c *nodeCensus) read(ctx context.Context) (nodeSnapshot, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.enabled || !c.isStale {
		return c.snapshot, nil
	}
	list := &corev1.NodeList{}
	if err := c.cached.List(ctx, list, client.UnsafeDisableDeepCopy); err != nil {
		return nodeSnapshot{}, fmt.Errorf("list nodes: %w", err)
	}
	c.snapshot, c.isStale = count(list.Items), false
	return c.snapshot, nil
}

// changed takes note that a node changed, and reports whether the set of architectures that the cluster
// has, or has room for, may be another one now.
func (c *nodeCensus) changed(ctx context.Context) (bool, error) {
	before, err := c.read(ctx)
	if err != nil {
		return false, err
	}
	c.mu.Lock()
	c.isStale = true
	c.mu.Unlock()
	after, err := c.read(ctx)
	if err != nil {
		return false, err
	}
	return !slices.Equal(present(before.counts), present(after.counts)), nil
}

func count(nodes []corev1.Node) nodeSnapshot {
	snapshot := nodeSnapshot{
		counts:       &plan.Nodes{All: map[string]int{}, Schedulable: map[string]int{}},
		architecture: make(map[string]string, len(nodes)),
	}
	for i := range nodes {
		architecture := nodes[i].Labels[corev1.LabelArchStable]
		snapshot.architecture[nodes[i].Name] = architecture
		if system, isThere := nodes[i].Labels[corev1.LabelOSStable]; architecture == "" || isThere && system != "linux" {
			continue
		}
		snapshot.counts.All[architecture]++
		if !nodes[i].Spec.Unschedulable {
			snapshot.counts.Schedulable[architecture]++
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
