// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"context"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/elasticweb/elasticweb-operator/internal/loadtest"
	"github.com/elasticweb/elasticweb-operator/test/throttle"
)

// loadtestResult runs the command, and returns its exit code and what it wrote.
func loadtestResult(ctx context.Context, t *testing.T, args ...string) (int, loadtest.Result) {
	t.Helper()
	output := filepath.Join(t.TempDir(), "result.json")
	var log bytes.Buffer
	code := run(ctx, append(args, "--output="+output, "--architecture=arm64"), &log)
	t.Logf("%s", log.String())
	encoded, err := os.ReadFile(output)
	if err != nil {
		t.Error(err)
	}
	if len(encoded) > loadtest.MaxResultBytes {
		t.Errorf("the result has %d bytes, more than %d", len(encoded), loadtest.MaxResultBytes)
	}
	result, err := loadtest.DecodeResult(encoded)
	if err != nil {
		t.Error(err)
	}
	if result.Architecture != "arm64" {
		t.Errorf("the architecture is %q", result.Architecture)
	}
	return code, result
}

// TestMeasuresAThrottledServer is what the command is judged by: a server of exactly 500 requests/s is measured at 475 to
// 510, three times out of three. It measures time, and so wants a machine to itself: make test-loadtest.
func TestMeasuresAThrottledServer(t *testing.T) {
	if os.Getenv("LOADTEST_PRECISION") == "" {
		t.Skip("wants a quiet machine: run make test-loadtest")
	}
	// Side by side: together they are a small load, and the longer the steps, the less a busy machine matters.
	var group sync.WaitGroup
	for range 3 {
		url := serve(t, &throttle.Bucket{Interval: 2 * time.Millisecond, Patience: 400 * time.Millisecond, Next: status(http.StatusOK)})
		group.Go(func() {
			code, result := loadtestResult(t.Context(), t, "--target="+url, "--duration=50s", "--latency-target=500ms", "--max-qps=2000")
			if code != 0 || result.Reason != loadtest.ReasonMeasured || result.AtLeast || result.QPS < 475 || result.QPS > 510 {
				t.Errorf("exit code %d, %+v, want 475 to 510 requests/s", code, result)
			}
		})
	}
	group.Wait()
}

func TestNamesWhatIsWrongWithATarget(t *testing.T) {
	if testing.Short() {
		t.Skip("takes half a minute")
	}
	slow := func(_ http.ResponseWriter, r *http.Request) {
		select {
		case <-time.After(300 * time.Millisecond):
		case <-r.Context().Done():
		}
	}
	hang := func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }
	for name, tc := range map[string]struct {
		target string
		want   loadtest.Reason
	}{
		"refuses":       {refuse(t), loadtest.ReasonConnectionRefused},
		"5xx":           {serve(t, status(http.StatusInternalServerError)), loadtest.ReasonServerErrors},
		"4xx":           {serve(t, status(http.StatusNotFound)), loadtest.ReasonClientErrors},
		"closes":        {serve(t, http.HandlerFunc(hangUp)), loadtest.ReasonConnectionClosed},
		"slow":          {serve(t, http.HandlerFunc(slow)), loadtest.ReasonTooSlow},
		"never answers": {serve(t, http.HandlerFunc(hang)), loadtest.ReasonTimeout},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			code, result := loadtestResult(t.Context(), t,
				"--target="+tc.target, "--duration=30s", "--latency-target=100ms", "--wait=3s")
			if code != 0 || result.Reason != tc.want || result.QPS != 0 || result.Message == "" {
				t.Errorf("exit code %d, %+v, want %s with a message", code, result, tc.want)
			}
		})
	}
}

func TestInterruptedWritesWhatIsKnown(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
	defer cancel()
	code, result := loadtestResult(ctx, t, "--target="+serve(t, status(http.StatusOK)), "--duration=20s")
	if code != 0 || result.Reason != loadtest.ReasonInterrupted || len(result.Steps) == 0 {
		t.Errorf("exit code %d, %+v, want Interrupted with the steps so far", code, result)
	}
}

func TestRefusesFlagsThatMakeNoSense(t *testing.T) {
	for name, args := range map[string][]string{
		"no target":    {},
		"https":        {"--target=https://127.0.0.1"},
		"no rate":      {"--target=http://127.0.0.1", "--max-qps=0"},
		"no time":      {"--target=http://127.0.0.1", "--duration=1s"},
		"no latency":   {"--target=http://127.0.0.1", "--latency-target=0s"},
		"all may fail": {"--target=http://127.0.0.1", "--error-rate-target=1"},
		"unknown flag": {"--no-such-flag"},
		"no flag":      {"--target=http://127.0.0.1", "now", "--output=/nowhere/else"},
	} {
		t.Run(name, func(t *testing.T) {
			var stderr bytes.Buffer
			if code := run(t.Context(), args, &stderr); code != 2 || stderr.Len() == 0 {
				t.Errorf("exit code %d, %q, want 2 with a message", code, stderr.String())
			}
		})
	}
}

func TestWritesTheResultOverAFileAndAnew(t *testing.T) {
	dir := t.TempDir()
	old := filepath.Join(dir, "old")
	if err := os.WriteFile(old, bytes.Repeat([]byte("x"), 10_000), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{old, filepath.Join(dir, "new")} {
		if err := write(path, loadtest.Result{Reason: loadtest.ReasonMeasured, QPS: 7}); err != nil {
			t.Fatal(err)
		}
		encoded, err := os.ReadFile(path)
		if err != nil || string(encoded) != `{"qps":7,"reason":"Measured"}` {
			t.Errorf("%s holds %q, %v", path, encoded, err)
		}
	}
	if entries, err := os.ReadDir(dir); err != nil || len(entries) != 2 {
		t.Errorf("%d files, %v, want 2", len(entries), err)
	}
	if err := write(filepath.Join(dir, "missing", "result"), loadtest.Result{}); err == nil {
		t.Error("a folder that does not exist is no error")
	}
}
