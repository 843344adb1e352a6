// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"math"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"testing"
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
	for name, test := range map[string]struct {
		environment map[string]string
		files       []string
		isPaced     bool
		limit       int64
	}{
		"in a container with a limit":    {nil, []string{missing, limited}, true, 536870912 / 100 * heapShare},
		"in a container without a limit": {nil, []string{unlimited, limited}, true, math.MaxInt64},
		"outside of a container":         {nil, []string{missing}, true, math.MaxInt64},
		"as the user says":               {map[string]string{"GOGC": "100", "GOMEMLIMIT": "1GiB"}, []string{limited}, false, math.MaxInt64},
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
			pacer := collectGarbage(test.files)
			if pacer != nil {
				defer pacer.stop()
			}
			if got := pacer != nil; got != test.isPaced {
				t.Errorf("paced: %t, want %t", got, test.isPaced)
			}
			if got := percentNow(); test.isPaced == (got == byDefault) {
				t.Errorf("garbage may be %d percent", got)
			}
			if got := debug.SetMemoryLimit(-1); got != test.limit {
				t.Errorf("the limit is %d, want %d", got, test.limit)
			}
		})
	}
}

func percentNow() uint64 {
	percent := []metrics.Sample{{Name: "/gc/gogc:percent"}}
	metrics.Read(percent)
	return percent[0].Value.Uint64()
}

func TestGarbagePacerFollowsWhatIsInUse(t *testing.T) {
	percent := debug.SetGCPercent(100)
	defer debug.SetGCPercent(percent)
	pacer := &garbagePacer{}
	defer pacer.stop()
	pacer.pace()
	settle := func(isDone func(uint64) bool) {
		t.Helper()
		for range 1000 {
			if isDone(percentNow()) {
				return
			}
			runtime.GC()
		}
		t.Fatalf("garbage may still be %d percent", percentNow())
	}
	settle(func(percent uint64) bool { return percent > gcPercent })
	inUse := make([]byte, 3*leastGarbage)
	settle(func(percent uint64) bool { return percent == gcPercent })
	runtime.KeepAlive(inUse)
	settle(func(percent uint64) bool { return percent > gcPercent })
}

func TestGarbagePercent(t *testing.T) {
	for name, test := range map[string]struct {
		inUse uint64
		want  int
	}{
		"nothing was collected yet":      {0, 800},
		"little":                         {16 << 20, 200},
		"as much as twice the least":     {64 << 20, gcPercent},
		"more than twice the least":      {100 << 20, gcPercent},
		"more than a process could have": {math.MaxUint64, gcPercent},
	} {
		t.Run(name, func(t *testing.T) {
			if got := garbagePercent(test.inUse); got != test.want {
				t.Errorf("got %d, want %d", got, test.want)
			}
		})
	}
}
