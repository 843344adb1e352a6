// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import "testing"

// A flag that takes no value ends the flags where it is given one: what follows must not be passed over.
func TestWhatIsNoFlagIsRefused(t *testing.T) {
	dir := "--dir=" + t.TempDir()
	for _, args := range [][]string{{"up", dir, "--audit-log", "file", "--port=1"}, {"down", dir, "now"}} {
		if err := run(t.Context(), args); err == nil {
			t.Errorf("%q is accepted", args)
		}
	}
}
