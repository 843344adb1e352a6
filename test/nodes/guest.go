// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package nodes

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/elasticweb/elasticweb-operator/test/nodes/machine"
)

// guest is a machine on this one, seen from outside.
type guest struct {
	command *exec.Cmd
	life    io.WriteCloser // the machine ends with it
	exited  chan struct{}
	console string // the file that the first process writes to
}

// startGuest starts the first process of a machine, with its namespaces. The
// machine waits to be told what it is made of.
func startGuest(boot, console string, namespaces uintptr) (*guest, error) {
	log, err := os.Create(console)
	if err != nil {
		return nil, err
	}
	defer log.Close()
	g := &guest{command: exec.Command(boot), exited: make(chan struct{}), console: console}
	g.command.Stdout, g.command.Stderr = log, log
	// A group of its own: a Ctrl-C at the terminal reaches this process alone, which then ends things in order.
	g.command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Cloneflags: namespaces}
	if g.life, err = g.command.StdinPipe(); err != nil {
		return nil, err
	}
	if err := g.command.Start(); err != nil {
		return nil, fmt.Errorf("start a machine (it needs root and namespaces): %w", err)
	}
	go func() {
		_ = g.command.Wait()
		close(g.exited)
	}()
	return g, nil
}

func (g *guest) boot(spec machine.Spec) error {
	return json.NewEncoder(g.life).Encode(spec)
}

func (g *guest) pid() int { return g.command.Process.Pid }

func (g *guest) ended() bool {
	select {
	case <-g.exited:
		return true
	default:
		return false
	}
}

// end returns when the machine's first process is gone, and with it all others.
func (g *guest) end() {
	_ = g.life.Close()
	<-g.exited
}

// ip runs the command ip of this machine in the network of the guest.
func (g *guest) ip(args ...string) error {
	return run("nsenter", append([]string{fmt.Sprintf("--net=/proc/%d/ns/net", g.pid()), "ip"}, args...)...)
}

func run(name string, args ...string) error {
	output, err := exec.Command(name, args...).CombinedOutput()
	if err != nil {
		return fmt.Errorf("%s %s: %w: %s", filepath.Base(name), strings.Join(args, " "), err, strings.TrimSpace(string(output)))
	}
	return nil
}
