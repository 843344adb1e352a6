// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"os"
	"runtime/debug"
	"strconv"
	"strings"
)

// gcPercent is how much garbage there may be for each 100 bytes in use. Most of what is in use are the caches, as bytes that
// the collector need not look through: to collect more often than by default is cheap, and keeps the process small: see docs/performance.md.
const gcPercent = 40

// heapShare is the part of the container's memory, in percent, near which garbage is collected whatever gcPercent says:
// thousands of ElasticWebs that are made at once must not end the process. The rest is for what is not Go's.
const heapShare = 80

// memoryLimits are the files that tell a container its limit: of control groups of version 2 and 1.
var memoryLimits = []string{"/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"}

// collectGarbage says when, unless the user does, with GOGC and GOMEMLIMIT.
func collectGarbage(limits []string) {
	if _, isSet := os.LookupEnv("GOGC"); !isSet {
		debug.SetGCPercent(gcPercent)
	}
	if _, isSet := os.LookupEnv("GOMEMLIMIT"); isSet {
		return
	}
	if limit := memoryLimit(limits); limit > 0 {
		debug.SetMemoryLimit(limit / 100 * heapShare)
	}
}

// memoryLimit is what the first of the files says that is there, in bytes; 0 where there is no limit.
func memoryLimit(files []string) int64 {
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			continue
		}
		limit, err := strconv.ParseInt(strings.TrimSpace(string(text)), 10, 64)
		if err != nil {
			return 0 // it says max.
		}
		return limit
	}
	return 0
}
