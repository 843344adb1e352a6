// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

// Command localcluster runs a control plane with simulated nodes on this
// machine, to look around in or to run the operator against:
//
//	go run ./test/cluster/localcluster up --nodes amd64=2,arm64=2
//	go run ./test/cluster/localcluster down
//	go run ./test/cluster/localcluster build
//
// Up prints how to reach it and stays until Ctrl-C, or until down is run
// elsewhere. Build only builds the binaries that the other two need.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"

	"github.com/elasticweb/elasticweb-operator/test/cluster/binaries"
)

const usage = `usage: localcluster up [flags] | down [flags] | build
"localcluster up -h" and "localcluster down -h" list the flags`

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	// From the first signal on, the next one has its usual effect: whoever does
	// not want to wait for the orderly end presses Ctrl-C again.
	context.AfterFunc(ctx, stop)
	err := run(ctx, os.Args[1:])
	if err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) error {
	if len(args) == 0 {
		return errors.New(usage)
	}
	switch args[0] {
	case "up":
		return up(ctx, args[1:])
	case "down":
		return down(ctx, args[1:])
	case "build":
		_, err := binaries.Ensure(ctx, os.Stderr, binaries.All()...)
		return err
	}
	return errors.New(usage)
}

// addDirFlag gives up and down the same default, so that they find each other.
func addDirFlag(flags *flag.FlagSet) *string {
	dir := ""
	if cache, err := os.UserCacheDir(); err == nil {
		dir = filepath.Join(cache, "elasticweb-operator", "localcluster")
	}
	return flags.String("dir", dir, "the `folder` of the cluster's state")
}

// parse refuses what is left over: flags behind it would be passed over without a word.
func parse(flags *flag.FlagSet, args []string) error {
	if err := flags.Parse(args); err != nil {
		return err
	}
	if flags.NArg() > 0 {
		return fmt.Errorf("%s: %q is no flag; \"localcluster %s -h\" lists them", flags.Name(), flags.Arg(0), flags.Name())
	}
	return nil
}

// lockPath is the file that is locked while the cluster of a folder runs.
func lockPath(dir string) string {
	return filepath.Join(dir, "localcluster.lock")
}
