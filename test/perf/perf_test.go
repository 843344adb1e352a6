// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"flag"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-logr/logr"
	"k8s.io/klog/v2"
	ctrl "sigs.k8s.io/controller-runtime"

	"github.com/elasticweb/elasticweb-operator/test/compile"
)

// TestMeasuresEverything runs all scenarios with few ElasticWebs. It checks what no slow machine changes: which
// requests are made. Times are for make bench.
func TestMeasuresEverything(t *testing.T) {
	if testing.Short() {
		t.Skip("needs a control plane")
	}
	ctrl.SetLogger(logr.Discard())
	klog.SetLogger(logr.Discard())
	t.Chdir("../..")
	s := settings{}
	s.bind(flag.NewFlagSet("perf", flag.PanicOnError))
	s.numbers, s.rest, s.churn, s.operator = []int{10}, 6*time.Second, time.Second, filepath.Join(t.TempDir(), "manager")
	if err := compile.Native(t.Context(), "cmd/manager", s.operator); err != nil {
		t.Fatal(err)
	}
	figures, err := measure(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []struct {
		scenario, name string
		least, most    float64
	}{
		{"create", "operator, s", 0, 600},
		{"create", "ratio", 0.001, 1000},
		{"create", "API server's CPU beside the bare client, ms per ElasticWeb", 0.001, 1e6},
		{"create", "API server's CPU, ms per ElasticWeb", 0.001, 1e6},
		{"create", "reads per ElasticWeb", 0, 0.2}, // the two of discovery: where pods roll, it asks once a minute whether the cluster has Karpenter.
		{"create", "writes per ElasticWeb", 4, 4},
		{"create", "reconciles per ElasticWeb", 0.1, 1.2}, // not one more for each write.
		{"change totalQPS", "reads per ElasticWeb", 0, 0},
		{"change totalQPS", "writes per ElasticWeb", 2, 2},
		{"change totalQPS", "reconciles per ElasticWeb", 0.1, 1.2},
		{"change totalQPS", "p99, ms to the Deployment's write", 0.001, 1e6},
		{"change totalQPS", "ratio", 0.001, 1000},
		{"change image", "ratio", 0.001, 1000},
		{"change image", "p99, ms to the Deployment's write", 0.001, 1e6},
		{"single change", "p50, ms to the Deployment's write", 0.001, 1e6},
		{"rest", "writes", 0, 0},
		{"rest", "reconciles per ElasticWeb", 0.001, 1e6},
		{"restart", "writes", 0, 0},
		{"restart", "reads", 1, 30}, // lists, watches and discovery: as many with any number of ElasticWebs.
		{"restart", "reconciles per ElasticWeb", 1, 1e6},
		{"memory", "heap, MiB", 0.001, 100},
		{"memory", "RSS, MiB", 0.001, 1000},
		{"memory", "of it the program's file, MiB", 0.001, 1000},
		{"pod churn", "status writes per event", 0.001, 1},
		{"pod churn", "reads per event", 0, 0.5}, // one where a write meets a change that was not seen yet.
		{"node heartbeats", "reconciles per event", 0, 0},
		{"node heartbeats", "writes per event", 0, 0},
		{"node cordons", "reconciles per event", 0.001, 10},
		{"node cordons", "writes per event", 0, 0},
		{"steady traffic", "writes", 0, 0},
		{"steady traffic", "reads", 0, 0},
		{"steady traffic", "queries per second", 0.1, 10}, // ten each 15 seconds, and what they tell of earlier days.
		{"registry", "requests to the registry", 20, 200}, // an index and more of each image, once.
		{"registry", "requests to the registry after a restart", 0, 0},
		{"peer", "create, requests each", 5, 1000},
	} {
		at := slices.IndexFunc(figures, func(f figure) bool { return f.Scenario == want.scenario && f.Name == want.name })
		if at < 0 {
			t.Errorf("%s: %s is missing", want.scenario, want.name)
		} else if got := figures[at].Value; got < want.least || got > want.most {
			t.Errorf("%s: %s is %g, want %g to %g", want.scenario, want.name, got, want.least, want.most)
		}
	}
}

func TestAddsUpTheSeriesOfAMetric(t *testing.T) {
	text := []byte("# HELP requests_total x\nrequests_total{code=\"200\",method=\"GET\"} 3\n" +
		"requests_total{code=\"200\",method=\"PATCH\"} 4\nrequests_total_other{method=\"GET\"} 5\nheap_bytes 1.5e+06\n")
	for _, c := range []struct {
		name, label string
		want        float64
	}{{"requests_total", "", 7}, {"requests_total", `method="GET"`, 3}, {"heap_bytes", "", 1.5e6}, {"heap", "", 0}} {
		if got, err := sum(text, c.name, c.label); err != nil || got != c.want {
			t.Errorf("%s with %q: got %g, %v, want %g", c.name, c.label, got, err, c.want)
		}
	}
}

func TestComparesWithABaseline(t *testing.T) {
	path := filepath.Join(t.TempDir(), "baseline.json")
	if err := writeFigures(path, []figure{{"create", "s", 10, 2}, {"rest", "writes", 10, 0}}); err != nil {
		t.Fatal(err)
	}
	baseline, err := readFigures(path)
	if err != nil {
		t.Fatal(err)
	}
	rounds := []figure{{"create", "s", 10, 9}, {"rest", "writes", 10, 1}, {"create", "s", 10, 3}, {"create", "s", 10, 1}}
	table := &bytes.Buffer{}
	if err := printTable(table, medians(rounds), baseline); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"create    s       3     1.50", "rest      writes  1     was 0"} {
		if !strings.Contains(table.String(), want) {
			t.Errorf("%q is missing in\n%s", want, table)
		}
	}
}

func TestTurnsAreOfAllElasticWebs(t *testing.T) {
	for n, want := range map[int]int{1: 1, 10: 1, 199: 1, 200: 2, 999: 9, 1000: 10, 1007: 10, 10000: 10} {
		parts, end := turns(n), 0
		for _, part := range parts {
			if part.begin != end || part.len() < min(n, leastTurn) {
				t.Errorf("%d: %v follows %d", n, part, end)
			}
			end = part.end
		}
		if len(parts) != want || end != n {
			t.Errorf("%d: %d turns up to %d, want %d", n, len(parts), end, want)
		}
	}
}

func TestRefusesAnUnknownScenario(t *testing.T) {
	if _, err := parseScenarios("restart,pod churn"); err != nil {
		t.Error(err)
	}
	if _, err := parseScenarios("restart,churn"); err == nil || !strings.Contains(err.Error(), `"churn"`) {
		t.Errorf("got %v, want an error that names the scenario", err)
	}
}

func TestNamesABadNumber(t *testing.T) {
	for _, text := range []string{"0", "10,x", "", "100000"} {
		if _, err := parseNumbers(text); err == nil {
			t.Errorf("%q was taken for numbers", text)
		}
	}
}
