// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"syscall"
	"testing"
	"time"
)

// interruptible runs the plugin as a process, with a cluster that never says anything, until it has asked that.
func interruptible(t *testing.T, args ...string) *exec.Cmd {
	t.Helper()
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	asked, silence := make(chan struct{}, 100), make(chan struct{})
	silent := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		asked <- struct{}{}
		<-silence
	}))
	t.Cleanup(silent.Close)
	t.Cleanup(func() { close(silence) })
	command := exec.Command(program, append(args, "--server", silent.URL, "-n", "dev", "--cache-dir", t.TempDir())...)
	command.Env, command.Dir = append(os.Environ(), runsMain+"=1", "KUBECONFIG=/dev/null"), t.TempDir()
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = command.Process.Kill() })
	<-asked
	return command
}

// TestCtrlC: a command ends though what it waits for does not come.
func TestCtrlC(t *testing.T) {
	for _, args := range [][]string{{"status"}, {"report"}, {"plan", "shop"}} {
		t.Run(args[0], func(t *testing.T) {
			t.Parallel()
			command := interruptible(t, args...)
			if err := command.Process.Signal(syscall.SIGINT); err != nil {
				t.Fatal(err)
			}
			_ = command.Wait() // the code tells.
			if code := command.ProcessState.ExitCode(); code != interrupted {
				t.Errorf("it ends with %d", code)
			}
		})
	}
}

// TestCtrlCTwice: who says it again does not wait for it.
func TestCtrlCTwice(t *testing.T) {
	command := interruptible(t, "status")
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = command.Wait() // the state tells.
	}()
	for isOver := false; !isOver; {
		_ = command.Process.Signal(syscall.SIGINT) // of two at a time it hears one.
		select {
		case <-ended:
			isOver = true
		case <-time.After(50 * time.Millisecond):
		}
	}
	if status, isUnix := command.ProcessState.Sys().(syscall.WaitStatus); !isUnix || !status.Signaled() {
		t.Errorf("it ends with %s", command.ProcessState)
	}
}
