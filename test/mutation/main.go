// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

// Command mutation changes the code of packages in one place after the other, with gremlins, and runs the package's own
// tests each time. It prints how many of these mutants the tests killed, and which survived, and fails where it is less than
// the given share of a package's.
//
//	go run ./test/mutation -gremlins bin/gremlins internal/plan internal/status
//
// Mutants that do the same as the program are listed with the reason in survivors.txt, see there. They count for nothing.
package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
)

func main() {
	gremlins := flag.String("gremlins", "bin/gremlins", "the program")
	least := flag.Float64("least", 90, "the share of the mutants of a package that its tests must kill, in percent")
	list := flag.String("survivors", "test/mutation/survivors.txt", "the mutants that no test can kill, with the reasons")
	workers := flag.Int("workers", 0, "mutants side by side; 0 for as many as there are processors")
	flag.Parse()
	program, err := filepath.Abs(*gremlins)
	if err == nil {
		err = run(program, *list, *least, *workers, flag.Args())
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "mutation:", err)
		os.Exit(1)
	}
}

func run(gremlins, list string, least float64, workers int, packages []string) (err error) {
	excused, err := readSurvivors(list)
	if err != nil {
		return err
	}
	folder, err := copyTree("go.mod", "go.sum", "api", "internal", "test/golden", "docs/kubectl.md")
	defer func() { err = errors.Join(err, os.RemoveAll(folder)) }()
	if err != nil {
		return err
	}
	for _, name := range packages {
		mutants, failure := mutate(gremlins, folder, name, workers)
		if failure != nil {
			return failure
		}
		c := count(mutants, excused)
		fmt.Printf("%s: %s\n", name, c)
		for _, m := range c.survivors {
			fmt.Printf("  survived: %s:%d:%d\n    %s\n", m.file, m.line, m.column, m.key())
		}
		if c.share() < least {
			err = errors.Join(err, fmt.Errorf("%s: the tests kill %.1f%% of the mutants, which must be %g%%: test what survived, "+
				"or give the reason in %s where nothing can tell it from the program", name, c.share(), least, list))
		}
	}
	for _, key := range excused.unused(packages) {
		err = errors.Join(err, fmt.Errorf("%s lists a mutant that did not survive: %s: take it out", list, key))
	}
	return err
}
