// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package nodes

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/wait"

	"github.com/elasticweb/elasticweb-operator/test/cluster/binaries"
	"github.com/elasticweb/elasticweb-operator/test/nodes/machine"
)

// node is a machine with a kubelet.
type node struct {
	name    string
	arch    string
	machine *guest
	address netip.Addr
	logs    string
	podCIDR string
}

const (
	nodeNamespaces = syscall.CLONE_NEWNS | syscall.CLONE_NEWPID | syscall.CLONE_NEWNET | syscall.CLONE_NEWUTS | syscall.CLONE_NEWIPC
	readyInterval  = 100 * time.Millisecond
	readyPatience  = 3 * time.Minute // seconds, but not on a loaded machine
)

// addNodes starts nodes side by side, and returns when pods can run on them and reach each other.
func (c *Cluster) addNodes(ctx context.Context, pools []Pool) error {
	var joining []*node
	for _, pool := range pools {
		for index := range pool.Count {
			n, err := c.startNode(ctx, pool.Arch, fmt.Sprintf("%s-%d", pool.Arch, index))
			if err != nil {
				return err
			}
			joining = append(joining, n)
		}
	}
	for _, n := range joining {
		if err := c.awaitNode(ctx, n); err != nil {
			return err
		}
	}
	return c.routePods(joining)
}

func (c *Cluster) startNode(ctx context.Context, architecture, name string) (*node, error) {
	paths, err := nodeBinaries(ctx, c.options.Progress, architecture)
	if err != nil {
		return nil, err
	}
	n := &node{name: name, arch: architecture, logs: filepath.Join(c.logs, name)}
	if err := os.MkdirAll(n.logs, 0o755); err != nil {
		return nil, err
	}
	groups := c.groups.of(name)
	if err := groups.make(); err != nil {
		return nil, err
	}
	if n.machine, err = startGuest(filepath.Join(c.folder, "boot"), filepath.Join(n.logs, "machine.log"), nodeNamespaces); err != nil {
		return nil, err
	}
	c.mu.Lock()
	c.nodes = append(c.nodes, n)
	c.mu.Unlock()
	if n.address, err = c.network.attach(n.machine); err != nil {
		return nil, fmt.Errorf("connect node %s: %w", name, err)
	}
	root := filepath.Join(c.folder, name)
	if err := c.furnish(n, root); err != nil {
		return nil, fmt.Errorf("write the files of node %s: %w", name, err)
	}
	spec, err := c.spec(n, root, paths)
	if err != nil {
		return nil, err
	}
	spec.ControlGroups = groups
	return n, n.machine.boot(spec)
}

const (
	containerdSocket = "/run/containerd/containerd.sock"
	proxySocket      = "/run/cri-proxy.sock"
)

// runtimeSocket is where the kubelet finds the container runtime.
func (n *node) runtimeSocket() string {
	if n.arch == nativeArch {
		return containerdSocket
	}
	return proxySocket
}

func (c *Cluster) spec(n *node, root string, paths binaries.Paths) (machine.Spec, error) {
	spec := machine.Spec{
		Hostname: n.name, Root: root, Programs: n.programs(),
		Mounts: []machine.Mount{{Source: n.logs, Target: "/var/log"}},
	}
	for name, path := range paths {
		spec.Mounts = append(spec.Mounts, machine.Mount{Source: path, Target: machine.BinDir + "/" + name, ReadOnly: true})
	}
	// The kubelet sets what it finds different, and these are not the machine's own.
	for sysctl := range kernelSettings {
		spec.Mounts = append(spec.Mounts, machine.Mount{Source: filepath.Join(root, sysctlFolder, sysctl), Target: "/proc/sys/" + sysctl, ReadOnly: true})
	}
	if n.arch == nativeArch {
		return spec, nil
	}
	spec.Mounts = append(spec.Mounts, n.processorMounts(root)...)
	format, err := binaryFormat(n.arch, filepath.Base(c.folder)+"-"+n.name)
	spec.BinaryFormats = []string{format}
	return spec, err
}

