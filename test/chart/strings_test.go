// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package chart_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

// What stands in a value stays in it, whatever YAML and Helm's templates would make of it. For those that the operator gives, which is
// none of these labels and annotations, see the fuzz test of controllers/benchmark.
func TestStringsAreRenderedAsGiven(t *testing.T) {
	for _, words := range []string{
		"\n", "\r", "\t", "\x00", "\x7f", "\u0085", "\u009f", "\u00a0", "\u2028", "\u2029", "\ufeff", "\ufffe", "\uffff", "\U0001F600", `"`, `\`, "'", "{{ .Values }}",
		"<no value>", "- a", "a: b", "# a", "---", "\n---\n", "&a", "*a", "!!int 1", "%", "~", "yes", "1e3", "<<",
		"x\u2028spec:\u2028  hostNetwork: true", "x\n\u0085---\u0085kind: Pod\n",
	} {
		given := values(t, least)
		given["podLabels"], given["podAnnotations"] = map[string]any{words: words}, map[string]any{words: words}
		given["args"], given["nodeSelector"] = []any{words}, map[string]any{words: words}
		job := rendered(t, "shop", given)[0]
		pod := job.Spec.Template
		got := []any{pod.Labels[words], pod.Annotations, pod.Spec.NodeSelector, pod.Spec.InitContainers[0].Args, pod.Spec.HostNetwork, len(pod.Labels)}
		want := []any{words, map[string]string{words: words}, map[string]string{words: words}, []string{words}, false, 7}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%q (-given +rendered):\n%s", words, diff)
		}
	}
}
