// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"

	"github.com/elasticweb/elasticweb-operator/test/cluster"
	"github.com/elasticweb/elasticweb-operator/test/cluster/filelock"
)

func up(ctx context.Context, args []string) (err error) {
	flags := flag.NewFlagSet("up", flag.ContinueOnError)
	dir := addDirFlag(flags)
	pools := nodePools{{Arch: "amd64", Count: 2}, {Arch: "arm64", Count: 2}}
	flags.Var(&pools, "nodes", "the simulated nodes, as `arch=count,...`")
	options := cluster.Options{Progress: os.Stderr}
	flags.IntVar(&options.Port, "port", 0, "the API server's port (default: a free one)")
	flags.StringVar(&options.NodePortRange, "node-port-range", "", "the node ports of Services, as `first-last` (default 30000-32767)")
	flags.BoolVar(&options.AuditLog, "audit-log", false, "log every request to the API server")
	if err := parse(flags, args); err != nil {
		return err
	}
	release, err := occupy(*dir)
	if err != nil {
		return err
	}
	defer release()
	options.Dir, options.Nodes = *dir, pools
	c, err := cluster.Start(ctx, options)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, c.Stop()) }()
	fmt.Printf("export KUBECONFIG=%s\n", c.Kubeconfig())
	fmt.Fprintf(os.Stderr, "kubectl of the same version: %s\n", c.KubectlPath())
	if options.AuditLog {
		fmt.Fprintf(os.Stderr, "audit log: %s\n", c.AuditLogPath())
	}
	fmt.Fprintln(os.Stderr, "Ctrl-C ends the cluster")
	<-ctx.Done()
	fmt.Fprintln(os.Stderr, "stopping")
	return nil
}

// occupy makes the folder this process' own, and removes it when it is empty at the end.
func occupy(dir string) (release func(), err error) {
	if dir == "" {
		return nil, errors.New("--dir is needed where the user has no cache folder")
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	lock, err := filelock.TryAcquire(lockPath(dir))
	if errors.Is(err, filelock.ErrHeld) {
		return nil, fmt.Errorf("a cluster runs in %s already: stop it with \"down\", or give this one another --dir", dir)
	}
	if err != nil {
		return nil, err
	}
	return func() {
		_ = os.Remove(lockPath(dir))
		_ = os.Remove(dir) // fails, as it should, while something else is in it
		lock.Release()
	}, nil
}
