// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/wait"
)

// startComponents starts etcd and the API server, then all that are clients of it.
func (c *Cluster) startComponents(ctx context.Context) error {
	for _, name := range []Component{Etcd, APIServer} {
		if err := c.components[name].start(ctx); err != nil {
			return err
		}
	}
	clients := []Component{ControllerManager, Scheduler, Kwok}
	errs := make([]error, len(clients))
	var starting sync.WaitGroup
	for i, name := range clients {
		starting.Go(func() { errs[i] = c.components[name].start(ctx) })
	}
	starting.Wait()
	if err := errors.Join(errs...); err != nil {
		return err
	}
	return c.awaitDefaultServiceAccount(ctx)
}

// awaitDefaultServiceAccount waits for what admission wants of the first pod.
func (c *Cluster) awaitDefaultServiceAccount(ctx context.Context) error {
	err := wait.PollUntilContextTimeout(ctx, probeInterval, startTimeout, true, func(ctx context.Context) (bool, error) {
		_, err := c.client.CoreV1().ServiceAccounts(metav1.NamespaceDefault).Get(ctx, "default", metav1.GetOptions{})
		return err == nil, nil
	})
	if err != nil {
		return fmt.Errorf("no default service account (%w); the end of the log of %s:\n%s", err, ControllerManager, logTail(c.LogPath(ControllerManager)))
	}
	return nil
}

// stopComponents ends the clients of the API server first and etcd last:
// without etcd the API server hangs while it stops.
func (c *Cluster) stopComponents() {
	if c.components == nil {
		return
	}
	for _, together := range [][]Component{{Kwok, Scheduler, ControllerManager}, {APIServer}, {Etcd}} {
		var stopping sync.WaitGroup
		for _, name := range together {
			stopping.Go(func() { _ = c.StopComponent(name) })
		}
		stopping.Wait()
	}
}

func (c *Cluster) component(name Component) (*component, error) {
	if component := c.components[name]; component != nil {
		return component, nil
	}
	return nil, fmt.Errorf("%q is no component", name)
}

// StopComponent ends a component gracefully, and by force if that takes more
// than five seconds. It returns when the process is gone.
func (c *Cluster) StopComponent(name Component) error {
	component, err := c.component(name)
	if err == nil {
		component.end(func(p *process) { p.stop(stopGrace) })
	}
	return err
}

// KillComponent ends a component as a crash would. It returns when the process
// is gone.
func (c *Cluster) KillComponent(name Component) error {
	component, err := c.component(name)
	if err == nil {
		component.end((*process).kill)
	}
	return err
}

// ProcessID is the process of a component that runs.
func (c *Cluster) ProcessID(name Component) (int, error) {
	component, err := c.component(name)
	if err != nil {
		return 0, err
	}
	return component.processID()
}

// SignalComponent sends a signal to a component: SIGSTOP makes it hang, SIGCONT
// lets it go on.
func (c *Cluster) SignalComponent(name Component, signal os.Signal) error {
	component, err := c.component(name)
	if err != nil {
		return err
	}
	return component.signal(signal)
}

// StartComponent starts a component that was stopped or killed, with the same
// port and state, and returns when it is ready.
func (c *Cluster) StartComponent(ctx context.Context, name Component) error {
	component, err := c.component(name)
	if err != nil {
		return err
	}
	if name == Kwok {
		c.forgetNodeLeases(ctx)
	}
	return component.start(ctx)
}

// forgetNodeLeases spares a new kwok the wait for those of the one before it,
// which it would otherwise take for a rival. A failure only costs that wait.
func (c *Cluster) forgetNodeLeases(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, probeTimeout)
	defer cancel()
	_ = c.client.CoordinationV1().Leases(corev1.NamespaceNodeLease).DeleteCollection(ctx, metav1.DeleteOptions{}, metav1.ListOptions{})
}
