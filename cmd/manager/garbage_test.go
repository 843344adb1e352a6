// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"math"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"testing"
	"time"
)

func TestCollectGarbage(t *testing.T) {
	folder := t.TempDir()
	limited, unlimited, missing := filepath.Join(folder, "limited"), filepath.Join(folder, "unlimited"), filepath.Join(folder, "missing")
	for file, text := range map[string]string{limited: "536870912\n", unlimited: "max\n"} {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	const byDefault = 100
	defer runtime.KeepAlive(inUseByACache())
	for name, test := range map[string]struct {
		environment map[string]string
		files       []string
		percent     int
		limit       int64
	}{
		"in a container with a limit":    {nil, []string{missing, limited}, gcPercent, 536870912 / 100 * heapShare},
		"in a container without a limit": {nil, []string{unlimited, limited}, gcPercent, math.MaxInt64},
		"outside of a container":         {nil, []string{missing}, gcPercent, math.MaxInt64},
		"as the user says":               {map[string]string{"GOGC": "100", "GOMEMLIMIT": "1GiB"}, []string{limited}, byDefault, math.MaxInt64},
	} {
		t.Run(name, func(t *testing.T) {
			percent, limit := debug.SetGCPercent(byDefault), debug.SetMemoryLimit(math.MaxInt64)
			defer func() {
				debug.SetGCPercent(percent)
				debug.SetMemoryLimit(limit)
			}()
			for _, name := range []string{"GOGC", "GOMEMLIMIT"} {
				t.Setenv(name, "") // restores it.
				if err := os.Unsetenv(name); err != nil {
					t.Fatal(err)
				}
			}
			for name, value := range test.environment {
				t.Setenv(name, value)
			}
			collectGarbage(test.files)()
			if got := debug.SetGCPercent(byDefault); got != test.percent {
				t.Errorf("garbage may be %d percent, want %d", got, test.percent)
			}
			if got := debug.SetMemoryLimit(-1); got != test.limit {
				t.Errorf("the limit is %d, want %d", got, test.limit)
			}
		})
	}
}

func TestGarbagePercent(t *testing.T) {
	for inUse, want := range map[uint64]int{0: 800, 4 << 20: 800, 20 << 20: 160, 64 << 20: 50, 80 << 20: 40, 100 << 20: 40} {
		if got := garbagePercent(inUse); got != want {
			t.Errorf("%d bytes in use: garbage may be %d percent, want %d", inUse, got, want)
		}
	}
}

// TestGarbageIsAllowedAnew after each collection, for what is in use then.
func TestGarbageIsAllowedAnew(t *testing.T) {
	defer debug.SetGCPercent(debug.SetGCPercent(100))
	defer allowGarbage()()
	debug.SetGCPercent(100) // what it was allowed at first does not count.
	defer runtime.KeepAlive(inUseByACache())
	for deadline := time.Now().Add(time.Minute); ; runtime.Gosched() {
		runtime.GC()
		percent := debug.SetGCPercent(100)
		if percent == gcPercent {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("with a cache in use, garbage may be %d percent", percent)
		}
	}
}

// inUseByACache is so much that leastGarbage does not count.
func inUseByACache() []byte {
	cache := make([]byte, 200<<20)
	runtime.GC()
	return cache
}
