// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync"
	"time"
)

// Component is the name of one of the control plane's processes.
type Component string

// The components, in the order in which they start.
const (
	Etcd              Component = "etcd"
	APIServer         Component = "kube-apiserver"
	ControllerManager Component = "kube-controller-manager"
	Scheduler         Component = "kube-scheduler"
	Kwok              Component = "kwok"

	etcdPeer Component = "etcd's peers" // etcd's second port
)

const (
	startTimeout  = 2 * time.Minute // ready takes seconds, but not on a loaded machine
	probeInterval = 50 * time.Millisecond
	probeTimeout  = 5 * time.Second
	stopGrace     = 5 * time.Second
)

// Components returns the components in the order in which they start.
func Components() []Component {
	return []Component{Etcd, APIServer, ControllerManager, Scheduler, Kwok}
}

func (name Component) known() bool {
	return slices.Contains(Components(), name)
}

// component is one process of the control plane, which may be stopped and
// started again.
type component struct {
	name   Component
	binary string
	args   []string
	log    string
	group  int // the process group
	ports  []*reservedPort
	health string // the URL that answers 200 when the component is ready
	client *http.Client

	mu      sync.Mutex
	process *process
}

// start returns when the component is ready. It does nothing when it runs.
func (c *component) start(ctx context.Context) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.process != nil && c.process.running() {
		return nil
	}
	for _, port := range c.ports {
		port.release()
	}
	var err error
	if c.process, err = launch(c.binary, c.args, c.log, c.group); err != nil {
		return fmt.Errorf("cannot start %s: %w", c.name, err)
	}
	return c.awaitReady(ctx)
}

func (c *component) awaitReady(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	for {
		err := c.probe(ctx)
		if err == nil {
			return nil
		}
		select {
		case <-c.process.exited:
			return fmt.Errorf("%s ended while it started (%w); the end of its log:\n%s", c.name, c.process.err, logTail(c.log))
		case <-ctx.Done():
			return fmt.Errorf("%s is not ready (%w: %w); the end of its log:\n%s", c.name, ctx.Err(), err, logTail(c.log))
		case <-time.After(probeInterval):
		}
	}
}

func (c *component) probe(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, probeTimeout)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, c.health, nil)
	if err != nil {
		return err
	}
	response, err := c.client.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	server, asksReadyz := strings.CutSuffix(c.health, "/readyz")
	switch {
	case response.StatusCode == http.StatusNotFound && asksReadyz: // the scheduler of Kubernetes 1.30 has none.
		c.health = server + "/healthz"
		return c.probe(ctx)
	case response.StatusCode != http.StatusOK:
		return fmt.Errorf("%s: %s", c.health, response.Status)
	}
	return nil
}

// end stops the component if it runs.
func (c *component) end(stop func(*process)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.process != nil && c.process.running() {
		stop(c.process)
	}
}

func (c *component) processID() (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.process == nil {
		return 0, os.ErrProcessDone
	}
	return c.process.cmd.Process.Pid, nil
}

func (c *component) signal(signal os.Signal) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.process == nil {
		return os.ErrProcessDone
	}
	return c.process.cmd.Process.Signal(signal)
}
