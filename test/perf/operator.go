// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"syscall"
	"time"

	"k8s.io/apimachinery/pkg/util/wait"

	"github.com/elasticweb/elasticweb-operator/test/cluster"
)

const (
	pollInterval = 50 * time.Millisecond
	// quietFor is for how long an operator does nothing before it is taken to be done.
	quietFor = 2 * time.Second
)

// operator is one process of it.
type operator struct {
	pid     int
	started time.Time
	// metrics is the URL of its metrics, profiles the one that the names of profiles are added to.
	metrics, profiles string
	stop              func()
}

// startOperator runs the operator, and returns when it serves its metrics.
func startOperator(ctx context.Context, c *cluster.Cluster, s settings, resync time.Duration, registry string, arguments ...string) (*operator, error) {
	metrics, err := freeAddress(ctx)
	if err != nil {
		return nil, err
	}
	profiles, err := freeAddress(ctx)
	if err != nil {
		return nil, err
	}
	command := exec.CommandContext(ctx, s.operator, "--leader-elect=false", "--enable-benchmarks=false",
		fmt.Sprintf("--look-up-images=%t", registry != ""), "--plain-http-registries="+registry,
		"--health-probe-bind-address=0", "--metrics-secure=false", "--metrics-bind-address="+metrics,
		"--pprof-bind-address="+profiles, "--zap-log-level=error",
		fmt.Sprintf("--max-concurrent-reconciles=%d", s.concurrency), fmt.Sprintf("--sync-period=%s", resync))
	command.Args = append(command.Args, arguments...)
	command.Env = append(os.Environ(), "KUBECONFIG="+c.Kubeconfig())
	command.Stderr = os.Stderr
	started := time.Now()
	if err := command.Start(); err != nil {
		return nil, fmt.Errorf("start the operator (make build makes it): %w", err)
	}
	o := &operator{
		pid: command.Process.Pid, started: started,
		metrics: "http://" + metrics + "/metrics", profiles: "http://" + profiles + "/debug/pprof/",
		stop: func() {
			_ = command.Process.Signal(syscall.SIGTERM)
			_ = command.Wait()
		},
	}
	err = wait.PollUntilContextTimeout(ctx, pollInterval, 5*time.Minute, true, func(ctx context.Context) (bool, error) {
		started, err := o.scrape(ctx, "controller_runtime_max_concurrent_reconciles")
		return err == nil && started > 0 && get(ctx, o.profiles, io.Discard) == nil, nil
	})
	if err != nil {
		o.stop()
		return nil, fmt.Errorf("wait for the operator: %w", err)
	}
	return o, nil
}

func freeAddress(ctx context.Context) (string, error) {
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return "", fmt.Errorf("find a free port: %w", err)
	}
	defer listener.Close()
	return listener.Addr().String(), nil
}

// scrape adds up the values of a metric.
func (o *operator) scrape(ctx context.Context, name string) (float64, error) {
	text := &bytes.Buffer{}
	if err := get(ctx, o.metrics, text); err != nil {
		return 0, err
	}
	return sum(text.Bytes(), name, "")
}

// quiet waits until the operator has reconciled at least so often, and then does nothing for a while. It gives
// the time of the last thing that it did, to about a fifth of a second.
func (o *operator) quiet(ctx context.Context, reconciles int) (time.Time, error) {
	last, before := time.Now(), activity{}
	err := wait.PollUntilContextTimeout(ctx, 4*pollInterval, 10*time.Minute, true, func(ctx context.Context) (bool, error) {
		now, err := o.activity(ctx)
		if err != nil {
			return false, err
		}
		if now != before {
			last, before = time.Now(), now
		}
		return now.waiting == 0 && now.reconciles >= float64(reconciles) && time.Since(last) >= quietFor, nil
	})
	if err != nil {
		return last, fmt.Errorf("wait until the operator is quiet: %w", err)
	}
	return last, nil
}

// idle waits until nothing is queued or worked on. The metrics are not all of one moment: ask for what was done after that.
func (o *operator) idle(ctx context.Context) error {
	err := wait.PollUntilContextTimeout(ctx, pollInterval, time.Minute, true, func(ctx context.Context) (bool, error) {
		now, err := o.activity(ctx)
		return now.waiting == 0, err
	})
	if err != nil {
		return fmt.Errorf("wait until the operator has done its work: %w", err)
	}
	return nil
}

// activity is what an operator has done, and has still to do.
type activity struct {
	reads, writes, reconciles, waiting float64
}

func (o *operator) activity(ctx context.Context) (a activity, err error) {
	text := &bytes.Buffer{}
	if err := get(ctx, o.metrics, text); err != nil {
		return activity{}, err
	}
	requests := 0.0
	for _, m := range []struct {
		into        *float64
		name, label string
	}{
		{&a.reads, "rest_client_requests_total", `method="GET"`},
		{&requests, "rest_client_requests_total", ""},
		{&a.reconciles, "controller_runtime_reconcile_total", ""},
		{&a.waiting, "workqueue_depth", ""},
	} {
		if *m.into, err = sum(text.Bytes(), m.name, m.label); err != nil {
			return activity{}, err
		}
	}
	a.writes = requests - a.reads
	active, err := sum(text.Bytes(), "controller_runtime_active_workers", "")
	a.waiting += active
	return a, err
}
