// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package apply

import (
	"testing"

	"github.com/elasticweb/elasticweb-operator/internal/packed"
)

// Objects are compared by what the intent has, lists as a whole.
func TestComparesJSON(t *testing.T) {
	intent := map[string]any{"host": "a", "to": map[string]any{"weight": int32(7)}, "rules": []any{map[string]any{"name": "x"}}}
	for name, test := range map[string]struct {
		live packed.JSON
		want int
	}{
		"the same":                 {`{"host":"a","to":{"weight":7},"rules":[{"name":"x"}]}`, 0},
		"more in objects":          {`{"host":"a","to":{"weight":7,"kind":"K"},"rules":[{"name":"x"}],"tls":{}}`, 0},
		"another value":            {`{"host":"b","to":{"weight":7},"rules":[{"name":"x"}]}`, 1},
		"more in an element":       {`{"host":"a","to":{"weight":7},"rules":[{"name":"x","filters":[]}]}`, 1},
		"one more element":         {`{"host":"a","to":{"weight":7},"rules":[{"name":"x"},{"name":"y"}]}`, 1},
		"one less, and one other":  {`{"to":{"weight":8},"rules":[{"name":"x"}]}`, 2},
		"nothing":                  {``, 3},
		"what is too long":         {`null`, 3},
		"something else":           {`[1]`, 3},
		"what cannot be decoded":   {`{`, 1},
		"a number of another kind": {`{"host":1,"to":{"weight":7},"rules":[{"name":"x"}]}`, 1},
	} {
		if found := differentJSON(test.live, intent); len(found) != test.want {
			t.Errorf("%s: found %q, want %d", name, found, test.want)
		}
	}
}
