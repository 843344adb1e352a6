// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package nodes

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net"
	"net/netip"
	"path/filepath"
	"strconv"
	"sync"
	"syscall"
	"time"

	"github.com/elasticweb/elasticweb-operator/test/nodes/machine"
)

// network connects the nodes with each other and with this machine. Its switch
// lives in a network namespace, so that this machine gets a single interface,
// which goes with that namespace, and its packet filter sees nothing of the rest.
type network struct {
	hub    *guest
	prefix netip.Prefix
	link   string // this machine's interface

	mu   sync.Mutex
	last netip.Addr
}

// startNetwork runs the switch by the program boot, in whose folder it writes.
func startNetwork(ctx context.Context, boot string) (_ *network, err error) {
	prefix, err := freePrefix()
	if err != nil {
		return nil, err
	}
	n := &network{prefix: prefix, last: prefix.Addr().Next(), link: fmt.Sprintf("ew%08x", rand.Uint32())}
	if n.hub, err = startGuest(boot, filepath.Join(filepath.Dir(boot), "switch.log"), syscall.CLONE_NEWNET|syscall.CLONE_NEWPID); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			_ = n.stop()
		}
	}()
	if err := n.hub.boot(machine.Spec{}); err != nil {
		return nil, err
	}
	if err := n.connect(ctx); err != nil {
		return nil, fmt.Errorf("connect the network of the nodes: %w", err)
	}
	return n, nil
}

func (n *network) connect(context.Context) error {
	if err := run("ip", "link", "add", n.link, "type", "veth", "peer", "name", "uplink", "netns", strconv.Itoa(n.hub.pid())); err != nil {
		return err
	}
	if err := run("ip", "addr", "add", netip.PrefixFrom(n.host(), n.prefix.Bits()).String(), "dev", n.link); err != nil {
		return err
	}
	if err := run("ip", "link", "set", n.link, "up"); err != nil {
		return err
	}
	for _, args := range [][]string{
		{"link", "set", "lo", "up"},
		{"link", "add", "switch", "type", "bridge"},
		{"link", "set", "switch", "up"},
		{"link", "set", "uplink", "master", "switch", "up"},
	} {
		if err := n.hub.ip(args...); err != nil {
			return err
		}
	}
	return nil
}

// host is this machine's address for the nodes.
func (n *network) host() netip.Addr { return n.prefix.Addr().Next() }

// attach gives a machine an interface and an address.
func (n *network) attach(g *guest) (netip.Addr, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	address := n.last.Next()
	if !n.prefix.Contains(address.Next()) {
		return address, fmt.Errorf("no more addresses in %s", n.prefix)
	}
	port := "node" + strconv.Itoa(int(address.As4()[3]))
	for _, args := range [][]string{
		{"link", "add", port, "type", "veth", "peer", "name", "eth0", "netns", strconv.Itoa(g.pid())},
		{"link", "set", port, "master", "switch", "up"},
	} {
		if err := n.hub.ip(args...); err != nil {
			return address, err
		}
	}
	for _, args := range [][]string{
		{"link", "set", "lo", "up"},
		{"addr", "add", netip.PrefixFrom(address, n.prefix.Bits()).String(), "dev", "eth0"},
		{"link", "set", "eth0", "up"},
		{"route", "add", "default", "via", n.host().String()},
	} {
		if err := g.ip(args...); err != nil {
			return address, err
		}
	}
	n.last = address
	return address, nil
}

// stop returns when this machine's interface is gone, which the kernel takes away a moment after the switch.
func (n *network) stop() error {
	n.hub.end()
	const interval = 20 * time.Millisecond
	for waited := time.Duration(0); waited < cleanupPatience; waited += interval {
		if _, err := net.InterfaceByName(n.link); err != nil {
			return nil
		}
		time.Sleep(interval)
	}
	return fmt.Errorf("the interface %s is still there: ip link delete %s", n.link, n.link)
}

// cleanupPatience is how long the kernel may take to give back what nobody uses any more.
const cleanupPatience = 30 * time.Second

// freePrefix looks for one that this machine has no address in. It is outside of
// what the control plane gives to pods and Services.
func freePrefix() (netip.Prefix, error) {
	addresses, err := net.InterfaceAddrs()
	if err != nil {
		return netip.Prefix{}, err
	}
	for _, third := range rand.Perm(256) {
		prefix := netip.PrefixFrom(netip.AddrFrom4([4]byte{172, 29, byte(third), 0}), 24)
		if !overlaps(prefix, addresses) {
			return prefix, nil
		}
	}
	return netip.Prefix{}, fmt.Errorf("this machine has addresses all over 172.29.0.0/16, where the nodes' network should be")
}

func overlaps(prefix netip.Prefix, addresses []net.Addr) bool {
	for _, address := range addresses {
		if other, err := netip.ParsePrefix(address.String()); err == nil && other.Overlaps(prefix) {
			return true
		}
	}
	return false
}