func (n *node) programs() []machine.Program {
	programs := []machine.Program{{Path: machine.BinDir + "/" + binaries.Containerd, Log: "/var/log/containerd.log"}}
	if n.arch != nativeArch {
		programs = append(programs, machine.Program{
			Path: machine.BinDir + "/" + binaries.CRIProxy, Log: "/var/log/cri-proxy.log", After: containerdSocket,
			Args: []string{proxySocket, containerdSocket},
		})
	}
	return append(programs,
		machine.Program{
			Path: machine.BinDir + "/" + binaries.Kubelet, Log: "/var/log/kubelet.log", After: n.runtimeSocket(),
			Args: []string{"--config=/etc/kubernetes/kubelet.yaml", "--kubeconfig=/etc/kubernetes/kubelet.kubeconfig",
				"--hostname-override=" + n.name, "--node-ip=" + n.address.String()},
		},
		machine.Program{Path: machine.BinDir + "/" + binaries.KubeProxy, Log: "/var/log/kube-proxy.log", Args: []string{"--config=/etc/kubernetes/kube-proxy.yaml"}},
	)
}

// awaitNode returns when a node can run pods.
func (c *Cluster) awaitNode(ctx context.Context, n *node) error {
	state := "it is not registered"
	err := wait.PollUntilContextTimeout(ctx, readyInterval, readyPatience, true, func(ctx context.Context) (bool, error) {
		if n.machine.ended() {
			return false, errors.New("the machine ended")
		}
		object, err := c.client.CoreV1().Nodes().Get(ctx, n.name, metav1.GetOptions{})
		if err != nil {
			return false, nil //nolint:nilerr // It is there once the kubelet has made it.
		}
		n.podCIDR = object.Spec.PodCIDR
		if err := c.ensureAddress(ctx, n, object); err != nil {
			return false, err
		}
		for _, condition := range object.Status.Conditions {
			if condition.Type == corev1.NodeReady {
				state = condition.Message
				return condition.Status == corev1.ConditionTrue && n.podCIDR != "" && len(object.Spec.Taints) == 0, nil
			}
		}
		return false, nil
	})
	if err != nil {
		return fmt.Errorf("node %s is not ready (%w): %s\n%s", n.name, err, state, n.logTails())
	}
	return nil
}

// ensureAddress gives a node the address that its kubelet cannot find: under emulation some answers of the kernel are
// not understood. What is there the kubelet leaves alone.
func (c *Cluster) ensureAddress(ctx context.Context, n *node, object *corev1.Node) error {
	if n.arch == nativeArch || len(object.Status.Addresses) > 0 {
		return nil
	}
	patch := fmt.Sprintf(`{"status": {"addresses": [{"type": "InternalIP", "address": %q}, {"type": "Hostname", "address": %q}]}}`, n.address, n.name)
	_, err := c.client.CoreV1().Nodes().Patch(ctx, n.name, types.StrategicMergePatchType, []byte(patch), metav1.PatchOptions{}, "status")
	return err
}

// logTails shows the end of what the node's programs wrote.
func (n *node) logTails() string {
	const lines = 15
	var tails strings.Builder
	for _, log := range []string{"machine", "containerd", "cri-proxy", "kubelet", "kube-proxy"} {
		content, err := os.ReadFile(filepath.Join(n.logs, log+".log"))
		if err != nil {
			continue
		}
		all := strings.Split(strings.TrimSpace(string(content)), "\n")
		fmt.Fprintf(&tails, "the end of %s.log:\n%s\n", log, strings.Join(all[max(0, len(all)-lines):], "\n"))
	}
	return tails.String()
}

// routePods tells all nodes, and this machine, behind which node the pods of others are.
func (c *Cluster) routePods(joined []*node) error {
	for _, n := range joined {
		route := []string{"route", "add", n.podCIDR, "via", n.address.String()}
		if err := run("ip", route...); err != nil {
			return err
		}
		for _, other := range c.nodes {
			if other == n {
				continue
			}
			if err := other.machine.ip(route...); err != nil {
				return err
			}
		}
	}
	return nil
}

func describe(pools []Pool) string {
	var parts []string
	for _, pool := range pools {
		parts = append(parts, fmt.Sprintf("%d %s", pool.Count, pool.Arch))
	}
	return strings.Join(parts, ", ")
}
