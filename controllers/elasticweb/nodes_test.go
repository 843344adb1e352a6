// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package elasticweb

import (
	"context"
	"testing"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// nodeCache has one node, or none, and counts how often nodes are listed.
type nodeCache struct {
	client.Reader
	node   *corev1.Node
	listed int
}

func (c *nodeCache) Get(_ context.Context, _ client.ObjectKey, into client.Object, _ ...client.GetOption) error {
	if c.node == nil {
		return apierrors.NewNotFound(corev1.Resource("nodes"), "n")
	}
	c.node.DeepCopyInto(into.(*corev1.Node))
	return nil
}

func (c *nodeCache) List(_ context.Context, list client.ObjectList, _ ...client.ListOption) error {
	if nodes, isNodes := list.(*corev1.NodeList); isNodes {
		c.listed++
		if c.node != nil {
			nodes.Items = []corev1.Node{*c.node}
		}
	}
	return nil
}

// An event of a change asks for the node as it was and as it is: the nodes are counted for the latter alone.
func TestAChangeOfANodeIsCountedOnce(t *testing.T) {
	version := func(version string) *corev1.Node {
		return &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: "n", ResourceVersion: version}}
	}
	cached := &nodeCache{node: version("8")}
	r := &Reconciler{Cached: cached, WatchesNodes: true}
	if _, err := r.observeNodes(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, step := range []struct {
		node   string
		isGone bool
		want   int
	}{{"7", false, 1}, {"8", false, 2}, {"8", true, 3}} {
		if step.isGone {
			cached.node = nil
		}
		r.concernedByNode(t.Context(), version(step.node))
		if cached.listed != step.want {
			t.Errorf("version %s, gone: %t: counted %d times, want %d", step.node, step.isGone, cached.listed, step.want)
		}
	}
}
