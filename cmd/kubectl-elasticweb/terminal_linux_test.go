// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"os"
	"testing"

	"golang.org/x/sys/unix"
	"k8s.io/cli-runtime/pkg/genericiooptions"

	"github.com/elasticweb/elasticweb-operator/internal/screen"
)

// newTerminal is one of this machine, of 100 columns and 30 lines: what a program has of it, and what its user has.
func newTerminal(t *testing.T) (terminal, master *os.File) {
	t.Helper()
	master, err := os.OpenFile("/dev/ptmx", os.O_RDWR, 0)
	if err != nil {
		t.Skipf("there are no terminals here: %v", err)
	}
	t.Cleanup(func() { master.Close() })
	fd := int(master.Fd())
	if err := unix.IoctlSetPointerInt(fd, unix.TIOCSPTLCK, 0); err != nil {
		t.Fatal(err)
	}
	number, err := unix.IoctlGetInt(fd, unix.TIOCGPTN)
	if err != nil {
		t.Fatal(err)
	}
	resize(t, master, 100)
	terminal, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", number), os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { terminal.Close() })
	return terminal, master
}

func resize(t *testing.T, master *os.File, columns uint16) {
	t.Helper()
	if err := unix.IoctlSetWinsize(int(master.Fd()), unix.TIOCSWINSZ, &unix.Winsize{Col: columns, Row: 30}); err != nil {
		t.Fatal(err)
	}
}

// TestTerminal: colours are for terminals that take them, and for those who want them.
func TestTerminal(t *testing.T) {
	terminal, _ := newTerminal(t)
	for name, tc := range map[string]struct {
		noColor, term string
		isColored     bool
	}{
		"a terminal":                 {"", "xterm-256color", true},
		"NO_COLOR":                   {"1", "xterm-256color", false},
		"NO_COLOR of whatever value": {"false", "xterm-256color", false},
		"a terminal without any":     {"", "dumb", false},
	} {
		t.Setenv("NO_COLOR", tc.noColor)
		t.Setenv("TERM", tc.term)
		e := &environment{IOStreams: genericiooptions.IOStreams{Out: terminal}}
		if style, height, isTerminal := e.terminal(); style != screen.Fit(100, tc.isColored) || height != 30 || !isTerminal {
			t.Errorf("%s: %+v, %d lines, a terminal %t", name, style, height, isTerminal)
		}
	}
	t.Setenv("NO_COLOR", "")
	reader, writer, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer reader.Close()
	defer writer.Close()
	e := &environment{IOStreams: genericiooptions.IOStreams{Out: writer}}
	if style, _, isTerminal := e.terminal(); style.Width != screen.Usual || style.Colour || !style.IsPiped || isTerminal {
		t.Errorf("a pipe: %+v, a terminal %t", style, isTerminal)
	}
}
