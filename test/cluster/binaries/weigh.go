// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package binaries

import (
	"context"
	"os"
	"path/filepath"
	"strings"
)

// How long a package takes goes with the size of its source, but first comes what its imports take to be read. Both are of
// the 383 packages of kube-apiserver and kube-scheduler that the operator does not have: 0.64 s each, and 2.3 s for a
// megabyte, on busy processors. To link the two took 8 s and 6 s.
const (
	packageWeight = 280_000 // bytes of source that take as long
	linkShare     = 0.006   // of what all packages of the program weigh
)

// work is what there is to do: packages to compile, by import path, and programs to link, by path, each with its weight.
type work struct {
	packages map[string]float64
	programs map[string]float64
}

// weigh asks what Go's cache does not have. A failure is left to the build to report.
func (c *compilation) weigh(ctx context.Context, to work) {
	const format = `{{.Stale}}{{"\t"}}{{.ImportPath}}{{"\t"}}{{.Dir}}{{"\t"}}{{join .GoFiles "\t"}}`
	for i, program := range c.packages {
		output, err := c.goCommand(ctx, "list", "-deps", "-tags", c.tags, "-f", format, program).Output()
		if err != nil {
			return
		}
		sum := 0.0
		for line := range strings.Lines(string(output)) {
			fields := strings.Split(strings.TrimSpace(line), "\t")
			weight := packageWeight + size(fields[2], fields[3:])
			sum += weight
			if fields[0] == "true" {
				to.packages[fields[1]] = weight
			}
		}
		to.programs[c.outputs()[i]] = linkShare * sum
	}
}

func size(folder string, files []string) float64 {
	sum := int64(0)
	for _, name := range files {
		if info, err := os.Stat(filepath.Join(folder, name)); err == nil {
			sum += info.Size()
		}
	}
	return float64(sum)
}
