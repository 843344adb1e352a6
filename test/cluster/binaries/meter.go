// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package binaries

import (
	"bytes"
	"context"
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
	started  time.Time
	stopped  chan struct{}
	ticking  sync.WaitGroup

	mu       sync.Mutex
	partial  []byte // the beginning of a line whose end has not come yet
	compiled map[string]bool
	linked   map[string]bool
	expected *work // nil: not known yet
	activity string
	output   []string // the last lines that are not about progress
}

func startMeter(out io.Writer) *meter {
	m := newMeter(out)
	m.show()
	m.ticking.Go(m.tick)
	return m
}

func newMeter(out io.Writer) *meter {
	return &meter{
		out: out, terminal: isTerminal(out), started: time.Now(), stopped: make(chan struct{}),
		compiled: map[string]bool{}, linked: map[string]bool{}, activity: "resolving modules",
	}
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

// expect finds out how much there is to do, while the first of it is being done.
func (m *meter) expect(ctx context.Context, compilations []*compilation) {
	all := work{packages: map[string]float64{}, programs: map[string]float64{}}
	for _, c := range compilations {
		c.weigh(ctx, all)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.expected = &all
}

// finish notes programs that are linked.
func (m *meter) finish(programs []string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, program := range programs {
		m.linked[program] = true
	}
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
		m.compiled[line] = true
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
	if m.expected == nil {
		m.print(fmt.Sprintf("compiling: %s, %s", m.elapsed(), m.activity))
		return
	}
	done := m.done()
	m.print(fmt.Sprintf("compiling: %s, %.0f%%%s, %s", m.elapsed(), 100*done, left(time.Since(m.started), done), m.activity))
}

// done is the part of the work that is done, from 0 to 1.
func (m *meter) done() float64 {
	done, all := 0.0, 0.0
	for name, weight := range m.expected.packages {
		all += weight
		if m.compiled[name] {
			done += weight
		}
	}
	for path, weight := range m.expected.programs {
		all += weight
		if m.linked[path] || executable(path) {
			m.linked[path] = true // it may be moved to its place meanwhile
			done += weight
		}
	}
	if all == 0 {
		return 0
	}
	return done / all
}

// left is how long the rest takes at the same pace: no guess at the beginning, and no minute that is not sure.
func left(elapsed time.Duration, done float64) string {
	if done < 0.1 {
		return ""
	}
	rest := time.Duration(float64(elapsed) * (1 - done) / done)
	switch minutes := (rest + 30*time.Second) / time.Minute; {
	case minutes < 1:
		return ", less than a minute left"
	case minutes == 1:
		return ", about a minute left"
	default:
		return fmt.Sprintf(", about %d minutes left", minutes)
	}
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
	m.print(fmt.Sprintf("compiling: %s after %s", end, m.elapsed()))
	if m.terminal {
		fmt.Fprintln(m.out)
	}
}
