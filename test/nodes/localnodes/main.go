// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build linux

// Command localnodes runs a local control plane with true nodes until Ctrl-C.
// With -build it only compiles what that takes.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"runtime"
	"syscall"

	"github.com/elasticweb/elasticweb-operator/test/nodes"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	// From the first signal on, the next one has its usual effect.
	context.AfterFunc(ctx, stop)
	if err := run(ctx); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(ctx context.Context) (err error) {
	options := nodes.Options{Progress: os.Stderr}
	pools := poolsFlag{{Arch: runtime.GOARCH, Count: 2}}
	flag.Var(&pools, "nodes", "the nodes, as `arch=count,...`")
	flag.StringVar(&options.LogDir, "logs", "", "a `folder` for logs that stay (default: they go with the cluster)")
	build := flag.Bool("build", false, "compile what the nodes need, and start nothing")
	flag.Parse()
	if flag.NArg() > 0 {
		return fmt.Errorf("%q is no flag", flag.Arg(0))
	}
	if *build {
		return nodes.Build(ctx, options.Progress, pools.architectures()...)
	}
	options.Nodes = pools
	c, err := nodes.Start(ctx, options)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, c.Stop()) }()
	fmt.Printf("export KUBECONFIG=%s\n", c.Kubeconfig())
	fmt.Fprintf(os.Stderr, "kubectl of the same version: %s\n", c.KubectlPath())
	fmt.Fprintf(os.Stderr, "registry, for all names of images: %s\n", c.Registry().Address)
	fmt.Fprintf(os.Stderr, "logs: %s\n", c.LogDir())
	fmt.Fprintln(os.Stderr, "Ctrl-C ends the cluster")
	<-ctx.Done()
	fmt.Fprintln(os.Stderr, "stopping")
	return nil
}
