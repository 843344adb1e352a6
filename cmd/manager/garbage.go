// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"os"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"strconv"
	"strings"
	"sync"
)

// gcPercent is how much garbage there may be for each 100 bytes in use. Most of what is in use are the caches, as bytes that
// the collector need not look through: to collect more often than by default is cheap, and keeps the process small: see docs/performance.md.
const gcPercent = 40

// leastGarbage is how many bytes of garbage there may be whatever is in use: what 10,000 ElasticWebs may have by gcPercent. A
// small heap would be collected many times a second while ElasticWebs change.
const leastGarbage = 32 << 20

// goMinimum is the heap that Go takes its percentage of at the least.
const goMinimum = 4 << 20

// heapShare is the part of the container's memory, in percent, near which garbage is collected whatever gcPercent says:
// thousands of ElasticWebs that are made at once must not end the process. The rest is for what is not Go's.
const heapShare = 80

// memoryLimits are the files that tell a container its limit: of control groups of version 2 and 1.
var memoryLimits = []string{"/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"}

// collectGarbage says when, unless the user does, with GOGC and GOMEMLIMIT. stop leaves it as it is.
func collectGarbage(limits []string) (stop func()) {
	stop = func() {}
	if _, isSet := os.LookupEnv("GOGC"); !isSet {
		stop = allowGarbage()
	}
	if _, isSet := os.LookupEnv("GOMEMLIMIT"); isSet {
		return stop
	}
	if limit := memoryLimit(limits); limit > 0 {
		debug.SetMemoryLimit(limit / 100 * heapShare)
	}
	return stop
}

// collection is an object that nobody holds, so that each garbage collection finds one.
type collection struct{ _ *collection }

// allowGarbage adapts the percentage to what is in use, now and after each collection.
func allowGarbage() (stop func()) {
	mu, isStopped := sync.Mutex{}, false
	var adapt func(*collection)
	adapt = func(*collection) {
		mu.Lock()
		defer mu.Unlock()
		if isStopped {
			return
		}
		debug.SetGCPercent(garbagePercent(inUse()))
		runtime.SetFinalizer(&collection{}, adapt)
	}
	adapt(nil)
	return func() {
		mu.Lock()
		defer mu.Unlock()
		isStopped = true
	}
}

// inUse is how many bytes Go takes its percentage of.
func inUse() uint64 {
	samples := []metrics.Sample{{Name: "/gc/heap/live:bytes"}, {Name: "/gc/scan/globals:bytes"}, {Name: "/gc/scan/stack:bytes"}}
	metrics.Read(samples)
	sum := uint64(0)
	for _, sample := range samples {
		sum += sample.Value.Uint64()
	}
	return sum
}

// garbagePercent is how much garbage there may be for each 100 bytes of those in use.
func garbagePercent(inUse uint64) int {
	return max(gcPercent, int(leastGarbage*100/max(inUse, goMinimum)))
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
