// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"os"
	"runtime/debug"
)

// gcPercent is how much garbage there may be for each 100 bytes in use. Most of what is in use are the caches, as bytes that
// the collector need not look through: to collect twice as often as by default is cheap, and keeps the process small.
const gcPercent = 50

// collectOften sets gcPercent, where the user has not set GOGC.
func collectOften() {
	if _, isSet := os.LookupEnv("GOGC"); !isSet {
		debug.SetGCPercent(gcPercent)
	}
}
