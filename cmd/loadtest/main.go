// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

// Loadtest measures the highest rate of requests that a target serves, and writes it as JSON.
//
// It ends with 0 when it wrote a result, which for a target that fails names the reason in place of a rate; with 1 when it
// could not write one, and with 2 for flags that make no sense. SIGTERM and SIGINT end the measurement: what is known until
// then is written, with the reason Interrupted.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, os.Interrupt)
	defer stop()
	os.Exit(run(ctx, os.Args[1:], os.Stderr))
}

func run(ctx context.Context, args []string, stderr io.Writer) int {
	var o options
	flags := flag.NewFlagSet("loadtest", flag.ContinueOnError)
	flags.SetOutput(stderr)
	o.bind(flags)
	if err := flags.Parse(args); err != nil {
		return 2
	}
	if flags.NArg() > 0 {
		fmt.Fprintf(stderr, "loadtest: %q is no flag\n", flags.Arg(0))
		return 2
	}
	if err := o.validate(); err != nil {
		fmt.Fprintln(stderr, "loadtest:", err)
		return 2
	}
	result := measure(ctx, o, slog.New(slog.NewTextHandler(stderr, nil)))
	if err := write(o.output, result); err != nil {
		fmt.Fprintln(stderr, "loadtest:", err)
		return 1
	}
	return 0
}
