// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"os"
	"strings"
	"time"
	"unicode/utf8"
)

const (
	textColumns = 68 // and the time make 80, what every terminal has
	bold, plain = "\033[1m", "\033[0m"
)

// console prints the demo: headings, steps with the time that they took, commands, tables.
type console struct {
	out      *os.File
	terminal bool
	started  time.Time
}

func newConsole(out *os.File) *console {
	info, err := out.Stat()
	terminal := err == nil && info.Mode()&os.ModeCharDevice != 0 && os.Getenv("TERM") != "dumb" && os.Getenv("NO_COLOR") == ""
	return &console{out: out, terminal: terminal, started: time.Now()}
}

func (c *console) heading(format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	if c.terminal {
		text = bold + text + plain
	}
	fmt.Fprintf(c.out, "\n%s\n", text)
}

func (c *console) text(format string, args ...any) {
	fmt.Fprintf(c.out, format+"\n", args...)
}

// table prints lines indented, below a blank one.
func (c *console) table(text string) {
	fmt.Fprintln(c.out)
	for line := range strings.Lines(text) {
		fmt.Fprint(c.out, "  "+line)
	}
}

func (c *console) command(text string) {
	fmt.Fprintf(c.out, "  $ %s\n", text)
}

// step says what is being done, does it, and says in the same line how long it took.
func (c *console) step(text string, do func() error) error {
	fmt.Fprint(c.out, "  ", padded(text))
	started := time.Now()
	err := do()
	end := "failed"
	if err == nil {
		end = seconds(time.Since(started))
	}
	fmt.Fprintf(c.out, " %7s\n", end)
	return err
}

func (c *console) elapsed() string { return seconds(time.Since(c.started)) }

// padded leads the eye from a text to the number at the line's end.
func padded(text string) string {
	return text + " " + strings.Repeat(".", max(2, textColumns-utf8.RuneCountInString(text)))
}

func seconds(d time.Duration) string { return fmt.Sprintf("%.1f s", d.Seconds()) }
