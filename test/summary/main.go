// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

// Command summary counts what a test run wrote with "go test -json". It counts the specs of a Ginkgo suite one by
// one, where the go command sees a single test. Its last line is "N passed, M failed"; it exits with 1 unless M is 0.
package main

import (
	"fmt"
	"os"
	"time"
)

const slowestShown = 5

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: summary FILE")
		os.Exit(2)
	}
	result, err := readFile(os.Args[1])
	if err != nil {
		fmt.Fprintln(os.Stderr, "summary:", err)
		os.Exit(2)
	}
	report(result)
	if result.failed > 0 {
		os.Exit(1)
	}
}

func readFile(name string) (result, error) {
	file, err := os.Open(name)
	if err != nil {
		return result{}, err
	}
	defer file.Close() //nolint:errcheck // opened for reading
	return read(file)
}

func report(r result) {
	fmt.Println("Slowest packages:")
	for i, p := range r.packages {
		if i == slowestShown {
			break
		}
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
