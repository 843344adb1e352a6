// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"time"

	"k8s.io/apimachinery/pkg/util/wait"

	"github.com/elasticweb/elasticweb-operator/test/cluster"
)

const pollInterval = 50 * time.Millisecond

// measureOperator times the operator, and then counts its requests while nothing changes.
func measureOperator(ctx context.Context, c *cluster.Cluster, s settings) (times []time.Duration, atRest int, err error) {
	api, err := newClient(c)
	if err != nil {
		return nil, 0, err
	}
	if err := prepare(ctx, api); err != nil {
		return nil, 0, err
	}
	metrics, stop, err := startOperator(ctx, c, s)
	if err != nil {
		return nil, 0, err
	}
	defer stop()
	reports, err := watchReports(ctx, c, api.Scheme())
	if err != nil {
		return nil, 0, err
	}
	create, err := untilReported(ctx, reports, s, func(ctx context.Context, i int) error { return api.Create(ctx, web(i)) })
	if err != nil {
		return nil, 0, err
	}
	change, err := untilReported(ctx, reports, s, func(ctx context.Context, i int) error { return changeDemand(ctx, api, i, 4800) })
	if err != nil {
		return nil, 0, err
	}
	if s.rest > 0 {
		atRest, err = requestsAtRest(ctx, metrics, s.rest)
	}
	return []time.Duration{create, change}, atRest, err
}

// untilReported changes all ElasticWebs, and waits until the status of each speaks of the change: the
// operator writes it last.
func untilReported(ctx context.Context, reports *reports, s settings, change func(context.Context, int) error) (time.Duration, error) {
	all := reports.next(s.number)
	begin := time.Now()
	if err := forEach(ctx, s.number, s.concurrency, change); err != nil {
		return 0, err
	}
	select {
	case <-all:
		return time.Since(begin), nil
	case <-ctx.Done():
		return 0, ctx.Err()
	}
}

// startOperator runs the operator, and gives the address of its metrics.
func startOperator(ctx context.Context, c *cluster.Cluster, s settings) (metrics string, stop func(), err error) {
	address, err := freeAddress(ctx)
	if err != nil {
		return "", nil, err
	}
	command := exec.CommandContext(ctx, s.operator, "--leader-elect=false", "--look-up-images=false",
		"--health-probe-bind-address=0", "--metrics-secure=false", "--metrics-bind-address="+address,
		"--zap-log-level=error", fmt.Sprintf("--max-concurrent-reconciles=%d", s.concurrency),
		fmt.Sprintf("--sync-period=%s", max(s.rest/3, time.Second)))
	command.Env = append(os.Environ(), "KUBECONFIG="+c.Kubeconfig())
	command.Stderr = os.Stderr
	if err := command.Start(); err != nil {
		return "", nil, fmt.Errorf("start the operator (make build makes it): %w", err)
	}
	stop = func() {
		_ = command.Process.Signal(syscall.SIGTERM)
		_ = command.Wait()
	}
	metrics = "http://" + address + "/metrics"
	err = wait.PollUntilContextTimeout(ctx, pollInterval, 30*time.Second, true, func(ctx context.Context) (bool, error) {
		started, err := scrape(ctx, metrics, "controller_runtime_max_concurrent_reconciles")
		return err == nil && started > 0, nil
	})
	if err != nil {
		stop()
		return "", nil, fmt.Errorf("wait for the operator: %w", err)
	}
	return metrics, stop, nil
}

func freeAddress(ctx context.Context) (string, error) {
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return "", fmt.Errorf("find a free port: %w", err)
	}
	defer listener.Close()
	return listener.Addr().String(), nil
}

// requestsAtRest counts the requests of the operator over a time. Watches that reconnect are not among them
// on a time below the API server's least watch timeout of 5 minutes or so, and are told apart by no metric.
func requestsAtRest(ctx context.Context, metrics string, over time.Duration) (int, error) {
	if err := sleep(ctx, 2*time.Second); err != nil { // events of the last writes.
		return 0, err
	}
	before, err := scrape(ctx, metrics, "rest_client_requests_total")
	if err != nil {
		return 0, err
	}
	if err := sleep(ctx, over); err != nil {
		return 0, err
	}
	after, err := scrape(ctx, metrics, "rest_client_requests_total")
	return int(after - before), err
}

func sleep(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// scrape adds up the values of a metric.
func scrape(ctx context.Context, url, name string) (float64, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, http.NoBody)
	if err != nil {
		return 0, err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return 0, err
	}
	defer response.Body.Close()
	return sum(response.Body, name)
}

func sum(text io.Reader, name string) (float64, error) {
	total, lines := 0.0, bufio.NewScanner(text)
	for lines.Scan() {
		if !strings.HasPrefix(lines.Text(), name+"{") {
			continue
		}
		fields := strings.Fields(lines.Text())
		value, err := strconv.ParseFloat(fields[len(fields)-1], 64)
		if err != nil {
			return 0, fmt.Errorf("read %s: %w", name, err)
		}
		total += value
	}
	return total, lines.Err()
}
