// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

// Package cluster runs a Kubernetes control plane on this machine: etcd,
// kube-apiserver, kube-controller-manager and kube-scheduler as plain processes
// on loopback, and kwok, which plays the kubelets of simulated nodes. Neither a
// container engine nor root is needed.
//
// What decides is real: admission, garbage collection, the controllers, the
// scheduler. What runs is simulated: a pod on a simulated node is reported
// ready a moment after it was bound, unless its annotations say otherwise (see
// [PodState] and [ReadyAfter]), and nothing listens at its address.
//
//	c, err := cluster.Start(ctx, cluster.Options{
//		Nodes: []cluster.NodePool{{Arch: "amd64", Count: 2}, {Arch: "arm64", Count: 2}},
//	})
//	if err != nil {
//		return err
//	}
//	defer c.Stop()
//	client, err := kubernetes.NewForConfig(c.RESTConfig())
//
// Stop leaves neither a process nor a file, and neither does a caller that is
// killed before it comes to that.
package cluster
