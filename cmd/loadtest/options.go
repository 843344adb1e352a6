// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"flag"
	"fmt"
	"net/url"
	"runtime"
	"time"

	"github.com/elasticweb/elasticweb-operator/internal/loadtest"
)

// options are the flags.
type options struct {
	target, architecture, output string
	wait                         time.Duration
	limits                       loadtest.Limits
}

func (o *options) bind(flags *flag.FlagSet) {
	flags.StringVar(&o.target, "target", "", "URL to send requests to, for instance http://127.0.0.1:8080/path.")
	flags.StringVar(&o.architecture, "architecture", runtime.GOARCH, "Architecture that the result is for.")
	flags.StringVar(&o.output, "output", "/dev/termination-log", "File that the result is written to, as JSON of at most 4 KiB.")
	flags.DurationVar(&o.wait, "wait", time.Minute, "How long to wait for a first answer of the target.")
	flags.DurationVar(&o.limits.LatencyTarget, "latency-target", loadtest.DefaultLatencyTarget, "Highest 99th percentile of the response time.")
	flags.Float64Var(&o.limits.ErrorRateTarget, "error-rate-target", loadtest.DefaultErrorRateTarget, "Highest share of failed requests, from 0 to below 1.")
	flags.DurationVar(&o.limits.Duration, "duration", loadtest.DefaultDuration, "Time for all steps together, without the wait for a first answer.")
	flags.Float64Var(&o.limits.MaxQPS, "max-qps", loadtest.DefaultMaxQPS, "Highest rate that is tried, in requests per second.")
}

// validate says which options are out of their range.
func (o *options) validate() error {
	errs := []error{o.limits.Validate()}
	if target, err := url.Parse(o.target); err != nil || target.Scheme != "http" || target.Host == "" {
		errs = append(errs, fmt.Errorf("target %q: must be a URL that begins with http://", o.target))
	}
	if o.output == "" {
		errs = append(errs, errors.New("output: must not be empty"))
	}
	if o.wait <= 0 {
		errs = append(errs, fmt.Errorf("wait %s: must be above 0", o.wait))
	}
	return errors.Join(errs...)
}
