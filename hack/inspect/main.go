// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

// Command inspect shows the platforms of images, each with the digest of its part. Given several images, it ends with
// the platforms that all of them have: a product that needs them all can claim no other.
//
// It exits with 1 if an image lacks a platform that is required.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"strings"
	"text/tabwriter"
)

type options struct {
	require    string
	insecure   bool
	digestOnly bool
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	var o options
	flag.StringVar(&o.require, "require", "", "Comma-separated platforms that every image must have, for instance linux/amd64,linux/arm64.")
	flag.BoolVar(&o.insecure, "insecure", false, "Ask registries over HTTP where they have no TLS.")
	flag.BoolVar(&o.digestOnly, "digest", false, "Print the digest of each image and nothing else.")
	flag.Parse()
	if flag.NArg() == 0 {
		fmt.Fprintln(os.Stderr, "usage: inspect [-require PLATFORMS] [-insecure] [-digest] IMAGE...")
		os.Exit(2)
	}
	if err := run(ctx, os.Stdout, o, flag.Args()); err != nil {
		fmt.Fprintln(os.Stderr, "inspect:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, out io.Writer, o options, references []string) error {
	var errs []error
	var common []string
	for i, reference := range references {
		found, err := look(ctx, reference, o.insecure)
		if err != nil {
			return err
		}
		if o.digestOnly {
			fmt.Fprintln(out, found.digest)
		} else if err := show(out, found); err != nil {
			return err
		}
		errs = append(errs, missing(found, o.require))
		if i == 0 {
			common = found.platforms()
		}
		common = slices.DeleteFunc(common, func(platform string) bool {
			return !slices.Contains(found.platforms(), platform)
		})
	}
	if len(references) > 1 && !o.digestOnly {
		fmt.Fprintln(out, "All of them run on:", strings.Join(common, ", "))
	}
	return errors.Join(errs...)
}

func show(out io.Writer, found image) error {
	fmt.Fprintf(out, "%s@%s\n", found.reference, found.digest)
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	for _, part := range found.parts {
		fmt.Fprintf(table, "  %s\t%s\t%.1f MB\n", part.platform, part.digest, float64(part.size)/1e6)
	}
	return table.Flush()
}

// missing names the required platforms that the image has not.
func missing(found image, required string) error {
	var absent []string
	for _, platform := range strings.FieldsFunc(required, func(r rune) bool { return r == ',' || r == ' ' }) {
		if !slices.Contains(found.platforms(), platform) {
			absent = append(absent, platform)
		}
	}
	if len(absent) == 0 {
		return nil
	}
	return fmt.Errorf("%s lacks %s: build it with these in PLATFORMS", found.reference, strings.Join(absent, ", "))
}
