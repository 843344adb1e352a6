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
// the collector need not look through: to collect twice as often as by default is cheap, and keeps the process small.
const gcPercent = 50

// leastGarbage in bytes may always be there: with little in use, gcPercent of it would be full many times a second while
// thousands of ElasticWebs change, and collecting takes processor time that the API server may need.
const leastGarbage = 32 << 20

// heapShare is the part of the container's memory, in percent, near which garbage is collected whatever gcPercent says:
// thousands of ElasticWebs that are made at once must not end the process. The rest is for what is not Go's.
const heapShare = 80

// memoryLimits are the files that tell a container its limit: of control groups of version 2 and 1.
var memoryLimits = []string{"/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"}

// collectGarbage says when, unless the user does, with GOGC and GOMEMLIMIT. The pacer is nil where the user says how much garbage there may be.
func collectGarbage(limits []string) *garbagePacer {
	if _, isSet := os.LookupEnv("GOMEMLIMIT"); !isSet {
		if limit := memoryLimit(limits); limit > 0 {
			debug.SetMemoryLimit(limit / 100 * heapShare)
		}
	}
	if _, isSet := os.LookupEnv("GOGC"); isSet {
		return nil
	}
	pacer := &garbagePacer{}
	pacer.pace()
	return pacer
}

// garbagePacer sets after each collection when the next one is due.
type garbagePacer struct {
	mu        sync.Mutex
	isStopped bool
}

func (p *garbagePacer) pace() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.isStopped {
		return
	}
	inUse := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	metrics.Read(inUse)
	debug.SetGCPercent(garbagePercent(inUse[0].Value.Uint64()))
	// What nothing refers to is found by the next collection.
	runtime.AddCleanup(&garbagePacer{}, (*garbagePacer).pace, p)
}

func (p *garbagePacer) stop() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.isStopped = true
}

// garbagePercent is how much garbage there may be for each 100 bytes of those in use.
func garbagePercent(inUse uint64) int {
	// What the process begins with, before anything was collected, is no less than this.
	const least = 4 << 20
	return int(max(gcPercent, leastGarbage*100/max(inUse, least))) //nolint:gosec // at most 800.
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
