// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package apply

import (
	"encoding/json"
	"strings"
	"testing"
)

func TestBody(t *testing.T) {
	for name, tc := range map[string]struct{ configuration, want string }{
		"own annotations": {
			`{"kind":"A","metadata":{"name":"a","annotations":{"x":"1"}},"spec":{"n":12345678901234567}}`,
			`{"kind":"A","metadata":{"annotations":{"elasticweb.example.com/intent":"HASH","note":"2","x":"1"},"name":"a","resourceVersion":"7"},"spec":{"n":12345678901234567}}`,
		},
		"no annotations": {
			`{"metadata":{}}`,
			`{"metadata":{"annotations":{"elasticweb.example.com/intent":"HASH","note":"2"},"resourceVersion":"7"}}`,
		},
		"null for annotations": {
			`{"metadata":{"annotations":null}}`,
			`{"metadata":{"annotations":{"elasticweb.example.com/intent":"HASH","note":"2"},"resourceVersion":"7"}}`,
		},
		"no metadata":       {`{"spec":{}}`, ""},
		"null for metadata": {`{"metadata":null}`, ""},
		"no object":         {`[]`, ""},
		"null":              {`null`, ""},
	} {
		t.Run(name, func(t *testing.T) {
			wanted := preparedOf(t, Intent{
				Kind: "A", Name: "a", Configuration: json.RawMessage(tc.configuration), Notes: map[string]string{"note": "2"},
			})
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
