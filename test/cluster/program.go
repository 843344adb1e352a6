// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
)

// Program runs beside the control plane, as its client.
type Program struct {
	process *process
	log     string
}

// StartProgram starts a command. It ends with Stop of the cluster at the
// latest, or with this process, however that dies. Its output goes to a file
// NAME.log beside the logs of the components, after what is there.
func (c *Cluster) StartProgram(name string, cmd *exec.Cmd) (*Program, error) {
	p := &Program{log: filepath.Join(c.folder.logs, name+".log")}
	log, err := os.OpenFile(p.log, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return nil, err
	}
	defer log.Close()
	cmd.Stdout, cmd.Stderr = log, log
	if cmd.SysProcAttr == nil {
		cmd.SysProcAttr = &syscall.SysProcAttr{}
	}
	cmd.SysProcAttr.Setpgid, cmd.SysProcAttr.Pgid = true, c.watchdog.group()
	if p.process, err = run(cmd); err != nil {
		return nil, fmt.Errorf("cannot start %s: %w", name, err)
	}
	c.programsMu.Lock()
	defer c.programsMu.Unlock()
	c.programs = append(c.programs, p)
	return p, nil
}

// Stop ends the program, by force if it takes more than five seconds. It
// returns when the process is gone, and does nothing when it was.
func (p *Program) Stop() {
	if p.process.running() {
		p.process.stop(stopGrace)
	}
}

// Exited is closed when the program has ended, by whatever cause.
func (p *Program) Exited() <-chan struct{} { return p.process.exited }

// LogTail returns the last lines of its output.
func (p *Program) LogTail() string { return logTail(p.log) }

func (c *Cluster) stopPrograms() {
	c.programsMu.Lock()
	defer c.programsMu.Unlock()
	for _, p := range c.programs {
		p.Stop()
	}
}
