// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"os"
	"runtime/debug"
	"testing"
)

func TestGarbageIsCollectedOften(t *testing.T) {
	before := debug.SetGCPercent(100)
	defer debug.SetGCPercent(before)
	t.Setenv("GOGC", "100")
	collectOften()
	if percent := debug.SetGCPercent(100); percent != 100 {
		t.Errorf("the user's GOGC was overruled with %d", percent)
	}
	if err := os.Unsetenv("GOGC"); err != nil { // t.Setenv restores it.
		t.Fatal(err)
	}
	collectOften()
	if percent := debug.SetGCPercent(100); percent != gcPercent {
		t.Errorf("garbage may be %d percent", percent)
	}
}
