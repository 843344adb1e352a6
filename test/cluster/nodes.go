// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"context"
	"errors"
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/wait"
)

// AddNodes creates simulated nodes, waits until pods can be scheduled onto
// them, and returns their names in the order of the pools. The names are the
// pool's prefix and a number that is never used twice.
func (c *Cluster) AddNodes(ctx context.Context, pools ...NodePool) ([]string, error) {
	var names []string
	for _, pool := range pools {
		if err := pool.validate(); err != nil {
			return nil, err
		}
		for range pool.Count {
			name := c.nextNodeName(pool.namePrefix())
			if _, err := c.client.CoreV1().Nodes().Create(ctx, pool.node(name), metav1.CreateOptions{}); err != nil {
				return nil, fmt.Errorf("cannot create node %s: %w", name, err)
			}
			names = append(names, name)
		}
	}
	return names, c.awaitNodes(ctx, names)
}

func (c *Cluster) nextNodeName(prefix string) string {
	c.nodesMu.Lock()
	defer c.nodesMu.Unlock()
	index := c.nextIndex[prefix]
	c.nextIndex[prefix]++
	return fmt.Sprintf("%s-%d", prefix, index)
}

func (c *Cluster) awaitNodes(ctx context.Context, names []string) error {
	waiting := slices.Clone(names)
	err := wait.PollUntilContextTimeout(ctx, probeInterval, startTimeout, true, func(ctx context.Context) (bool, error) {
		for len(waiting) > 0 { // one after the other: a list brings all nodes of the cluster each time.
			node, err := c.client.CoreV1().Nodes().Get(ctx, waiting[0], metav1.GetOptions{ResourceVersion: "0"})
			switch {
			case apierrors.IsNotFound(err): // the API server's cache is late.
				return false, nil
			case err != nil || !schedulable(node):
				return false, err
			}
			waiting = waiting[1:]
		}
		return true, nil
	})
	if err != nil {
		return fmt.Errorf("nodes %v are not ready (%w); the end of kwok's log:\n%s", waiting, err, logTail(c.LogPath(Kwok)))
	}
	return nil
}

// schedulable tells whether a node is ready, has addresses for pods, and the
// node controller has noticed that.
func schedulable(node *corev1.Node) bool {
	notReady := slices.ContainsFunc(node.Spec.Taints, func(taint corev1.Taint) bool {
		return taint.Key == corev1.TaintNodeNotReady
	})
	return !notReady && node.Spec.PodCIDR != "" && slices.ContainsFunc(node.Status.Conditions, func(condition corev1.NodeCondition) bool {
		return condition.Type == corev1.NodeReady && condition.Status == corev1.ConditionTrue
	})
}

// RemoveNodes deletes nodes and the pods on them, as if the machines had been
// switched off: no pod gets a grace. The pod garbage collector would delete the
// pods, too, but only after a minute.
func (c *Cluster) RemoveNodes(ctx context.Context, names ...string) error {
	var errs []error
	for _, name := range names {
		if err := c.client.CoreV1().Nodes().Delete(ctx, name, metav1.DeleteOptions{}); err != nil {
			errs = append(errs, fmt.Errorf("cannot delete node %s: %w", name, err))
			continue
		}
		errs = append(errs, c.deletePodsOn(ctx, name))
	}
	return errors.Join(errs...)
}

func (c *Cluster) deletePodsOn(ctx context.Context, node string) error {
	pods, err := c.client.CoreV1().Pods(metav1.NamespaceAll).List(ctx, metav1.ListOptions{FieldSelector: "spec.nodeName=" + node})
	if err != nil {
		return err
	}
	var errs []error
	for _, pod := range pods.Items {
		err := c.client.CoreV1().Pods(pod.Namespace).Delete(ctx, pod.Name, *metav1.NewDeleteOptions(0))
		if err != nil && !apierrors.IsNotFound(err) {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}
