// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package binaries

import (
	"strings"
	"testing"
	"time"
)

func TestMeterTellsProgressFromMessages(t *testing.T) {
	var out strings.Builder
	m := &meter{out: &out, title: "etcd v1.2.3", started: time.Now(), total: 7}
	for _, part := range []string{"go: downloading example.com/a v1.0.0\nexample.", "com/a\n", "golang.org/x/net/http2\n# example.com/a\n", "a.go:1:2: undefined: b"} {
		if _, err := m.Write([]byte(part)); err != nil {
			t.Fatal(err)
		}
	}
	if got, want := m.messages(), "# example.com/a\na.go:1:2: undefined: b"; got != want {
		t.Errorf("messages: got %q, want %q", got, want)
	}
	m.show()
	if got, want := out.String(), "etcd v1.2.3: 0s, 2 of up to 7 packages, golang.org/x/net/http2\n"; got != want {
		t.Errorf("progress: got %q, want %q", got, want)
	}
}

func TestMeterRewritesALineOfTheTerminal(t *testing.T) {
	var out strings.Builder
	m := &meter{out: &out, terminal: true, title: "etcd", started: time.Now(), activity: strings.Repeat("long/", 40)}
	m.show()
	line, rewritten := strings.CutPrefix(out.String(), "\r\033[K")
	if !rewritten || len(line) > terminalColumns || strings.Contains(line, "\n") {
		t.Errorf("got %q, want at most %d columns over the line before", out.String(), terminalColumns)
	}
}
