// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"fmt"
	"os"
	"os/exec"
	"syscall"
)

// watchdog ends the components and removes their files when this process dies,
// however it dies. It is a shell that waits for the end of a pipe whose other
// end only this process has, so the kernel tells it, even after kill -9. It
// leads the process group of all components: a group's number is not used again
// while the group has a member, so the watchdog cannot hit a stranger's process,
// and a Ctrl-C at the terminal reaches this process alone, which can then stop
// the components in order. (Linux could signal children of a dead parent by
// itself, but does so already when the parent's thread ends, and macOS cannot.)
type watchdog struct {
	cmd   *exec.Cmd
	alive *os.File
}

const watchdogScript = `trap "" HUP INT TERM
read -r _
kill -TERM 0
sleep 1
rm -rf -- "$@"
kill -KILL 0`

func startWatchdog(belongings []string) (*watchdog, error) {
	read, write, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	defer read.Close()
	cmd := exec.Command("/bin/sh", append([]string{"-c", watchdogScript, "elasticweb-cluster-watchdog"}, belongings...)...)
	cmd.Stdin = read
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := cmd.Start(); err != nil {
		_ = write.Close()
		return nil, fmt.Errorf("cannot start the watchdog: %w", err)
	}
	return &watchdog{cmd: cmd, alive: write}, nil
}

// group is the process group that components are started in.
func (w *watchdog) group() int {
	return w.cmd.Process.Pid
}

// dismiss ends the watchdog when there is nothing left to watch over.
func (w *watchdog) dismiss() {
	_ = w.cmd.Process.Kill()
	_ = w.cmd.Wait()
	_ = w.alive.Close()
}
