// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"

	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	elasticwebv1 "github.com/elasticweb/elasticweb-operator/api/v1"
	"github.com/elasticweb/elasticweb-operator/test/cluster"
	"github.com/elasticweb/elasticweb-operator/test/output"
)

// written is what a program has written so far.
type written struct{ output.Buffer }

// controls are those that the plugin writes, and the end of a line as a terminal makes it.
var controls = regexp.MustCompile("\x1b\\[[0-9;]*[A-Za-z]|\r?\n|[^\x1b\r\n]+")

// screen is what a terminal shows, as xterm would. It knows no more than the plugin uses.
func (w *written) screen(t *testing.T) []string {
	t.Helper()
	lines, row, column := make([][]rune, 30), 0, 0
	text := w.String()
	if at := strings.LastIndexByte(text, '\x1b'); at >= 0 && !controls.MatchString(text[at:]) {
		text = text[:at] // the rest of it is on its way.
	}
	for _, piece := range controls.FindAllString(text, -1) {
		switch piece {
		case "\x1b[2J":
			clear(lines)
		case "\x1b[H":
			row, column = 0, 0
		case "\x1b[K":
			lines[row] = lines[row][:min(column, len(lines[row]))]
		case "\x1b[J": // at the beginning of a line, where the plugin writes it.
			clear(lines[row:])
		case "\n", "\r\n":
			if row, column = row+1, 0; row == len(lines) {
				t.Fatalf("it scrolls: %q", lines)
			}
		default:
			if strings.HasPrefix(piece, "\x1b") {
				t.Fatalf("%q is not known", piece)
			}
			text := []rune(piece)
			lines[row] = slices.Concat(lines[row][:column], text, lines[row][min(column+len(text), len(lines[row])):])
			column += len(text)
		}
	}
	var shown []string
	for _, line := range lines {
		shown = append(shown, string(line))
	}
	return shown
}

// start runs the plugin as a process.
func (b *bench) start(set func(*exec.Cmd), args ...string) *exec.Cmd {
	b.Helper()
	program, err := os.Executable()
	if err != nil {
		b.Fatal(err)
	}
	command := exec.Command(program, append(args, "--kubeconfig", b.kubeconfig, "--cache-dir", b.TempDir(), "-n", b.namespace)...)
	command.Env = append(os.Environ(), runsMain+"=1", "NO_COLOR=1", "TERM=xterm")
	set(command)
	if err := command.Start(); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = command.Process.Kill() })
	return command
}

func (b *bench) setTotalQPS(qps int32) {
	b.Helper()
	web := b.read()
	before := web.DeepCopy()
	web.Spec.TotalQPS = ptr.To(qps)
	if err := shared.Client.Patch(b.Context(), web, client.MergeFrom(before)); err != nil {
		b.Fatal(err)
	}
}

