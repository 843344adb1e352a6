// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

// Command compatibility runs what depends on the version of Kubernetes on control planes of several versions, and writes
// the table of docs/compatibility.md. It fails where a test fails, after it has written what it saw.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"
)

func main() {
	versions := flag.String("versions", "1.30,1.37", "minor versions of Kubernetes, comma-separated: that of tools/controlplane, or folders of tools/controlplanes")
	page := flag.String("page", "docs/compatibility.md", "Markdown page whose table is replaced")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, strings.Split(*versions, ","), *page); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(ctx context.Context, versions []string, page string) error {
	text, err := os.ReadFile(page)
	if err != nil {
		return fmt.Errorf("the page to write the table to: %w", err)
	}
	var failures []error
	results := map[string][]string{} // of each feature, by version
	for _, version := range versions {
		for _, f := range features {
			fmt.Fprintf(os.Stderr, "Kubernetes %s: %s\n", version, f.name)
			outcome, err := f.try(ctx, version)
			if err != nil {
				failures = append(failures, fmt.Errorf("on Kubernetes %s: %s: %w", version, f.name, err))
			}
			results[f.name] = append(results[f.name], outcome)
		}
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	written, err := replaceTable(string(text), table(versions, results))
	if err != nil {
		return fmt.Errorf("%s: %w", page, err)
	}
	if err := os.WriteFile(page, []byte(written), 0o644); err != nil { //nolint:gosec // a page of the docs, for everybody.
		return fmt.Errorf("write the table: %w", err)
	}
	return errors.Join(failures...)
}
