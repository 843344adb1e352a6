// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

// Command launch compiles the demo and all that it runs, and becomes the demo:
//
//	go run ./test/demo/launch
//
// Itself it needs nothing but the standard library, so that it tells from the beginning how far the first run is.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/elasticweb/elasticweb-operator/test/cluster/binaries"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	paths, err := binaries.Request{
		Names: binaries.All(), InPath: true,
		Own: []string{"./cmd/manager", "./test/demo"}, OwnFolder: "bin/demo",
		Progress: os.Stdout,
	}.Ensure(ctx)
	stop()
	if err == nil {
		err = syscall.Exec(paths["demo"], []string{paths["demo"]}, os.Environ())
	}
	fmt.Fprintln(os.Stderr, "demo:", err)
	os.Exit(1)
}
