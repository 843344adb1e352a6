// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// event is a line of "go test -json", see "go doc test2json".
type event struct {
	Action  string
	Package string
	Test    string
	Elapsed float64
	Output  string
}

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

type run struct {
	tests  map[testKey]*test
	result result
}

func read(r io.Reader) (result, error) {
	run := run{tests: map[testKey]*test{}}
	decoder := json.NewDecoder(r)
	for {
		var e event
		if err := decoder.Decode(&e); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			return result{}, fmt.Errorf("reading test events: %w", err)
		}
		run.add(e)
	}
	run.count()
	return run.result, nil
}

func (r *run) add(e event) {
	switch {
	case e.Action == "output" && e.Test != "":
		r.addSpecs(e)
	case e.Action != "pass" && e.Action != "fail" && e.Action != "skip":
	case e.Test != "":
		r.test(e).outcome = e.Action
	default:
		r.addPackage(e)
	}
}

func (r *run) test(e event) *test {
	key := testKey{e.Package, e.Test}
	if r.tests[key] == nil {
		r.tests[key] = &test{}
	}
	return r.tests[key]
}

func (r *run) addSpecs(e event) {
	found := specLine.FindStringSubmatch(colour.ReplaceAllString(e.Output, ""))
	if found == nil {
		return
	}
	number := func(i int) int { n, _ := strconv.Atoi(found[i]); return n }
	t := r.test(e)
	t.passed, t.failed, t.skipped = number(1), number(2), number(3)+number(4)
}

func (r *run) addPackage(e event) {
	r.result.packages = append(r.result.packages, pkg{e.Package, time.Duration(e.Elapsed * float64(time.Second))})
	if e.Action == "fail" && !r.hasFailedTest(e.Package) {
		// It did not build, or it ended before its tests could.
		r.result.failed++
		r.result.failures = append(r.result.failures, e.Package)
	}
}

func (r *run) hasFailedTest(name string) bool {
	for key, t := range r.tests {
		if key.pkg == name && t.outcome == "fail" {
			return true
		}
	}
	return false
}

func (r *run) count() {
	hasSubtest, hasFailedSubtest := map[testKey]bool{}, map[testKey]bool{}
	for key, t := range r.tests {
		for parent := key.parent(); parent.test != ""; parent = parent.parent() {
			hasSubtest[parent] = true
			hasFailedSubtest[parent] = hasFailedSubtest[parent] || t.outcome == "fail"
		}
	}
	for key, t := range r.tests {
		// A test with subtests stands for them, unless it failed by itself.
		if !hasSubtest[key] || t.outcome == "fail" && !hasFailedSubtest[key] {
			r.countTest(key, t)
		}
	}
	slices.Sort(r.result.failures)
	slices.SortFunc(r.result.packages, func(a, b pkg) int {
		return cmp.Or(cmp.Compare(b.elapsed, a.elapsed), cmp.Compare(a.name, b.name))
	})
}

func (r *run) countTest(key testKey, t *test) {
	if t.outcome == "fail" {
		r.result.failures = append(r.result.failures, key.pkg+" "+key.test)
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
	r.result.passed += t.passed
	r.result.failed += t.failed
	r.result.skipped += t.skipped
}