// TestWatchInATerminal: the screen is drawn over itself as the cluster changes, fits the terminal, outlives an API server that is away, and ends with Ctrl-C.
func TestWatchInATerminal(t *testing.T) {
	b := newBench(t)
	b.create(b.shop())
	b.settle()
	terminal, master := newTerminal(t)
	seen := &written{}
	command := b.start(func(command *exec.Cmd) {
		command.Stdin, command.Stdout, command.Stderr = terminal, terminal, terminal
		command.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	}, "status", "shop", "--watch", "--interval", "500ms")
	go func() { _, _ = io.Copy(seen, master) }() // ends with the terminal.
	shows := func(what string, holds func(lines []string) bool) {
		t.Helper()
		b.eventually("the screen shows "+what, func() (bool, string) {
			lines := seen.screen(t)
			return holds(lines), strings.Join(lines, "\n")
		})
	}
	says := func(text string) func([]string) bool {
		return func(lines []string) bool { return strings.Contains(strings.Join(lines, "\n"), text) }
	}
	shows("three pods", says("3 of 3 ready"))
	b.setTotalQPS(4000)
	shows("five pods, and three no more", func(lines []string) bool {
		text := strings.Join(lines, "\n")
		return strings.Contains(text, "5 of 5 ready") && !strings.Contains(text, "3 of 3 ready") && strings.Count(text, "shop in ") == 1
	})
	resize(t, master, 60)
	shows("lines of 60 columns", func(lines []string) bool {
		for _, line := range lines {
			if len([]rune(line)) > 60 {
				return false
			}
		}
		return says("5 of 5 ready")(lines)
	})

	if err := shared.StopComponent(cluster.APIServer); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = shared.StartComponent(context.WithoutCancel(t.Context()), cluster.APIServer) }) // is refused where it runs.
	shows("what was last seen, and since when", func(lines []string) bool { return says("5 of 5 ready")(lines) && says("Not read since ")(lines) })
	if err := shared.StartComponent(t.Context(), cluster.APIServer); err != nil {
		t.Fatal(err)
	}
	shows("the cluster again", func(lines []string) bool { return says("5 of 5 ready")(lines) && !says("Not read since ")(lines) })
	b.setTotalQPS(1600)
	shows("two pods", says("2 of 2 ready"))

	if text := seen.String(); strings.Contains(text, ".go:") {
		t.Errorf("logs of a library are in the middle of the screen: %q", text)
	}
	if number := strings.Count(seen.String(), "\x1b[2J"); number != 1 {
		t.Errorf("the terminal was cleared %d times: it flickers", number)
	}
	if _, err := master.WriteString("\x03"); err != nil {
		t.Fatal(err)
	}
	if err := command.Wait(); err != nil {
		t.Errorf("Ctrl-C: %v", err)
	}
}

// TestWatchIntoAPipe: what differs is written, without a single control character, until nobody reads it any more.
func TestWatchIntoAPipe(t *testing.T) {
	b := newBench(t)
	b.create(b.shop())
	b.settle()
	reader, writer, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	command := b.start(func(command *exec.Cmd) { command.Stdout = writer }, "status", "shop", "--watch", "--interval", "500ms")
	writer.Close()
	seen := &written{}
	go func() { _, _ = io.Copy(seen, reader) }()
	shows := func(text string) {
		t.Helper()
		b.eventually("it writes "+text, func() (bool, string) { return strings.Contains(seen.String(), text), seen.String() })
	}
	shows("3 of 3 ready")
	b.setTotalQPS(4000)
	shows("5 of 5 ready")
	text := seen.String()
	if strings.ContainsAny(text, "\x1b\r") {
		t.Errorf("it has control characters: %q", text)
	}
	screens := strings.Split(text, "shop in ")[1:]
	for i, screen := range screens[1:] {
		if screen == screens[i] {
			t.Errorf("it is written twice:\n%s", screen)
		}
	}
	reader.Close()
	b.setTotalQPS(1600)
	var ended *exec.ExitError
	if err := command.Wait(); !errors.As(err, &ended) {
		t.Errorf("nobody reads it, and it ends with %v", err)
	}
}

// TestWatchEndsWithTheElasticWeb: what was deleted does not come back.
func TestWatchEndsWithTheElasticWeb(t *testing.T) {
	b := newBench(t)
	b.create(b.shop())
	b.settle()
	seen, told := &written{}, &written{}
	command := b.start(func(command *exec.Cmd) { command.Stdout, command.Stderr = seen, told }, "status", "shop", "--watch", "--interval", "500ms")
	b.eventually("it is shown", func() (bool, string) { return strings.Contains(seen.String(), "3 of 3 ready"), seen.String() })
	if err := shared.Client.Delete(t.Context(), &elasticwebv1.ElasticWeb{ObjectMeta: b.read().ObjectMeta}); err != nil {
		t.Fatal(err)
	}
	if err := command.Wait(); err == nil || !strings.Contains(told.String(), "not found") {
		t.Errorf("%v: %s", err, told)
	}
}
