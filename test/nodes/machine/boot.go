// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package machine

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"runtime"
	"syscall"
)

// Boot makes a machine of the process, which is the first one in new namespaces,
// and returns when the machine is to end. It reads a Spec, and waits for the end
// of the input.
func Boot(input io.Reader) error {
	// Namespaces are a thread's, and so are those that its children get.
	runtime.LockOSThread()
	decoder := json.NewDecoder(input)
	var spec Spec
	if err := decoder.Decode(&spec); err != nil {
		return fmt.Errorf("read what the machine is made of: %w", err)
	}
	inputEnds := make(chan error, 1)
	go func() {
		_, err := io.Copy(io.Discard, input)
		inputEnds <- err
	}()
	if spec.Hostname == "" {
		return <-inputEnds
	}
	// Those who end the machine wait for its first process: this one. The kernel ends the others with it.
	go func() {
		<-inputEnds //nolint:errcheck // However the input ends, the machine does.
		os.Exit(0)
	}()
	if err := syscall.Sethostname([]byte(spec.Hostname)); err != nil {
		return fmt.Errorf("set the host name: %w", err)
	}
	if err := enterControlGroups(spec.ControlGroups); err != nil {
		return err
	}
	if err := enterRoot(spec); err != nil {
		return err
	}
	return runPrograms(spec.Programs)
}
