// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"syscall"
	"time"

	"github.com/elasticweb/elasticweb-operator/test/cluster/filelock"
)

const downTimeout = time.Minute

func down(ctx context.Context, args []string) error {
	flags := flag.NewFlagSet("down", flag.ContinueOnError)
	dir := addDirFlag(flags)
	if err := parse(flags, args); err != nil {
		return err
	}
	path := lockPath(*dir)
	if _, err := os.Stat(path); err != nil {
		fmt.Fprintf(os.Stderr, "no cluster runs in %s\n", *dir)
		return nil
	}
	lock, err := filelock.TryAcquire(path)
	if errors.Is(err, filelock.ErrHeld) {
		lock, err = takeOver(ctx, path)
	}
	if errors.Is(err, os.ErrNotExist) {
		return nil // the other process took the folder with it
	}
	if err != nil {
		return err
	}
	// Only the lock is left of a process that was killed: the watchdog has seen
	// to the rest.
	defer lock.Release()
	_ = os.Remove(path)
	_ = os.Remove(*dir) // fails, as it should, while something else is in it
	return nil
}

// takeOver asks the process that holds the lock to stop its cluster. That the
// lock is held is what tells that the process id is still that process'.
func takeOver(ctx context.Context, path string) (*filelock.Lock, error) {
	pid, err := filelock.Holder(path)
	if err != nil {
		return nil, err
	}
	if err := syscall.Kill(pid, syscall.SIGTERM); err != nil {
		return nil, fmt.Errorf("cannot stop process %d: %w", pid, err)
	}
	ctx, cancel := context.WithTimeout(ctx, downTimeout)
	defer cancel()
	lock, err := filelock.Acquire(ctx, path, nil)
	if errors.Is(err, context.DeadlineExceeded) {
		return nil, fmt.Errorf("process %d has not stopped its cluster within %s", pid, downTimeout)
	}
	return lock, err
}
