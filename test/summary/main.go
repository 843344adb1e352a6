// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

// Command summary counts the tests of a run from FILE, the events that "go test -json" wrote. It counts the specs of a
// Ginkgo suite one by one, where the go command sees a single test. Its last line is "N passed, M failed".
//
// Given a COMMAND that writes FILE, it runs that first, and says twice a minute what is still running.
//
// What was left out of the run, and why, is said before that line, see -left-out.
//
// It exits with 0 if no test failed and the command succeeded.
package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"time"
)

const slowestShown = 12

func main() {
	leftOut := flag.String("left-out", "", "What the run leaves out, and why.")
	flag.Parse()
	if flag.NArg() == 0 {
		fmt.Fprintln(os.Stderr, "usage: summary [-left-out TEXT] FILE [COMMAND [ARGUMENT]...]")
		os.Exit(2)
	}
	file, command := flag.Arg(0), flag.Args()[1:]
	var commandErr error
	if len(command) > 0 {
		commandErr = run(command, file)
	}
	result, err := readFile(file)
	if err := errors.Join(commandErr, err); err != nil {
		fmt.Fprintln(os.Stderr, "summary:", err)
	}
	report(result, *leftOut)
	if commandErr != nil || err != nil || result.failed > 0 {
		os.Exit(1)
	}
}

func readFile(name string) (result, error) {
	events, err := readEvents(name)
	return count(events), err
}

func report(r result, leftOut string) {
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
	if leftOut != "" {
		fmt.Println("Left out:", leftOut)
	}
	fmt.Printf("%d passed, %d failed\n", r.passed, r.failed)
}
