// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package benchmark_test

import (
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/elasticweb/elasticweb-operator/api/v1alpha1"
	"github.com/elasticweb/elasticweb-operator/internal/benchmark"
)

// ranTwice is a benchmark of two architectures that was run twice: arm64 had a rate in the first run, and neither had one in the second.
func ranTwice() *v1alpha1.ElasticWebBenchmark {
	b := newBenchmark("amd64", "arm64")
	b.Status = benchmark.Make(b, benchmark.Observed{Image: resolved("linux/amd64", "linux/arm64"), Nodes: nodes("amd64", "arm64")}, metav1.Now())
	none := func(name v1alpha1.Architecture) *v1alpha1.BenchmarkResult {
		return &v1alpha1.BenchmarkResult{Architecture: name, Reason: v1alpha1.ReasonNoResult, Message: "the pod failed", Generation: 1, ImageDigest: "sha256:d"}
	}
	for i := range b.Status.Run.Architectures {
		a := &b.Status.Run.Architectures[i]
		a.State, a.Reason, a.Result = v1alpha1.RunStateFinished, "", none(a.Architecture)
	}
	rate := none("arm64")
	rate.QPS, rate.Reason, rate.Message = 800, "", ""
	b.Status.Results = []v1alpha1.BenchmarkResult{*none("amd64"), *rate}
	return b
}

// What an earlier run found stays where the last one found nothing; that it found nothing either stays nowhere.
func TestResultsOfAnEarlierRun(t *testing.T) {
	b := ranTwice()
	status := benchmark.Make(b, benchmark.Observed{}, metav1.Now())
	if len(status.Results) != 2 {
		t.Errorf("results: %+v", status.Results)
	}
	message := complete(status).Message
	if strings.Count(message, "the rate of an earlier run stays") != 1 || !strings.Contains(message, "arm64: NoResult: the pod failed (the rate") {
		t.Errorf("it says %q", message)
	}
	b.Status.Results = status.Results
	if got := benchmark.Measurements(b); len(got) != 1 || got["arm64"].QPS != 800 {
		t.Errorf("measured are %v", got)
	}
	b.Status.Results = status.Results[:0]
	if got := benchmark.Measurements(b); got != nil {
		t.Errorf("measured are %v of nothing", got)
	}
}

// Without a proxy there is no value of one: the chart would render it.
func TestValuesWithoutAProxy(t *testing.T) {
	values, err := benchmark.Values(ranTwice(), nil)
	if _, isThere := values["proxy"]; err != nil || isThere {
		t.Errorf("proxy: %v, %v", values["proxy"], err)
	}
}
