// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package apply

import (
	"encoding/json"
	"strings"
	"testing"

	corev1ac "k8s.io/client-go/applyconfigurations/core/v1"
)

func TestBody(t *testing.T) {
	for name, tc := range map[string]struct {
		configuration any
		want          string
	}{
		"own annotations": {
			map[string]any{"kind": "A", "metadata": map[string]any{"name": "a", "annotations": map[string]string{"x": "1"}}, "spec": map[string]any{"n": 12345678901234567}},
			`{"kind":"A","metadata":{"annotations":{"elasticweb.example.com/intent":"HASH","note":"2","x":"1"},"name":"a","resourceVersion":"7"},"spec":{"n":12345678901234567}}`,
		},
		"an apply configuration": {
			corev1ac.Service("a", "b").WithAnnotations(map[string]string{"x": "<1>"}).WithSpec(corev1ac.ServiceSpec().WithClusterIP("None")),
			`{"kind":"Service","apiVersion":"v1","metadata":{"annotations":{"elasticweb.example.com/intent":"HASH","note":"2","x":"\u003c1\u003e"},"name":"a","namespace":"b","resourceVersion":"7"},"spec":{"clusterIP":"None"}}`,
		},
		"metadata of others": {
			map[string]any{"metadata": map[string]any{"labels": map[string]string{"a": "1"}}, "template": map[string]any{"metadata": map[string]any{"labels": map[string]string{"a": "1"}}}},
			`{"metadata":{"annotations":{"elasticweb.example.com/intent":"HASH","note":"2"},"labels":{"a":"1"},"resourceVersion":"7"},"template":{"metadata":{"labels":{"a":"1"}}}}`,
		},
		"no annotations": {
			map[string]any{"metadata": map[string]any{}},
			`{"metadata":{"annotations":{"elasticweb.example.com/intent":"HASH","note":"2"},"resourceVersion":"7"}}`,
		},
		"null for annotations": {
			map[string]any{"metadata": map[string]any{"annotations": nil}},
			`{"metadata":{"annotations":{"elasticweb.example.com/intent":"HASH","note":"2"},"resourceVersion":"7"}}`,
		},
		"marshalled": {json.RawMessage(`{"metadata":{"name":"a"}}`),
			`{"metadata":{"annotations":{"elasticweb.example.com/intent":"HASH","note":"2"},"name":"a","resourceVersion":"7"}}`},
		"no metadata":       {map[string]any{"spec": map[string]any{}}, ""},
		"null for metadata": {map[string]any{"metadata": nil}, ""},
		"a nil map":         {map[string]any{"metadata": map[string]string(nil)}, ""},
		"text for metadata": {map[string]any{"metadata": "a"}, ""},
		"no object":         {[]int{}, ""},
		"null":              {nil, ""},
	} {
		t.Run(name, func(t *testing.T) {
			wanted := preparedOf(t, Intent{Kind: "A", Name: "a", Configuration: tc.configuration, Notes: map[string]string{"note": "2"}})
			body, err := wanted.body("7")
			if (err != nil) != (tc.want == "") {
				t.Fatalf("error %v", err)
			}
			if want := strings.ReplaceAll(tc.want, "HASH", wanted.hash); string(body) != want {
				t.Errorf("got  %s\nwant %s", body, want)
			}
		})
	}
}
