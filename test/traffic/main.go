// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

// Traffic replays recorded traffic through the decisions of the operator, and through those of others beside it. It prints how
// many requests found no capacity, in a million, what that took in pod hours, and how often the number of pods changed.
package main

import (
	"flag"
	"os"
	"path/filepath"
	"testing"
	"time"
)

func main() {
	raw := flag.Bool("raw", false, "scale the counts as they were recorded, their noise too")
	tuning := flag.Bool("tune", false, "compare forecasts instead, by cross-validation")
	reachable := flag.Bool("bounds", false, "print what could be reached instead")
	picture := flag.String("picture", "", "write a picture of a day to this file instead")
	file := flag.String("trace", "", "take this file in the place of those that are here: the count of each -width in a line")
	width := flag.Duration("width", time.Minute, "what each line of -trace counts")
	run := func(t *testing.T) {
		traces, err := recorded(*raw)
		if *file != "" {
			var other trace
			other, err = read(os.DirFS(filepath.Dir(*file)), filepath.Base(*file), *width, *raw)
			traces = []trace{other}
		}
		switch {
		case err != nil:
			t.Fatal(err)
		case *tuning:
			tune(os.Stdout, traces)
		case *reachable:
			bounds(t, os.Stdout, traces)
		case *picture != "":
			if err := draw(t, *picture, traces[0]); err != nil {
				t.Fatal(err)
			}
		default:
			compare(t, os.Stdout, traces)
		}
	}
	// The clock of kube-controller-manager's code can be driven in a test alone (testing/synctest).
	testing.Main(func(string, string) (bool, error) { return true, nil }, []testing.InternalTest{{Name: "traffic", F: run}}, nil, nil)
}
