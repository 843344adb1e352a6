// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package benchmark_test

import (
	"strings"
	"testing"

	"github.com/elasticweb/elasticweb-operator/api/v1alpha1"
	"github.com/elasticweb/elasticweb-operator/internal/benchmark"
	"github.com/elasticweb/elasticweb-operator/internal/loadtest"
)

// measuredOn is a benchmark whose first run measured 1000 on arm64 and 500 on amd64.
func measuredOn(t *testing.T) *v1alpha1.ElasticWebBenchmark {
	t.Helper()
	b := newBenchmark()
	b.Status = benchmark.Make(b, benchmark.Observed{Image: resolved("linux/amd64", "linux/arm64"), Nodes: nodes("amd64", "arm64")}, now)
	b.Status = benchmark.Make(b, benchmark.Observed{Pods: []benchmark.Pod{ended(t, b, "amd64", 500), ended(t, b, "arm64", 1000)}}, now)
	return b
}

func ended(t *testing.T, b *v1alpha1.ElasticWebBenchmark, architecture string, qps int32) benchmark.Pod {
	t.Helper()
	return benchmark.Pod{Run: b.Status.Run.ID, Architecture: architecture, Generator: benchmark.Container{
		Ended: true, Message: encoded(t, loadtest.Result{QPS: qps, Reason: loadtest.ReasonMeasured}),
	}}
}

// The last good result of an architecture stays where the next run of the same spec and image finds none.
func TestARerunLosesNoResult(t *testing.T) {
	for name, tc := range map[string]struct {
		change   func(*v1alpha1.ElasticWebBenchmark)
		digest   string
		nodes    []string
		evicted  []string
		want     string
		reason   string
		mentions string
	}{
		"all measured":         {nil, "sha256:d", []string{"amd64", "arm64"}, nil, "amd64=700,arm64=700", v1alpha1.ReasonMeasured, ""},
		"one evicted":          {nil, "sha256:d", []string{"amd64", "arm64"}, []string{"arm64"}, "arm64=1000,amd64=700", v1alpha1.ReasonPartlyMeasured, "the rate of an earlier run stays"},
		"all evicted":          {nil, "sha256:d", []string{"amd64", "arm64"}, []string{"amd64", "arm64"}, "arm64=1000,amd64=500", v1alpha1.ReasonNothingMeasured, "the rate of an earlier run stays"},
		"a node is away":       {nil, "sha256:d", []string{"amd64"}, nil, "arm64=1000,amd64=700", v1alpha1.ReasonMeasured, ""},
		"another build":        {nil, "sha256:e", []string{"amd64", "arm64"}, []string{"arm64"}, "amd64=700", v1alpha1.ReasonPartlyMeasured, "Evicted"},
		"another spec":         {func(b *v1alpha1.ElasticWebBenchmark) { b.Generation++ }, "sha256:d", []string{"amd64", "arm64"}, []string{"arm64"}, "amd64=700", v1alpha1.ReasonPartlyMeasured, "Evicted"},
		"another architecture": {nil, "sha256:d", []string{"amd64", "s390x"}, nil, "arm64=1000,amd64=700,s390x=700", v1alpha1.ReasonMeasured, ""},
	} {
		t.Run(name, func(t *testing.T) {
			b := measuredOn(t)
			b.Annotations = map[string]string{v1alpha1.AnnotationRerun: "again"}
			if tc.change != nil {
				tc.change(b)
			}
			image := resolved("linux/amd64", "linux/arm64", "linux/s390x")
			image.Facts.Digest = tc.digest
			b.Status = benchmark.Make(b, benchmark.Observed{Image: image, Nodes: nodes(tc.nodes...)}, later)
			if b.Status.QPSByArchitecture != "arm64=1000,amd64=500" {
				t.Errorf("while the next run is under way: %s", b.Status.QPSByArchitecture)
			}
			var pods []benchmark.Pod
			for _, architecture := range tc.nodes {
				pod := ended(t, b, architecture, 700)
				for _, evicted := range tc.evicted {
					if evicted == architecture {
						pod.Generator, pod.Failed = benchmark.Container{}, "Evicted"
					}
				}
				pods = append(pods, pod)
			}
			b.Status = benchmark.Make(b, benchmark.Observed{Pods: pods}, later)
			got := complete(b.Status)
			if b.Status.QPSByArchitecture != tc.want || got.Reason != tc.reason || !strings.Contains(got.Message, tc.mentions) {
				t.Errorf("got %s, %+v; want %s, %s", b.Status.QPSByArchitecture, got, tc.want, tc.reason)
			}
			if measured := benchmark.Measurements(b); measured["amd64"].QPS == 0 {
				t.Errorf("measurements are %v", measured)
			}
		})
	}
}

// A request longer than the CRD lets the status hold has a run of its own all the same, and one only.
func TestALongRequestForARerun(t *testing.T) {
	b := measuredOn(t)
	for _, request := range []string{strings.Repeat("x", 64), strings.Repeat("x", 65), strings.Repeat("x", 200_000), strings.Repeat("x", 200_000) + "y"} {
		b.Annotations = map[string]string{v1alpha1.AnnotationRerun: request}
		if !benchmark.NeedsRun(b) {
			t.Errorf("%d bytes are no new request", len(request))
		}
		b.Status = benchmark.Make(b, benchmark.Observed{Image: resolved("linux/amd64"), Nodes: nodes("amd64")}, later)
		if len(b.Status.Run.Rerun) > 64 || benchmark.NeedsRun(b) {
			t.Errorf("%d bytes are told in %d, and need a run again: %t", len(request), len(b.Status.Run.Rerun), benchmark.NeedsRun(b))
		}
	}
	b.Annotations[v1alpha1.AnnotationRerun] = strings.Repeat("x", 100)
	if b.Status.Run.Rerun = strings.Repeat("x", 100); benchmark.NeedsRun(b) {
		t.Error("a request that the status holds as it is, from before, is measured again")
	}
}
