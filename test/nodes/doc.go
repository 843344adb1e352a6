// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

// Package nodes adds true nodes to the local control plane of package cluster:
// kubelet, containerd and kube-proxy, which run real pods. It needs Linux and
// root, and no container engine.
//
// Nodes of other architectures than the machine's are emulated: kubelet and
// containerd are built for them, and run, as the pods do, under QEMU.
//
// Each node is a machine of its own (see package machine), so that several fit
// side by side, and so that a node takes with it all that it made: processes,
// mounts, interfaces, rules of the packet filter. A registry on the nodes' network
// stands in for the public ones, CoreDNS answers for the cluster's names.
//
//	c, err := nodes.Start(ctx, nodes.Options{Nodes: []nodes.Pool{{Arch: "amd64", Count: 2}}})
//	if err != nil {
//		return err
//	}
//	defer c.Stop()
//
// Stop leaves nothing behind, and neither does a caller that is killed before it
// comes to that.
package nodes
