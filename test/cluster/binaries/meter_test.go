// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package binaries

import (
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestMeterTellsProgressFromMessages(t *testing.T) {
	var out strings.Builder
	m := newMeter(&out)
	m.expected = &work{packages: map[string]float64{"example.com/a": 60, "golang.org/x/net/http2": 20, "example.com/c": 20}}
	for _, part := range []string{"go: downloading example.com/a v1.0.0\nexample.", "com/a\n", "golang.org/x/net/http2\n# example.com/a\n", "a.go:1:2: undefined: b"} {
		if _, err := m.Write([]byte(part)); err != nil {
			t.Fatal(err)
		}
	}
	if got, want := m.messages(), "# example.com/a\na.go:1:2: undefined: b"; got != want {
		t.Errorf("messages: got %q, want %q", got, want)
	}
	m.show()
	if got, want := out.String(), "compiling: 0s, 80%, less than a minute left, golang.org/x/net/http2\n"; got != want {
		t.Errorf("progress: got %q, want %q", got, want)
	}
}

func TestLinkingIsAPartOfTheWork(t *testing.T) {
	m := newMeter(&strings.Builder{})
	folder, first := program(t, "first", "")
	second := filepath.Join(folder, "second")
	m.expected = &work{packages: map[string]float64{"a": 80}, programs: map[string]float64{first: 10, second: 10}}
	m.compiled["a"] = true
	if got := m.done(); got != 0.9 {
		t.Errorf("with one of two programs linked: got %v, want 0.9", got)
	}
	m.finish([]string{second}) // and moved away
	if got := m.done(); got != 1 {
		t.Errorf("with both: got %v, want 1", got)
	}
}

func TestTimeThatIsLeft(t *testing.T) {
	for _, test := range []struct {
		elapsed time.Duration
		done    float64
		want    string
	}{
		{0, 0, ""},
		{time.Minute, 0.09, ""},
		{time.Minute, 0.25, ", about 3 minutes left"},
		{time.Minute, 0.5, ", about a minute left"},
		{time.Minute, 0.9, ", less than a minute left"},
		{time.Minute, 1, ", less than a minute left"},
	} {
		if got := left(test.elapsed, test.done); got != test.want {
			t.Errorf("%.0f%% after %s: got %q, want %q", 100*test.done, test.elapsed, got, test.want)
		}
	}
}

func TestMeterRewritesALineOfTheTerminal(t *testing.T) {
	var out strings.Builder
	m := newMeter(&out)
	m.terminal, m.activity = true, strings.Repeat("long/", 40)
	m.show()
	line, rewritten := strings.CutPrefix(out.String(), "\r\033[K")
	if !rewritten || len(line) > terminalColumns || strings.Contains(line, "\n") {
		t.Errorf("got %q, want at most %d columns over the line before", out.String(), terminalColumns)
	}
}
