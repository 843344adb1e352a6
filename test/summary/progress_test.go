// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestProgress(t *testing.T) {
	start := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	events := []event{
		{Action: "start", Package: "example.com/a", Time: start},
		{Action: "start", Package: "example.com/b", Time: start},
		{Action: "run", Package: "example.com/a", Test: "TestA"},
		{Action: "run", Package: "example.com/b", Test: "TestB"},
		{Action: "pass", Package: "example.com/b", Test: "TestB"},
		{Action: "pass", Package: "example.com/b"},
	}
	got := progress(events, start.Add(90*time.Second))
	want := []string{"…  a, TestA, for 1m30s"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
