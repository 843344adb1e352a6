// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package elasticweb_test

import (
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// firstHalf is the files whose specs run in the first half; it takes about as long as the rest.
const firstHalf = "/(drift|failures|ownership|requirements|service)_test.go"

// runsWhole reports whether all specs are to be run, rather than those that Ginkgo's flags choose.
func runsWhole() bool {
	return !slices.ContainsFunc(os.Args[1:], func(argument string) bool {
		return strings.HasPrefix(strings.TrimLeft(argument, "-"), "ginkgo.")
	})
}

// runInHalves runs the specs in two processes side by side, each with a control plane of its own: they mostly
// wait, and specs that share nodes and operators cannot run side by side in one.
func runInHalves(t *testing.T) {
	for name, flag := range map[string]string{"first": "-ginkgo.focus-file=", "second": "-ginkgo.skip-file="} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			arguments := append(inherited(), "-test.run=^TestElasticWebs$", flag+firstHalf)
			half := exec.CommandContext(t.Context(), os.Args[0], arguments...) //nolint:gosec // this very test.
			half.Stdout, half.Stderr = t.Output(), t.Output()
			if err := half.Run(); err != nil {
				t.Error(err)
			}
		})
	}
}

// inherited is the arguments of this process but for those about its output, which is another's to write.
func inherited() []string {
	return slices.DeleteFunc(slices.Clone(os.Args[1:]), func(argument string) bool {
		return strings.HasPrefix(argument, "-test.v") || strings.HasPrefix(argument, "-test.testlogfile")
	})
}
