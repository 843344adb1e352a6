// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

// Command scorecard holds the tests of ElasticWeb's suite in scorecard, the
// tests that operator-sdk runs on a bundle. Each test is a command of its own,
// and writes its result as scorecard reads it:
//
//	scorecard [FLAGS] architectures|affinity|descriptors|samples|capacity
//	scorecard serve
//
// The last one is no test but a web server: what the test capacity deploys, so
// that it needs no image beside its own.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"
	"time"

	scorecardv1alpha3 "github.com/operator-framework/api/pkg/apis/scorecard/v1alpha3"
)

// options are the flags.
type options struct {
	bundle        string
	mirrors       mirrors
	namespace     string
	image         string
	serveAddress  string
	capacityLimit time.Duration
}

// A check returns what is wrong with the bundle. An error says that it could not look.
type check func(context.Context, options) (mistakes []string, err error)

var checks = map[string]check{
	"architectures": checkArchitectures,
	"affinity":      checkAffinity,
	"descriptors":   checkDescriptors,
	"samples":       checkSamples,
	"capacity":      checkCapacity,
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "scorecard:", err)
		os.Exit(2)
	}
}

func run(ctx context.Context, arguments []string, out io.Writer) error {
	o := options{mirrors: mirrors{}}
	flags := flag.NewFlagSet("scorecard", flag.ContinueOnError)
	flags.StringVar(&o.bundle, "bundle", "/bundle", "Folder of the bundle.")
	flags.Var(o.mirrors, "mirror", "PREFIX=URL, may be repeated: images whose names begin with PREFIX are looked up at URL instead, for instance quay.io/elasticweb=https://registry.example.com/mirror.")
	flags.StringVar(&o.namespace, "namespace", os.Getenv("SCORECARD_NAMESPACE"), "Namespace of the ElasticWeb that the test capacity creates.")
	flags.StringVar(&o.image, "image", "", "Image that it runs. Default: that of the pod in which the test runs.")
	flags.DurationVar(&o.capacityLimit, "timeout", 3*time.Minute, "How long the test capacity may take.")
	flags.StringVar(&o.serveAddress, "address", ":8080", "Where serve listens.")
	if err := flags.Parse(arguments); err != nil {
		return err
	}
	if flags.NArg() == 1 && flags.Arg(0) == "serve" {
		return serve(ctx, o.serveAddress)
	}
	name := flags.Arg(0)
	if checks[name] == nil || flags.NArg() != 1 {
		return fmt.Errorf("got %q, want serve or the name of one test: %s", flags.Args(), strings.Join(names(), ", "))
	}
	return write(out, judge(ctx, name, o))
}

func names() []string {
	var names []string
	for name := range checks {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// judge makes a result of a check. A test that could not look has not passed.
func judge(ctx context.Context, name string, o options) scorecardv1alpha3.TestStatus {
	result := scorecardv1alpha3.TestResult{Name: name, State: scorecardv1alpha3.PassState}
	mistakes, err := checks[name](ctx, o)
	result.Errors = mistakes
	if len(mistakes) > 0 {
		result.State = scorecardv1alpha3.FailState
	}
	if err != nil {
		result.State = scorecardv1alpha3.ErrorState
		result.Errors = append(result.Errors, err.Error())
	}
	return scorecardv1alpha3.TestStatus{Results: []scorecardv1alpha3.TestResult{result}}
}

// write writes what scorecard reads from the log of the test's pod.
func write(out io.Writer, status scorecardv1alpha3.TestStatus) error {
	encoder := json.NewEncoder(out)
	encoder.SetIndent("", "  ")
	return encoder.Encode(status)
}
