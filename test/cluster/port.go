// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"strconv"
	"sync"
	"syscall"
)

// Ports are taken from below those that the kernel hands to outgoing
// connections (32768 on Linux, 49152 on macOS): such a connection could sit on a
// component's port just while the component restarts. Those of NodePort
// Services are left alone, too.
const (
	firstPort = 20000
	lastPort  = 29999
)

const loopbackAddress = "127.0.0.1"

// reservedPort is a port that is held until the component for which it was
// chosen starts, so that clusters which start at the same time do not collide.
type reservedPort struct {
	number   int
	mu       sync.Mutex
	listener net.Listener
}

func reservePort(host string, number int) (*reservedPort, error) {
	listener, err := net.Listen("tcp", net.JoinHostPort(host, strconv.Itoa(number)))
	if errors.Is(err, syscall.EADDRINUSE) {
		return nil, fmt.Errorf("port %d is in use by another process: %w", number, err)
	}
	if err != nil {
		return nil, err
	}
	return &reservedPort{number: number, listener: listener}, nil
}

func reserveAnyPort(host string) (*reservedPort, error) {
	const attempts = 100
	var err error
	for range attempts {
		var port *reservedPort
		if port, err = reservePort(host, firstPort+rand.IntN(lastPort-firstPort+1)); err == nil {
			return port, nil
		}
	}
	return nil, fmt.Errorf("no free port between %d and %d: %w", firstPort, lastPort, err)
}

func (p *reservedPort) release() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.listener != nil {
		_ = p.listener.Close()
		p.listener = nil
	}
}

// reservePorts reserves one for each component, and a second one for etcd.
func (c *Cluster) reservePorts() (map[Component]*reservedPort, error) {
	ports := map[Component]*reservedPort{}
	for _, name := range append(Components(), etcdPeer) {
		port, err := c.reservePortFor(name)
		if err != nil {
			for _, reserved := range ports {
				reserved.release()
			}
			return nil, fmt.Errorf("no port for %s: %w", name, err)
		}
		ports[name] = port
	}
	return ports, nil
}

func (c *Cluster) reservePortFor(name Component) (*reservedPort, error) {
	if name == APIServer && c.options.Port != 0 {
		return reservePort(c.host(name), c.options.Port)
	}
	return reserveAnyPort(c.host(name))
}

// host is where a component listens: on loopback, unless it is the API server and nodes have to reach it.
func (c *Cluster) host(name Component) string {
	if name == APIServer {
		return c.options.Address
	}
	return loopbackAddress
}

func (c *Cluster) address(name Component) string {
	return net.JoinHostPort(c.host(name), c.port(name))
}
