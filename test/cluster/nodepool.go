// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"strconv"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// NodePool is a number of like nodes.
type NodePool struct {
	// Arch is the processor architecture, in the words of GOARCH. Required.
	Arch string

	// Count is the number of nodes.
	Count int

	// CPU and Memory are quantities. Empty: 4 and 16Gi.
	CPU, Memory string

	// Pods is how many pods a node holds. 0: 110, the kubelet's default.
	Pods int

	// Zone is the value of the label topology.kubernetes.io/zone. Empty: no label.
	Zone string

	// Labels are given to the nodes beside those that a kubelet sets.
	Labels map[string]string

	// Taints are given to the nodes.
	Taints []corev1.Taint

	// NamePrefix begins the names of the nodes. Empty: Arch.
	NamePrefix string
}

func (p NodePool) validate() error {
	if p.Arch == "" {
		return errors.New("a node pool needs an architecture")
	}
	for _, quantity := range []string{p.cpu(), p.memory()} {
		if _, err := resource.ParseQuantity(quantity); err != nil {
			return fmt.Errorf("the %s nodes cannot have %q: %w", p.Arch, quantity, err)
		}
	}
	return nil
}

func (p NodePool) node(name string) *corev1.Node {
	labels := maps.Clone(p.Labels)
	if labels == nil {
		labels = map[string]string{}
	}
	labels[corev1.LabelArchStable] = p.Arch
	labels[corev1.LabelOSStable] = "linux"
	labels[corev1.LabelHostname] = name
	if p.Zone != "" {
		labels[corev1.LabelTopologyZone] = p.Zone
	}
	resources := corev1.ResourceList{
		corev1.ResourceCPU:    resource.MustParse(p.cpu()),
		corev1.ResourceMemory: resource.MustParse(p.memory()),
		corev1.ResourcePods:   resource.MustParse(p.pods()),
	}
	return &corev1.Node{
		ObjectMeta: metav1.ObjectMeta{Name: name, Labels: labels},
		Spec:       corev1.NodeSpec{Taints: p.Taints},
		Status: corev1.NodeStatus{
			Capacity:    resources,
			Allocatable: resources,
			NodeInfo:    corev1.NodeSystemInfo{Architecture: p.Arch, OperatingSystem: "linux"},
		},
	}
}

func (p NodePool) namePrefix() string {
	return cmp.Or(p.NamePrefix, p.Arch)
}

func (p NodePool) cpu() string {
	return cmp.Or(p.CPU, "4")
}

func (p NodePool) memory() string {
	return cmp.Or(p.Memory, "16Gi")
}

func (p NodePool) pods() string {
	if p.Pods == 0 {
		return "110"
	}
	return strconv.Itoa(p.Pods)
}
