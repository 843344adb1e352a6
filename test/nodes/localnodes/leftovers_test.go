// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build linux && e2e

package main

import (
	"io/fs"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/elasticweb/elasticweb-operator/test/compile"
	"github.com/elasticweb/elasticweb-operator/test/output"
)

const patience = 2 * time.Minute

// TestNothingIsLeft runs clusters in a process of their own, ends it in different
// ways, and looks for what is left.
func TestNothingIsLeft(t *testing.T) {
	localnodes := filepath.Join(t.TempDir(), "localnodes")
	if err := compile.Native(t.Context(), "test/nodes/localnodes", localnodes); err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		nodes  string // beside one of this machine's architecture
		after  string // what is waited for, in the output, before the signal
		signal os.Signal
	}{
		"interrupted with an emulated node":  {nodes: "," + foreignArch() + "=1", after: "Ctrl-C", signal: os.Interrupt},
		"killed with an emulated node":       {nodes: "," + foreignArch() + "=1", after: "Ctrl-C", signal: os.Kill},
		"interrupted when it was up":         {after: "Ctrl-C", signal: os.Interrupt},
		"killed when it was up":              {after: "Ctrl-C", signal: os.Kill},
		"interrupted while the nodes joined": {after: "images of the system", signal: os.Interrupt},
		"killed while the nodes joined":      {after: "images of the system", signal: os.Kill},
	} {
		t.Run(name, func(t *testing.T) {
			r := startRun(t, localnodes, "-nodes="+runtime.GOARCH+"=1"+test.nodes)
			r.awaitOutput(test.after)
			for kind, things := range r.takeInventory() {
				if len(things) <= len(r.before[kind]) && kind != mounts && (kind != binaryFormats || test.nodes != "") {
					t.Errorf("the inventory does not see the cluster's %s", kind)
				}
			}
			if err := r.command.Process.Signal(test.signal); err != nil {
				t.Fatal(err)
			}
			<-r.ended
			// After an orderly end nothing is left at once. The watchdogs of a process that was killed need a moment.
			if test.signal == os.Kill {
				within(patience, func() bool { return cmp.Equal(r.before, r.takeInventory()) })
			}
			r.expectNothingLeft()
		})
	}
	t.Run("failed", func(t *testing.T) {
		logs := t.TempDir()
		// A file where the node has to have a folder.
		if err := os.WriteFile(filepath.Join(logs, runtime.GOARCH+"-0"), nil, 0o600); err != nil {
			t.Fatal(err)
		}
		r := startRun(t, localnodes, "-nodes="+runtime.GOARCH+"=1", "-logs="+logs)
		r.awaitOutput("cannot start the cluster of true nodes")
		<-r.ended
		if r.err == nil {
			t.Error("it exited with 0")
		}
		r.expectNothingLeft()
	})
}

// programRun is one of the program.
type programRun struct {
	t       *testing.T
	folder  string // of its temporary files
	before  inventory
	command *exec.Cmd
	output  *output.Buffer
	ended   <-chan struct{}
	err     error // valid when it has ended
}

func startRun(t *testing.T, program string, args ...string) *programRun {
	t.Helper()
	r := &programRun{t: t, folder: t.TempDir(), output: &output.Buffer{}}
	r.before = r.takeInventory()
	r.command = exec.Command(program, args...)
	r.command.Env = append(os.Environ(), "TMPDIR="+r.folder)
	r.command.Stdout, r.command.Stderr = r.output, r.output
	if err := r.command.Start(); err != nil {
		t.Fatal(err)
	}
	return r
}

func (r *programRun) awaitOutput(text string) {
	r.t.Helper()
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		r.err = r.command.Wait()
	}()
	r.ended = ended
	within(patience, func() bool { return strings.Contains(r.output.String(), text) || isClosed(ended) })
	if !strings.Contains(r.output.String(), text) {
		_ = r.command.Process.Signal(syscall.SIGTERM)
		<-ended
		r.t.Fatalf("not within %s: %q\n%s", patience, text, r.output)
	}
}

func (r *programRun) expectNothingLeft() {
	r.t.Helper()
	if diff := cmp.Diff(r.before, r.takeInventory()); diff != "" {
		r.t.Errorf("left behind (-before +after):\n%s\nits output:\n%s", diff, r.output)
	}
}

func isClosed(channel <-chan struct{}) bool {
	select {
	case <-channel:
		return true
	default:
		return false
	}
}

func within(patience time.Duration, holds func() bool) bool {
	for start := time.Now(); time.Since(start) < patience; time.Sleep(50 * time.Millisecond) {
		if holds() {
			return true
		}
	}
	return false
}

// inventory is what a cluster could leave behind, by kind.
type inventory map[string][]string

const (
	mounts        = "mounts"         // of which there are no more while a cluster runs, either
	binaryFormats = "binary formats" // of which there are more while nodes are emulated
)

// foreignArch is one that this machine has to emulate.
func foreignArch() string {
	if runtime.GOARCH == "arm64" {
		return "amd64"
	}
	return "arm64"
}

// takeInventory looks at all of the machine, and of the temporary files at those of the run.
func (r *programRun) takeInventory() inventory {
	r.t.Helper()
	return inventory{
		mounts:           lines(r.t, "/proc/self/mounts"),
		binaryFormats:    registeredFormats(r.t),
		"interfaces":     interfaces(r.t),
		"routes":         lines(r.t, "/proc/net/route"),
		"control groups": folders("/sys/fs/cgroup", "elasticweb-nodes-"),
		"processes":      processes(r.t, r.folder),
		"files":          folders(r.folder, ""),
	}
}

// registeredFormats mounts what shows them where nobody else sees it.
func registeredFormats(t *testing.T) []string {
	t.Helper()
	const list = "mount -t binfmt_misc binfmt_misc /proc/sys/fs/binfmt_misc && ls /proc/sys/fs/binfmt_misc"
	output, err := exec.Command("unshare", "--mount", "/bin/sh", "-c", list).CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, output)
	}
	return strings.Fields(string(output))
}

func interfaces(t *testing.T) []string {
	t.Helper()
	all, err := net.Interfaces()
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, one := range all {
		names = append(names, one.Name)
	}
	slices.Sort(names)
	return names
}

func lines(t *testing.T, path string) []string {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return slices.Sorted(strings.Lines(string(content)))
}

func folders(root, mark string) []string {
	var found []string
	_ = filepath.WalkDir(root, func(path string, _ fs.DirEntry, err error) error {
		if err == nil && path != root && strings.Contains(path, mark) {
			found = append(found, path)
		}
		return nil
	})
	return found
}

// processes are those in process namespaces of their own, and those that name the folder in their command line.
func processes(t *testing.T, folder string) []string {
	t.Helper()
	own, err := os.Readlink("/proc/self/ns/pid")
	if err != nil {
		t.Fatal(err)
	}
	commands, err := filepath.Glob("/proc/[0-9]*/cmdline")
	if err != nil {
		t.Fatal(err)
	}
	var found []string
	for _, path := range commands {
		command, err := os.ReadFile(path)
		if err != nil {
			continue // It has ended meanwhile.
		}
		namespace, err := os.Readlink(filepath.Join(filepath.Dir(path), "ns", "pid"))
		if err == nil && namespace != own || strings.Contains(string(command), folder) {
			found = append(found, filepath.Dir(path)+" "+strings.ReplaceAll(string(command), "\x00", " "))
		}
	}
	return found
}
