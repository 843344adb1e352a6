// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

// Perf measures the operator on the local control plane, as ratios to a bare client that makes the same
// writes at the same concurrency in the same run.
//
// The controller-manager and the scheduler are stopped, so that what is measured is the operator and the
// API server, and not the making of pods.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"text/tabwriter"
	"time"

	"github.com/go-logr/logr"
	ctrl "sigs.k8s.io/controller-runtime"

	"github.com/elasticweb/elasticweb-operator/test/cluster"
)

// settings are the flags.
type settings struct {
	number, concurrency, rounds int
	rest                        time.Duration
	operator                    string
}

func main() {
	s := settings{}
	flag.IntVar(&s.number, "n", 1000, "number of ElasticWebs")
	flag.IntVar(&s.concurrency, "concurrency", 10, "workers of the operator, and of the bare client")
	flag.IntVar(&s.rounds, "rounds", 1, "how often create and change are measured, each time on a fresh control plane")
	flag.DurationVar(&s.rest, "rest", time.Minute, "how long requests at rest are counted, two resyncs included; 0 to leave it out")
	flag.StringVar(&s.operator, "operator", "bin/manager", "the operator's binary")
	flag.Parse()
	ctrl.SetLogger(logr.Discard())
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, s); err != nil {
		fmt.Fprintln(os.Stderr, "perf:", err)
		os.Exit(1)
	}
}

// result is one measurement.
type result struct {
	scenario        string
	limit, operator time.Duration
}

func run(ctx context.Context, s settings) error {
	table := tabwriter.NewWriter(os.Stdout, 0, 4, 2, ' ', 0)
	fmt.Fprintln(table, "scenario\tN\tbare client\toperator\tratio\toperator, each")
	for range s.rounds {
		results, atRest, err := round(ctx, s)
		if err != nil {
			return err
		}
		for _, r := range results {
			fmt.Fprintf(table, "%s\t%d\t%.2fs\t%.2fs\t%.2f\t%.2fms\n", r.scenario, s.number, r.limit.Seconds(),
				r.operator.Seconds(), r.operator.Seconds()/r.limit.Seconds(), r.operator.Seconds()*1000/float64(s.number))
		}
		if s.rest > 0 {
			fmt.Fprintf(table, "rest\t%d\t\t%d requests in %s\t\t\n", s.number, atRest, s.rest)
		}
	}
	return table.Flush()
}

// round measures the bare client and the operator one after the other, each on a control plane of its own.
func round(ctx context.Context, s settings) (results []result, atRest int, err error) {
	bare, err := onControlPlane(ctx, func(c *cluster.Cluster) ([]time.Duration, error) { return measureBareClient(ctx, c, s) })
	if err != nil {
		return nil, 0, fmt.Errorf("bare client: %w", err)
	}
	measured, err := onControlPlane(ctx, func(c *cluster.Cluster) ([]time.Duration, error) {
		times, requests, err := measureOperator(ctx, c, s)
		atRest = requests
		return times, err
	})
	if err != nil {
		return nil, 0, fmt.Errorf("operator: %w", err)
	}
	for i, scenario := range []string{"create", "change totalQPS"} {
		results = append(results, result{scenario, bare[i], measured[i]})
	}
	return results, atRest, nil
}

func onControlPlane(ctx context.Context, measure func(*cluster.Cluster) ([]time.Duration, error)) (times []time.Duration, err error) {
	c, err := cluster.Start(ctx, cluster.Options{NodePortRange: "10000-65000", Progress: os.Stderr})
	if err != nil {
		return nil, err
	}
	defer func() {
		if stopped := c.Stop(); err == nil {
			err = stopped
		}
	}()
	for _, component := range []cluster.Component{cluster.ControllerManager, cluster.Scheduler} {
		if err := c.StopComponent(component); err != nil {
			return nil, err
		}
	}
	return measure(c)
}
