// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

// Package testmain is for the TestMain of packages whose tests share something that takes long to start.
package testmain

import (
	"context"
	"fmt"
	"os"
	"testing"
)

// Run starts what the tests share, runs them, and stops it. It returns the exit code: that of the tests, or 1 where
// the start or the stop failed, which it reports.
func Run[T interface{ Stop() error }](m *testing.M, shared *T, start func(context.Context) (T, error)) int {
	var err error
	if *shared, err = start(context.Background()); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	code := m.Run()
	if err := (*shared).Stop(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return code
}
