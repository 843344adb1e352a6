// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package binaries

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"
)

const (
	terminalInterval = time.Second
	logInterval      = 20 * time.Second
	keptMessages     = 40
	// A line that wraps cannot be rewritten, and every terminal has 80 columns.
	terminalColumns = 79
)

// packageLine is a line of "go build -v" that names a package which it compiles.
var packageLine = regexp.MustCompile(`^[\w.~/-]+$`)

// meter reads the output of "go build -v" and shows how far the build is: on a
// terminal in one line that is rewritten, elsewhere in a line now and then.
type meter struct {
	out      io.Writer
	terminal bool
	title    string
	started  time.Time
	stopped  chan struct{}
	ticking  sync.WaitGroup

	mu       sync.Mutex
	partial  []byte // the beginning of a line whose end has not come yet
	compiled int
	total    int // 0: not known yet
	activity string
	output   []string // the last lines that are not about progress
}

func startMeter(out io.Writer, title string) *meter {
	m := &meter{out: out, terminal: isTerminal(out), title: title, started: time.Now(), stopped: make(chan struct{}), activity: "resolving modules"}
	m.show()
	m.ticking.Go(m.tick)
	return m
}

func isTerminal(out io.Writer) bool {
	file, ok := out.(*os.File)
	if !ok {
		return false
	}
	info, err := file.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0 && os.Getenv("TERM") != "dumb"
}

func (m *meter) tick() {
	interval := logInterval
	if m.terminal {
		interval = terminalInterval
	}
	ticker := time.NewTicker(interval)
	defer ticker.Stop()
	for {
		select {
		case <-ticker.C:
			m.show()
		case <-m.stopped:
			return
		}
	}
}

func (m *meter) setTotal(packages int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.total, m.activity = packages, "compiling and linking"
}

// Write takes what the go command prints.
func (m *meter) Write(p []byte) (int, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.partial = append(m.partial, p...)
	for {
		end := bytes.IndexByte(m.partial, '\n')
		if end < 0 {
			return len(p), nil
		}
		m.line(string(m.partial[:end]))
		m.partial = m.partial[end+1:]
	}
}

func (m *meter) line(line string) {
	switch {
	case packageLine.MatchString(line):
		m.compiled++
		m.activity = line
	case strings.HasPrefix(line, "go: downloading "):
		m.activity = strings.TrimPrefix(line, "go: ")
	default:
		m.output = append(m.output, line)
		m.output = slices.Delete(m.output, 0, max(0, len(m.output)-keptMessages))
	}
}

// messages returns what the go command had to say beside its progress.
func (m *meter) messages() string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return strings.Join(append(m.output, string(m.partial)), "\n")
}

func (m *meter) show() {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.total == 0 {
		m.print(fmt.Sprintf("%s: %s, %s", m.title, m.elapsed(), m.activity))
		return
	}
	m.print(fmt.Sprintf("%s: %s, %d of up to %d packages, %s", m.title, m.elapsed(), m.compiled, m.total, m.activity))
}

func (m *meter) print(state string) {
	if m.terminal {
		fmt.Fprintf(m.out, "\r\033[K%.*s", terminalColumns, state)
		return
	}
	fmt.Fprintln(m.out, state)
}

func (m *meter) elapsed() time.Duration {
	return time.Since(m.started).Round(time.Second)
}

// stop leaves one line that tells how it ended.
func (m *meter) stop(err error) {
	close(m.stopped)
	m.ticking.Wait()
	end := "done"
	if err != nil {
		end = "failed"
	}
	m.print(fmt.Sprintf("%s: %s after %s", m.title, end, m.elapsed()))
	if m.terminal {
		fmt.Fprintln(m.out)
	}
}
