// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package machine

import (
	"errors"
	"fmt"
	"os"
	"syscall"
	"time"
)

const (
	fileInterval = 20 * time.Millisecond
	filePatience = 2 * time.Minute // containerd takes seconds under emulation
)

// runPrograms returns when one of the programs has ended.
func runPrograms(programs []Program) error {
	running := runningPrograms{}
	for _, program := range programs {
		if err := running.awaitFile(program.After); err != nil {
			return fmt.Errorf("%s cannot start: %w", program.Path, err)
		}
		pid, err := start(program)
		if err != nil {
			return fmt.Errorf("start %s: %w", program.Path, err)
		}
		running[pid] = program.Path
	}
	for {
		if _, err := running.reap(0); err != nil {
			return err
		}
	}
}

// runningPrograms has their paths by process.
type runningPrograms map[int]string

// reap does the duty of a first process: it takes leave of the orphans of all
// others. One of the programs among them is an error. It tells whether there was one.
func (r runningPrograms) reap(options int) (bool, error) {
	var status syscall.WaitStatus
	pid, err := syscall.Wait4(-1, &status, options, nil)
	switch path := r[pid]; {
	case errors.Is(err, syscall.EINTR):
		return true, nil
	case errors.Is(err, syscall.ECHILD) && options == syscall.WNOHANG:
		return false, nil
	case err != nil:
		return false, fmt.Errorf("wait for the programs: %w", err)
	case path != "" && status.Signaled():
		return true, fmt.Errorf("%s ended by signal %d", path, status.Signal())
	case path != "":
		return true, fmt.Errorf("%s ended with exit status %d", path, status.ExitStatus())
	}
	return pid > 0, nil
}

func (r runningPrograms) awaitFile(path string) error {
	if path == "" {
		return nil
	}
	for waited := time.Duration(0); waited < filePatience; waited += fileInterval {
		if _, err := os.Stat(path); err == nil {
			return nil
		}
		if found, err := r.reap(syscall.WNOHANG); err != nil || found {
			if err != nil {
				return err
			}
			continue
		}
		time.Sleep(fileInterval)
	}
	return fmt.Errorf("%s is missing after %s; see the log of the program that makes it", path, filePatience)
}

func start(program Program) (int, error) {
	log, err := os.OpenFile(program.Log, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o644)
	if err != nil {
		return 0, err
	}
	defer log.Close()
	null, err := os.Open(os.DevNull)
	if err != nil {
		return 0, err
	}
	defer null.Close()
	return syscall.ForkExec(program.Path, append([]string{program.Path}, program.Args...), &syscall.ProcAttr{
		Dir:   "/",
		Env:   append([]string{"PATH=" + BinDir + ":/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/root"}, program.Env...),
		Files: []uintptr{null.Fd(), log.Fd(), log.Fd()},
		Sys:   &syscall.SysProcAttr{Setsid: true},
	})
}
