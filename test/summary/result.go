// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"cmp"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// result of a test run. Packages come slowest first.
type result struct {
	passed, failed, skipped int
	failures                []string
	packages                []pkg
}

type pkg struct {
	name    string
	elapsed time.Duration
}

// specLine is how a Ginkgo suite ends. It is coloured unless told otherwise.
var (
	specLine = regexp.MustCompile(`(\d+) Passed \| (\d+) Failed \| (\d+) Pending \| (\d+) Skipped`)
	colour   = regexp.MustCompile("\x1b\\[[0-9;]*m")
)

type testKey struct{ pkg, test string }

func (k testKey) parent() testKey {
	return testKey{k.pkg, k.test[:max(0, strings.LastIndex(k.test, "/"))]}
}

// test is one Go test, or the specs of the suite that it runs.
type test struct {
	outcome                 string
	passed, failed, skipped int
}

type counter struct {
	tests  map[testKey]*test
	result result
}

func count(events []event) result {
	c := counter{tests: map[testKey]*test{}}
	for _, e := range events {
		switch {
		case e.Action == "output" && e.Test != "":
			c.addSpecs(e)
		case e.ends() && e.Test != "":
			c.test(e).outcome = e.Action
		case e.ends():
			c.addPackage(e)
		}
	}
	c.sum()
	return c.result
}

func (c *counter) test(e event) *test {
	key := testKey{e.Package, e.Test}
	if c.tests[key] == nil {
		c.tests[key] = &test{}
	}
	return c.tests[key]
}

func (c *counter) addSpecs(e event) {
	found := specLine.FindStringSubmatch(colour.ReplaceAllString(e.Output, ""))
	if found == nil {
		return
	}
	number := func(i int) int { n, _ := strconv.Atoi(found[i]); return n }
	t := c.test(e)
	t.passed, t.failed, t.skipped = number(1), number(2), number(3)+number(4)
}

func (c *counter) addPackage(e event) {
	c.result.packages = append(c.result.packages, pkg{e.Package, time.Duration(e.Elapsed * float64(time.Second))})
	if e.Action == "fail" && !c.hasFailedTest(e.Package) {
		// It did not build, or it ended before its tests could.
		c.result.failed++
		c.result.failures = append(c.result.failures, e.Package)
	}
}

func (c *counter) hasFailedTest(name string) bool {
	for key, t := range c.tests {
		if key.pkg == name && t.outcome == "fail" {
			return true
		}
	}
	return false
}

func (c *counter) sum() {
	hasSubtest, hasFailedSubtest := map[testKey]bool{}, map[testKey]bool{}
	for key, t := range c.tests {
		for parent := key.parent(); parent.test != ""; parent = parent.parent() {
			hasSubtest[parent] = true
			hasFailedSubtest[parent] = hasFailedSubtest[parent] || t.outcome == "fail"
		}
	}
	for key, t := range c.tests {
		// A test with subtests stands for them, unless it failed by itself.
		if !hasSubtest[key] || t.outcome == "fail" && !hasFailedSubtest[key] {
			c.sumTest(key, t)
		}
	}
	slices.Sort(c.result.failures)
	slices.SortFunc(c.result.packages, func(a, b pkg) int {
		return cmp.Or(cmp.Compare(b.elapsed, a.elapsed), cmp.Compare(a.name, b.name))
	})
}

func (c *counter) sumTest(key testKey, t *test) {
	if t.outcome == "fail" {
		c.result.failures = append(c.result.failures, key.pkg+" "+key.test)
	}
	if t.passed+t.failed+t.skipped == 0 {
		switch t.outcome {
		case "pass":
			t.passed = 1
		case "skip":
			t.skipped = 1
		}
	}
	if t.outcome == "fail" {
		// A suite can fail with all its specs passed, for instance when it was interrupted.
		t.failed = max(1, t.failed)
	}
	c.result.passed += t.passed
	c.result.failed += t.failed
	c.result.skipped += t.skipped
}
