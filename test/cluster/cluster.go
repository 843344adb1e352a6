// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"

	"github.com/elasticweb/elasticweb-operator/test/cluster/binaries"
)

// Cluster is a running control plane. Its methods may be called concurrently.
type Cluster struct {
	options      Options
	folder       *folder
	watchdog     *watchdog
	ports        map[Component]*reservedPort
	credentials  *credentials
	admin        *rest.Config
	client       kubernetes.Interface
	healthClient *http.Client
	components   map[Component]*component

	nodesMu   sync.Mutex
	nextIndex map[string]int // of the node, by name prefix

	programsMu sync.Mutex
	programs   []*Program
}

// Start brings a control plane up and returns when its nodes are ready. It
// first builds the binaries that are not there yet. When it fails, or ctx ends
// before it returns, nothing is left behind; afterwards ctx has no influence.
func Start(ctx context.Context, options Options) (*Cluster, error) {
	if err := options.complete(); err != nil {
		return nil, err
	}
	for attempt := 1; ; attempt++ {
		c, err := start(ctx, options)
		if err == nil || attempt == startAttempts || options.Port != 0 || !portWasTaken(err) {
			return c, err
		}
		fmt.Fprintln(options.Progress, "another process took a port in between: starting anew with others")
	}
}

// startAttempts is how often other ports are tried. A port is free when it is chosen, but somebody else can
// take it in the moment between its release and the component's listening.
const startAttempts = 3

func portWasTaken(err error) bool {
	return strings.Contains(err.Error(), "address already in use")
}

func start(ctx context.Context, options Options) (_ *Cluster, err error) {
	if options.Binaries == nil {
		if options.Binaries, err = binaries.Ensure(ctx, options.Progress, binaries.All()...); err != nil {
			return nil, err
		}
	}
	c := &Cluster{options: options, nextIndex: map[string]int{}}
	defer func() {
		if err != nil {
			err = errors.Join(fmt.Errorf("cannot start the local control plane: %w", err), c.Stop())
		}
	}()
	if err := c.prepare(); err != nil {
		return nil, err
	}
	started := time.Now()
	if err := c.startComponents(ctx); err != nil {
		return nil, err
	}
	if _, err := c.AddNodes(ctx, options.Nodes...); err != nil {
		return nil, err
	}
	fmt.Fprintf(options.Progress, "control plane ready after %s\n", time.Since(started).Round(100*time.Millisecond))
	return c, nil
}

// prepare makes all that the components need before the first of them starts.
func (c *Cluster) prepare() (err error) {
	if c.folder, err = newFolder(c.options.Dir, c.options.LogDir); err != nil {
		return err
	}
	if c.watchdog, err = startWatchdog(c.folder.belongings()); err != nil {
		return err
	}
	if c.ports, err = c.reservePorts(); err != nil {
		return err
	}
	if err := c.newClients(); err != nil {
		return err
	}
	if err := c.writeFiles(); err != nil {
		return err
	}
	c.components = c.newComponents()
	return nil
}

// newClients makes those of this package.
func (c *Cluster) newClients() (err error) {
	if c.credentials, err = newCredentials(c.options.Address); err != nil {
		return err
	}
	if c.admin, err = c.restConfigFor(adminUser); err != nil {
		return err
	}
	if c.healthClient, err = rest.HTTPClientFor(c.admin); err != nil {
		return err
	}
	c.client, err = kubernetes.NewForConfig(c.admin)
	return err
}

// Stop ends the programs and the components, etcd last, and removes what Start made.
func (c *Cluster) Stop() error {
	c.stopPrograms()
	c.stopComponents()
	for _, port := range c.ports {
		port.release()
	}
	// The watchdog goes last: until then it cleans up if this process dies.
	var err error
	if c.folder != nil {
		err = errors.Join(c.recordRights(), c.folder.remove())
	}
	if c.watchdog != nil {
		c.watchdog.dismiss()
	}
	return err
}

// RESTConfig returns a configuration for clients with all rights and without a
// limit of requests per second. Each call returns a new copy.
func (c *Cluster) RESTConfig() *rest.Config {
	return rest.CopyConfig(c.admin)
}

// Kubeconfig returns the path of a kubeconfig file with all rights.
func (c *Cluster) Kubeconfig() string {
	return c.folder.path("kubeconfig")
}

// KubectlPath returns the path of a kubectl of the cluster's version.
func (c *Cluster) KubectlPath() string {
	return c.options.Binaries[binaries.Kubectl]
}

// AuditLogPath returns the path of the audit log, one JSON event per line. It
// is empty when the options do not ask for one.
func (c *Cluster) AuditLogPath() string {
	if !c.options.AuditLog {
		return ""
	}
	return c.auditLog()
}

// LogPath returns the path of a component's log.
func (c *Cluster) LogPath(name Component) string {
	return filepath.Join(c.folder.logs, string(name)+".log")
}
