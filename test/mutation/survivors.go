// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bufio"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
)

// survivors are the keys of the mutants that no test can kill, and whether they were met.
type survivors map[string]bool

// readSurvivors reads a list of mutants. Each begins a line with its key; the reason stands below it, indented.
func readSurvivors(name string) (survivors, error) {
	file, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	found, last := survivors{}, ""
	lines := bufio.NewScanner(file)
	for lines.Scan() {
		text := lines.Text()
		switch {
		case strings.TrimSpace(text) == "", strings.HasPrefix(text, "#"):
		case strings.HasPrefix(text, " "):
			last = ""
		case last != "":
			return nil, fmt.Errorf("%s: no reason stands below %s", name, last)
		default:
			last = text
			found[text] = false
		}
	}
	if last != "" {
		return nil, fmt.Errorf("%s: no reason stands below %s", name, last)
	}
	return found, lines.Err()
}

// unused are the mutants of some packages that were not met.
func (s survivors) unused(packages []string) []string {
	var keys []string
	for _, key := range slices.Sorted(maps.Keys(s)) {
		isTested := slices.ContainsFunc(packages, func(name string) bool { return strings.HasPrefix(key, name+"/") })
		if isTested && !s[key] {
			keys = append(keys, key)
		}
	}
	return keys
}

// counts are those of the mutants of a package.
type counts struct {
	// killed by a test, or by the time that it took; excused by the list; uncovered where gremlins knows no test that gets there.
	killed, excused, uncovered int
	survivors                  []mutant
}

func count(mutants []mutant, excused survivors) counts {
	c := counts{}
	for _, m := range mutants {
		_, isExcused := excused[m.key()]
		switch m.status {
		case "KILLED", "TIMED OUT":
			c.killed++
		case "NOT COVERED":
			c.uncovered++
		case "LIVED":
			if isExcused {
				excused[m.key()] = true
				c.excused++
				continue
			}
			c.survivors = append(c.survivors, m)
		}
	}
	return c
}

// share of the mutants that were killed, in percent.
func (c counts) share() float64 {
	if tested := c.killed + len(c.survivors); tested > 0 {
		return 100 * float64(c.killed) / float64(tested)
	}
	return 100
}

func (c counts) String() string {
	return fmt.Sprintf("%d killed, %d survived (%.1f%%), %d that do the same as the program, %d uncovered",
		c.killed, len(c.survivors), c.share(), c.excused, c.uncovered)
}
