// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"fmt"
	"io"
	"net"
	"time"

	"github.com/elasticweb/elasticweb-operator/test/cluster/binaries"
)

// Options say what Start starts. The zero value is a cluster without nodes.
type Options struct {
	// Dir is where the cluster keeps its state. It may exist, but not hold a
	// cluster; what else is in it stays. Empty: a new folder among the temporary files.
	Dir string

	// LogDir is where the components log, for those who want to read the logs
	// after Stop. Empty: the folder logs below Dir.
	LogDir string

	// Nodes are the simulated nodes to begin with.
	Nodes []NodePool

	// Address is where the API server listens, and where its Service has its
	// endpoint, for nodes that do not share this machine's loopback. Empty: 127.0.0.1.
	Address string

	// Port is the API server's. 0: a free one.
	Port int

	// NodePortRange is that of Services, "first-last". Empty: 30000-32767, the
	// default of Kubernetes.
	NodePortRange string

	// AuditLog has every request written to the file AuditLogPath when it is
	// complete: who, what, when and with which result, without bodies. Without
	// it, those of service accounts are, where rights.Variable is set.
	AuditLog bool

	// HPASyncPeriod is how often horizontal pod autoscalers are looked at.
	// 0: every 15 s, the default of Kubernetes. Nobody serves metrics: a test
	// registers an API server of its own for them, which may run in its process
	// behind a Service of type ExternalName for localhost.
	HPASyncPeriod time.Duration

	// ExtraArgs are given to the components after the arguments of this package.
	ExtraArgs map[Component][]string

	// Binaries are the programs to run. Nil: those of binaries.Ensure.
	Binaries binaries.Paths

	// Progress is told what Start does, above all while it builds. It may be nil.
	Progress io.Writer
}

func (o *Options) complete() error {
	if o.Progress == nil {
		o.Progress = io.Discard
	}
	if o.Address == "" {
		o.Address = loopbackAddress
	}
	if net.ParseIP(o.Address) == nil {
		return fmt.Errorf("the address %q of the API server is no IP address", o.Address)
	}
	if o.NodePortRange == "" {
		o.NodePortRange = "30000-32767"
	}
	for name := range o.ExtraArgs {
		if !name.known() {
			return fmt.Errorf("extra arguments for %q, which is no component", name)
		}
	}
	for _, pool := range o.Nodes {
		if err := pool.validate(); err != nil {
			return err
		}
	}
	return nil
}
