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

// An event of a change asks for the node as it was and as it is: the nodes are counted for the latter alone, also where the cache has a
// heartbeat of it that came since, of which there is no event.
func TestAChangeOfANodeIsCountedOnce(t *testing.T) {
	node := func(version, architecture string) *corev1.Node {
		return &corev1.Node{ObjectMeta: metav1.ObjectMeta{
			Name: "n", ResourceVersion: version, Labels: map[string]string{corev1.LabelArchStable: architecture},
		}}
	}
	cached := &nodeCache{}
	r := &Reconciler{Cached: cached, WatchesNodes: true}
	if _, err := r.observeNodes(t.Context()); err != nil {
		t.Fatal(err)
	}
	cached.node = node("9", "arm64")
	for _, step := range []struct {
		node   *corev1.Node
		isGone bool
		want   int
	}{{node("7", ""), false, 1}, {node("8", "arm64"), false, 2}, {node("9", "arm64"), true, 3}} {
		if step.isGone {
			cached.node = nil
		}
		r.concernedByNode(t.Context(), step.node)
		if cached.listed != step.want {
			t.Errorf("version %s, gone: %t: counted %d times, want %d", step.node.ResourceVersion, step.isGone, cached.listed, step.want)
		}
	}
}
