// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package nodes

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"
	"time"

	"k8s.io/client-go/kubernetes"

	"github.com/elasticweb/elasticweb-operator/test/cluster"
	"github.com/elasticweb/elasticweb-operator/test/compile"
)

// Cluster is a local control plane with true nodes.
type Cluster struct {
	*cluster.Cluster

	options  Options
	folder   string // of all that the nodes write
	logs     string
	groups   controlGroups
	watchdog *watchdog
	network  *network
	registry *Registry
	client   kubernetes.Interface

	mu    sync.Mutex
	nodes []*node
}

// simulated is the label of the nodes that kwok may play in such a cluster.
const simulated = "elasticweb.example.com/simulated"

// Start brings up the control plane, a registry and the nodes, and returns when
// pods run and find each other by name. It builds and installs what is missing.
// When it fails, or ctx ends before it returns, nothing is left behind;
// afterwards ctx has no influence.
func Start(ctx context.Context, options Options) (_ *Cluster, err error) {
	if err := options.complete(); err != nil {
		return nil, err
	}
	c := &Cluster{options: options}
	if err := c.step("requirements", func() error { return meetRequirements(ctx, options) }); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(fmt.Errorf("cannot start the cluster of true nodes: %w", err), c.Stop())
		}
	}()
	for _, s := range []struct {
		what string
		do   func(context.Context) error
	}{
		{"folders, control groups", func(context.Context) error { return c.prepare() }},
		{"programs of the nodes", c.ensureBinaries},
		{"network, registry", c.startNetwork},
		{"control plane", c.startControlPlane},
		{"images of the system", c.pushSystemImages},
		{"nodes: " + describe(options.Nodes), func(ctx context.Context) error { return c.addNodes(ctx, options.Nodes) }},
		{"DNS", c.startDNS},
	} {
		if err := c.step(s.what, func() error { return s.do(ctx) }); err != nil {
			return nil, err
		}
	}
	return c, nil
}

// step says what is done, and how long it took.
func (c *Cluster) step(what string, do func() error) error {
	started := time.Now()
	if err := do(); err != nil {
		return err
	}
	fmt.Fprintf(c.options.Progress, "%6.1fs  %s\n", time.Since(started).Seconds(), what)
	return nil
}

// prepare makes what lives outside of the machines, and has it watched.
func (c *Cluster) prepare() (err error) {
	if c.folder, err = os.MkdirTemp("", "elasticweb-nodes-"); err != nil {
		return err
	}
	c.logs = c.options.LogDir
	if c.logs == "" {
		c.logs = filepath.Join(c.folder, "logs")
	}
	if err := os.MkdirAll(c.logs, 0o755); err != nil {
		return err
	}
	if c.groups, err = findControlGroups(filepath.Base(c.folder)); err != nil {
		return err
	}
	script := ""
	if c.options.emulates() {
		script = forgetBinaryFormatsScript
	}
	if c.watchdog, err = startWatchdog(c.folder, script, c.groups); err != nil {
		return err
	}
	return c.groups.make()
}

func (c *Cluster) startNetwork(ctx context.Context) (err error) {
	boot := filepath.Join(c.folder, "boot")
	if err := compile.For(ctx, "linux", nativeArch, "test/nodes/machine/boot", boot); err != nil {
		return err
	}
	if c.network, err = startNetwork(ctx, boot); err != nil {
		return err
	}
	c.registry, err = startRegistry(c.network.host().String())
	return err
}

func (c *Cluster) startControlPlane(ctx context.Context) (err error) {
	c.Cluster, err = cluster.Start(ctx, cluster.Options{
		Address:  c.network.host().String(),
		LogDir:   filepath.Join(c.logs, "control-plane"),
		AuditLog: c.options.AuditLog,
		Progress: io.Discard,
		ExtraArgs: map[cluster.Component][]string{
			// This machine knows neither the nodes' names nor the way to Services, which webhooks are behind.
			cluster.APIServer: {"--kubelet-preferred-address-types=InternalIP", "--enable-aggregator-routing=true"},
			// True nodes have kubelets, and need none that is played.
			cluster.Kwok: {"--manage-all-nodes=false", "--manage-nodes-with-label-selector=" + simulated + "=true"},
		},
	})
	if err != nil {
		return err
	}
	c.client, err = kubernetes.NewForConfig(c.RESTConfig())
	return err
}

func (c *Cluster) ensureBinaries(ctx context.Context) error {
	return Build(ctx, c.options.Progress, c.architectures()...)
}

// Registry is where the nodes pull images from.
func (c *Cluster) Registry() *Registry { return c.registry }

// LogDir is where everything logs.
func (c *Cluster) LogDir() string { return c.logs }

// Stop ends everything, and removes what Start made.
func (c *Cluster) Stop() error {
	var errs []error
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, node := range c.nodes {
		node.machine.end()
	}
	c.nodes = nil
	if c.Cluster != nil {
		errs = append(errs, c.Cluster.Stop())
	}
	if c.registry != nil {
		c.registry.stop()
	}
	if c.network != nil {
		errs = append(errs, c.network.stop())
	}
	errs = append(errs, c.forgetBinaryFormats(), c.groups.remove())
	if c.folder != "" {
		errs = append(errs, os.RemoveAll(c.folder))
	}
	// The watchdog goes last: until then it cleans up if this process dies.
	if c.watchdog != nil {
		c.watchdog.dismiss()
	}
	return errors.Join(errs...)
}
