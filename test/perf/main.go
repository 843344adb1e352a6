// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

// Perf measures the operator on the local control plane. What has a counterpart is a ratio to a bare client that
// makes the same writes at the same concurrency, in turns with it.
//
// The controller-manager, the scheduler and kwok are stopped, so that what is measured is the operator and the
// API server, and not the making of pods.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/go-logr/logr"
	"k8s.io/klog/v2"
	ctrl "sigs.k8s.io/controller-runtime"
)

// settings are the flags.
type settings struct {
	numbers                []int
	scenarios              []string
	concurrency, rounds    int
	rest, churn            time.Duration
	nodes, flapping        int
	rate                   float64
	operator, validation   string
	json, compare, profile string
	profileTime            time.Duration
}

func (s *settings) bind(flags *flag.FlagSet) {
	s.numbers = []int{1000}
	flags.Func("n", "numbers of ElasticWebs, comma-separated, each measured by itself (default 1000)", func(text string) (err error) {
		s.numbers, err = parseNumbers(text)
		return err
	})
	flags.Func("scenarios", "scenarios to measure, comma-separated, such as 'restart,memory' (default all)", func(text string) (err error) {
		s.scenarios, err = parseScenarios(text)
		return err
	})
	flags.IntVar(&s.concurrency, "concurrency", 10, "workers of the operator, and of the bare client")
	flags.IntVar(&s.rounds, "rounds", 1, "how often everything is measured, each time on a fresh control plane; the median counts")
	flags.DurationVar(&s.rest, "rest", time.Minute, "how long requests at rest are counted, two resyncs included; 0 to leave it out")
	flags.DurationVar(&s.churn, "churn", 10*time.Second, "how long pods flap, and how long nodes change; 0 to leave it out")
	flags.IntVar(&s.nodes, "nodes", 100, "nodes that the pods are on")
	flags.IntVar(&s.flapping, "flapping", 10, "ElasticWebs whose pods flap")
	flags.Float64Var(&s.rate, "rate", 100, "flaps, or changes of nodes, per second")
	flags.StringVar(&s.operator, "operator", "bin/manager", "the operator's binary")
	flags.StringVar(&s.validation, "bare-field-validation", "",
		"field validation that the bare client's applies ask for: the API server's default, which is Warn, or Ignore as the operator's do")
	flags.StringVar(&s.json, "json", "", "file to write the figures to")
	flags.StringVar(&s.compare, "compare", "", "file of an earlier -json, to print ratios to")
	flags.StringVar(&s.profile, "profile", "", "folder for a CPU profile and a heap profile of each scenario")
	flags.DurationVar(&s.profileTime, "profile-time", 5*time.Second, "how much of a scenario, from its beginning, is in its CPU profile")
}

func (s *settings) check() error {
	if s.concurrency < 1 || s.rounds < 1 || s.nodes < 1 || s.flapping < 1 || s.rate <= 0 {
		return fmt.Errorf("-concurrency, -rounds, -nodes, -flapping and -rate have to be above 0")
	}
	if s.profile != "" && s.profileTime < time.Second {
		return fmt.Errorf("-profile-time=%s: it takes at least 1s", s.profileTime)
	}
	return nil
}

func parseNumbers(text string) ([]int, error) {
	var numbers []int
	for field := range strings.SplitSeq(text, ",") {
		n, err := strconv.Atoi(strings.TrimSpace(field))
		if err != nil || n < 1 || n > lastPort-firstPort {
			return nil, fmt.Errorf("%q is no number from 1 to %d", field, lastPort-firstPort)
		}
		numbers = append(numbers, n)
	}
	return numbers, nil
}

func parseScenarios(text string) ([]string, error) {
	scenarios := strings.Split(text, ",")
	for _, name := range scenarios {
		if name != scenarioPeer && !slices.ContainsFunc(scenarioOrder, func(known scenario) bool { return known.name == name }) {
			return nil, fmt.Errorf("%q is no scenario: the first column of the table names them", name)
		}
	}
	return scenarios, nil
}

// isChosen reports whether a scenario is to be measured.
func (s *settings) isChosen(name string) bool {
	return len(s.scenarios) == 0 || slices.Contains(s.scenarios, name)
}

func main() {
	s := settings{}
	s.bind(flag.CommandLine)
	flag.Parse()
	if flag.NArg() > 0 {
		fmt.Fprintf(os.Stderr, "perf: %q is no flag\n", flag.Arg(0))
		os.Exit(2)
	}
	ctrl.SetLogger(logr.Discard())
	klog.SetLogger(logr.Discard())
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := measureAndReport(ctx, s); err != nil {
		fmt.Fprintln(os.Stderr, "perf:", err)
		os.Exit(1)
	}
}

func measureAndReport(ctx context.Context, s settings) error {
	if err := s.check(); err != nil {
		return err
	}
	baseline, err := readFigures(s.compare)
	if err != nil {
		return err
	}
	measured, interrupted := measure(ctx, s)
	if len(measured) == 0 {
		return interrupted
	}
	if err := writeFigures(s.json, measured); err != nil {
		return err
	}
	if err := printTable(os.Stdout, measured, baseline); err != nil {
		return err
	}
	return interrupted
}
