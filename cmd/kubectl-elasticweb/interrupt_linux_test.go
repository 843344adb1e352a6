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
)

// TestCtrlCOfAClusterThatDoesNotAnswer: a command ends though the cluster never says anything.
func TestCtrlCOfAClusterThatDoesNotAnswer(t *testing.T) {
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"status", "report", "plan"} {
		t.Run(name, func(t *testing.T) {
			asked, silence := make(chan struct{}, 100), make(chan struct{})
			silent := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
				asked <- struct{}{}
				<-silence
			}))
			defer silent.Close()
			defer close(silence)
			args := []string{name, "--server", silent.URL, "-n", "dev", "--cache-dir", t.TempDir()}
			if name == "plan" {
				args = append(args, "shop")
			}
			command := exec.Command(program, args...)
			command.Env, command.Dir = append(os.Environ(), runsMain+"=1", "KUBECONFIG=/dev/null"), t.TempDir()
			if err := command.Start(); err != nil {
				t.Fatal(err)
			}
			defer command.Process.Kill() //nolint:errcheck // it has ended.
			<-asked
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
