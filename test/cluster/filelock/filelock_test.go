// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package filelock_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/elasticweb/elasticweb-operator/test/cluster/filelock"
)

func TestLock(t *testing.T) {
	path := filepath.Join(t.TempDir(), "lock")
	first, err := filelock.TryAcquire(path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := filelock.TryAcquire(path); !errors.Is(err, filelock.ErrHeld) {
		t.Errorf("a second lock: got error %v, want %v", err, filelock.ErrHeld)
	}
	if pid, err := filelock.Holder(path); err != nil || pid != os.Getpid() {
		t.Errorf("holder: got %d, %v, want this process, %d", pid, err, os.Getpid())
	}
	second, err := filelock.Acquire(t.Context(), path, first.Release)
	if err != nil {
		t.Fatalf("after the first was released: %v", err)
	}
	second.Release()
}

func TestAcquireEndsWithItsContext(t *testing.T) {
	path := filepath.Join(t.TempDir(), "lock")
	lock, err := filelock.TryAcquire(path)
	if err != nil {
		t.Fatal(err)
	}
	defer lock.Release()
	ctx, cancel := context.WithCancel(t.Context())
	if _, err := filelock.Acquire(ctx, path, cancel); !errors.Is(err, context.Canceled) {
		t.Errorf("got error %v, want %v", err, context.Canceled)
	}
}
