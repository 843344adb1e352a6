// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

// Command summary counts the tests of a run from FILE, the events that "go test -json" wrote. It counts the specs of a
// Ginkgo suite one by one, where the go command sees a single test. Its last line is "N passed, M failed".
//
// Given a COMMAND that writes FILE, it runs that first, and says twice a minute what is still running.
//
// It exits with 0 if no test failed and the command succeeded.
package main

import (
	"errors"
	"fmt"
	"os"
	"time"
)

const slowestShown = 5

func main() {
	if len(os.Args) < 2 {
		fmt.Fprintln(os.Stderr, "usage: summary FILE [COMMAND [ARGUMENT]...]")
		os.Exit(2)
	}
	file, command := os.Args[1], os.Args[2:]
	var commandErr error
	if len(command) > 0 {
		commandErr = run(command, file)
	}
	result, err := readFile(file)
	if err := errors.Join(commandErr, err); err != nil {
		fmt.Fprintln(os.Stderr, "summary:", err)
	}
	report(result)
	if commandErr != nil || err != nil || result.failed > 0 {
		os.Exit(1)
	}
}

func readFile(name string) (result, error) {
	events, err := readEvents(name)
	return count(events), err
}

func report(r result) {
	fmt.Println("Slowest packages:")
	for _, p := range r.packages[:min(slowestShown, len(r.packages))] {
		fmt.Printf("%8s  %s\n", p.elapsed.Round(100*time.Millisecond), p.name)
	}
	for _, name := range r.failures {
		fmt.Println("Failed:", name)
	}
	if r.skipped > 0 {
		fmt.Printf("%d skipped\n", r.skipped)
	}
	fmt.Printf("%d passed, %d failed\n", r.passed, r.failed)
}
