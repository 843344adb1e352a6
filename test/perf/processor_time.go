// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/util/wait"

	"github.com/elasticweb/elasticweb-operator/test/cluster"
)

// clockTick is the unit of the times in /proc, on every architecture that Go has.
const clockTick = 10 * time.Millisecond

// processorTime is the user and system time that a process has had.
func processorTime(pid int) (time.Duration, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0, fmt.Errorf("read the processor time: %w", err)
	}
	// The command's name, in brackets, may hold anything. User and system time are the 14th and 15th field.
	fields := strings.Fields(string(text[bytes.LastIndexByte(text, ')')+1:]))
	if len(fields) < 13 {
		return 0, fmt.Errorf("read the processor time: %q", text)
	}
	user, err := strconv.Atoi(fields[11])
	if err != nil {
		return 0, fmt.Errorf("read the processor time: %w", err)
	}
	system, err := strconv.Atoi(fields[12])
	return time.Duration(user+system) * clockTick, err
}

func apiServerTime(c *cluster.Cluster) (time.Duration, error) {
	pid, err := c.ProcessID(cluster.APIServer)
	if err != nil {
		return 0, err
	}
	return processorTime(pid)
}

const (
	startedFor = 2 * time.Second
	// idleShare is the part of a core that an API server takes, at most, that has nothing to do.
	idleShare = 0.1
)

// started waits until an API server has done what it does after it is ready and was given a CRD, as to put its OpenAPI together. That
// takes it seconds.
func started(ctx context.Context, c *cluster.Cluster) error {
	before, err := apiServerTime(c)
	if err != nil {
		return err
	}
	err = wait.PollUntilContextTimeout(ctx, startedFor, 2*time.Minute, false, func(context.Context) (bool, error) {
		now, err := apiServerTime(c)
		took := now - before
		before = now
		return took.Seconds() <= idleShare*startedFor.Seconds(), err
	})
	if err != nil {
		return fmt.Errorf("wait until the API server is idle: %w", err)
	}
	return nil
}
