// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

// Command burst runs an ElasticWeb with spec.demand beside a Deployment with a HorizontalPodAutoscaler of the real kube-controller-manager, on the
// local control plane, through a burst of traffic that a real Prometheus counts for both, and says what each left unserved.
//
//	make traffic-burst
//
// Pods are simulated: they count from when they are ready, and no request is made.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/go-logr/logr"
	ctrl "sigs.k8s.io/controller-runtime"
)

// settings are the flags.
type settings struct {
	burst, start time.Duration
	base, top    float64
	operator     string
}

func main() {
	s := settings{}
	flag.DurationVar(&s.burst, "burst", 10*time.Minute, "how long it takes: a fifth up, three twentieths at the top, as long down, and half of it as before")
	flag.DurationVar(&s.start, "start", time.Minute, "how long a pod takes until it is ready")
	flag.Float64Var(&s.base, "base", 400, "requests per second before the burst; a pod serves 100")
	flag.Float64Var(&s.top, "top", 2000, "requests per second at its top")
	flag.StringVar(&s.operator, "operator", "bin/manager", "the operator's binary")
	flag.Parse()
	ctrl.SetLogger(logr.Discard())
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := s.run(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "burst:", err)
		os.Exit(1)
	}
}

func (s settings) run(ctx context.Context) (err error) {
	stage, err := set(ctx, s)
	defer func() { err = errors.Join(err, stage.clear()) }()
	if err != nil {
		return err
	}
	sides, err := stage.watch(ctx)
	if err != nil {
		return err
	}
	fmt.Printf("\nA burst of %s, %.0f to %.0f requests per second, of which a pod serves %d; a pod takes %s to start.\n\n", s.burst, s.base, s.top, podQPS, s.start)
	fmt.Println("| who | unserved requests | of all, in a million | pod minutes | changes of the number |")
	fmt.Println("| --- | --- | --- | --- | --- |")
	for _, side := range sides {
		fmt.Println(side.row())
	}
	return nil
}
