// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"strconv"
)

// feature is something that depends on the version of Kubernetes, and the tests that show it.
type feature struct {
	name  string
	pkg   string
	focus string // of the names of specs, where pkg is a Ginkgo suite
}

var features = []feature{
	{"CRDs: accepted, their CEL rules within the cost limit, each number bounded", "./api/...", ""},
	{"Server-side apply: what others change is put right, what they add stays", "./controllers/elasticweb", "Drift"},
	{"An ElasticWeb from its creation to its deletion", "./controllers/elasticweb", "The life of an ElasticWeb"},
	{"Settings of the pods, the sleep before they end among them", "./controllers/elasticweb", "The pods of an ElasticWeb"},
	{"Disruption budgets: a drain of ready pods, and of broken ones", "./controllers/elasticweb", "A drain"},
	{"The scale subresource and HorizontalPodAutoscalers", "./controllers/elasticweb", "replicas mode"},
	{"Refusals of admission policies", "./controllers/elasticweb", "A write that a policy denies"},
	{"Benchmarks: Jobs with a sidecar", "./test/benchmark", "A benchmark"},
	{"The sample admission policies", "./test/benchmark", "The sample of"},
	{"Architectures by the scheduler: the best first, and spill-over", "./test/scheduling", ""},
}

// mostShown is how much of the output of a failure is shown, from its end, in bytes.
const mostShown = 16 << 10

// try runs the tests on a control plane of the version, and returns what stands in the table.
func (f feature) try(ctx context.Context, version string) (string, error) {
	args := []string{"test", "-count=1", "-v", "-timeout=30m", f.pkg}
	if f.focus != "" {
		// Names that match nothing are no success.
		args = append(args, "-args", "-ginkgo.no-color", "-ginkgo.fail-on-empty", "-ginkgo.focus="+f.focus)
	}
	cmd := exec.CommandContext(ctx, "go", args...)
	cmd.Env = append(os.Environ(), "K8S_VERSION="+version)
	output, err := cmd.CombinedOutput()
	passed := countPassed(string(output))
	switch {
	case err != nil:
		fmt.Fprintf(os.Stderr, "%s\n", output[max(0, len(output)-mostShown):])
		return "fails", err
	case passed == 0:
		return "fails", errors.New("no test ran")
	case passed == 1:
		return "1 test passes", nil
	}
	return fmt.Sprintf("%d tests pass", passed), nil
}

var (
	passedSpecs = regexp.MustCompile(`(\d+) Passed`)
	passedTests = regexp.MustCompile(`(?m)^--- PASS`)
)

// countPassed counts the specs of Ginkgo suites, and the tests where there are none.
func countPassed(output string) int {
	suites := passedSpecs.FindAllStringSubmatch(output, -1)
	if len(suites) == 0 {
		return len(passedTests.FindAllString(output, -1))
	}
	sum := 0
	for _, suite := range suites {
		n, _ := strconv.Atoi(suite[1])
		sum += n
	}
	return sum
}
