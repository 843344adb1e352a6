// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/elasticweb/elasticweb-operator/test/cluster"
)

// Where config/default puts the operator, and whom it runs as.
const (
	operatorNamespace = "elasticweb-system"
	operatorAccount   = "elasticweb-controller-manager"
	stopGrace         = 10 * time.Second
)

// operator is the manager, as a process on this machine in the place of a pod.
type operator struct {
	command *exec.Cmd
	log     string
	exited  chan struct{}
}

// startOperator runs it with the rights of its service account and no others. It has a process group of its own: a
// Ctrl-C at the terminal reaches the demo alone, which then ends things in order. Should the demo be killed, the
// operator loses its lease with the API server, and ends itself.
func startOperator(ctx context.Context, c *cluster.Cluster, root, path, plainHTTPRegistry, prometheus string) (*operator, error) {
	folder := filepath.Dir(c.Kubeconfig())
	kubeconfig := filepath.Join(folder, "operator.kubeconfig")
	if err := c.WriteServiceAccountKubeconfig(ctx, kubeconfig, operatorNamespace, operatorAccount); err != nil {
		return nil, err
	}
	o := &operator{log: filepath.Join(folder, "operator.log"), exited: make(chan struct{})}
	log, err := os.Create(o.log)
	if err != nil {
		return nil, err
	}
	defer log.Close()
	o.command = exec.Command(path, "--plain-http-registries="+plainHTTPRegistry, "--image-wait=3s",
		"--leader-election-namespace="+operatorNamespace, "--metrics-bind-address=0", "--health-probe-bind-address=0",
		"--prometheus-url="+prometheus, "--demand-period=1s")
	o.command.Env = append(os.Environ(), "KUBECONFIG="+kubeconfig, "WATCH_NAMESPACE=", "RELATED_IMAGE_LOADTEST=controller:latest")
	o.command.Dir = root // watches.yaml and the chart that it names are there.
	o.command.Stdout, o.command.Stderr = log, log
	o.command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := o.command.Start(); err != nil {
		return nil, fmt.Errorf("start the operator: %w", err)
	}
	go func() {
		_ = o.command.Wait()
		close(o.exited)
	}()
	return o, nil
}

func (o *operator) stop() {
	_ = o.command.Process.Signal(syscall.SIGTERM)
	select {
	case <-o.exited:
	case <-time.After(stopGrace):
		_ = o.command.Process.Kill()
		<-o.exited
	}
}

func (o *operator) hasEnded() bool {
	select {
	case <-o.exited:
		return true
	default:
		return false
	}
}

func (o *operator) logTail() string {
	const lines = 20
	content, err := os.ReadFile(o.log)
	if err != nil {
		return err.Error()
	}
	all := strings.Split(strings.TrimSpace(string(content)), "\n")
	return strings.Join(all[max(0, len(all)-lines):], "\n")
}
