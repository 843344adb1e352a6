// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package screen

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"

	"github.com/elasticweb/elasticweb-operator/api/v1alpha1"
)

// Benchmark is how far a measurement is: a bar for each architecture. now is zero where the time that has passed is not to be drawn.
func Benchmark(b *v1alpha1.ElasticWebBenchmark, now time.Time, style Style) string {
	complete := ptr.Deref(meta.FindStatusCondition(b.Status.Conditions, v1alpha1.ConditionComplete), metav1.Condition{Reason: "Waiting", Message: "the operator has not reported on it yet"})
	lines := []string{style.paint(strong, Line("ElasticWebBenchmark "+b.Name+" in "+b.Namespace, style.Width))}
	lines = append(lines, labelled("Image", b.Spec.Image, style)...)
	lines = append(lines, labelled("State", complete.Reason+": "+complete.Message, style)...)
	if run := b.Status.Run; run != nil && run.Generation == b.Generation {
		for _, architecture := range run.Architectures {
			lines = append(lines, progress(b, architecture, now, style)...)
		}
	}
	return strings.Join(lines, "\n") + "\n"
}

// progressBar is short: what is said beside it matters more.
const progressBar = 20

func progress(b *v1alpha1.ElasticWebBenchmark, of v1alpha1.ArchitectureRun, now time.Time, style Style) []string {
	whole, part := int64(100), int64(0)
	switch started := b.Status.Run.StartedAt; {
	case of.State == v1alpha1.RunStateFinished:
		part = whole
	case of.State == v1alpha1.RunStateRunning && started != nil && !now.IsZero():
		duration, _ := time.ParseDuration(string(b.Spec.Duration)) // the API server has checked it.
		part = min(int64(100*now.Sub(started.Time)/max(duration, time.Second)), 99)
	}
	text := Line(cmp.Or(string(of.State), "Waiting"), 10)
	switch {
	case of.Result != nil && of.Result.QPS > 0:
		text += ", " + rate(*of.Result) + " QPS"
	case of.Reason != "" && of.Reason != string(of.State):
		text += ", " + Line(of.Reason, 30)
	}
	lines := []string{columns.FillRight(Line(string(of.Architecture), labelWidth-1), labelWidth) + style.bar(part, whole, progressBar) + " " + Line(text, style.Width-labelWidth-progressBar-3)}
	if of.State != v1alpha1.RunStateFinished {
		lines = append(lines, firstLines(indented(strings.Repeat(" ", labelWidth), of.Message, style), 2)...)
	}
	return lines
}

func rate(result v1alpha1.BenchmarkResult) string {
	text := Number(int64(result.QPS))
	if result.AtLeast {
		text += "+"
	}
	return text
}

// BenchmarkResults is the table that a measurement ends with.
func BenchmarkResults(b *v1alpha1.ElasticWebBenchmark, style Style) string {
	results := slices.SortedFunc(slices.Values(b.Status.Results), func(x, y v1alpha1.BenchmarkResult) int {
		return cmp.Or(cmp.Compare(y.QPS, x.QPS), cmp.Compare(x.Architecture, y.Architecture))
	})
	var rows [][]string
	var messages []string
	for _, result := range results {
		qps := rate(result)
		if result.QPS == 0 {
			qps = "-"
		}
		rows = append(rows, []string{Line(string(result.Architecture), 12), qps, Line(result.P50, 12), Line(result.P99, 12), Line(result.ErrorRate, 12),
			cmp.Or(Line(result.LimitedBy, 20), Line(result.Reason, 20)), Line(result.Node, 63)})
		if result.QPS == 0 && result.Message != "" {
			messages = append(messages, indented("  ", string(result.Architecture)+": "+result.Message, style)...)
		}
	}
	if len(rows) == 0 {
		return ""
	}
	lines := append(style.table([]string{"ARCHITECTURE", "QPS", "P50", "P99", "ERRORS", "LIMITED BY", "NODE"}, rows), messages...)
	return strings.Join(lines, "\n") + "\n"
}
