// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"strings"
	"testing"
)

func TestRender(t *testing.T) {
	o := &object{Object: map[string]any{
		"spec": map[string]any{
			"list":  extended([]any{"a", "{{ not a directive }}"}, items("more")),
			"name":  inline("{{ $.Release.Name }}") + "-web",
			"scope": block(when("$.Values.on", "scope: all\n")),
		},
	}}
	got, err := render(o)
	want := `spec:
  list:
  - a
  - '{{ ` + "`{{`" + ` }} not a directive }}'
  {{- with $.Values.more }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
  name: {{ $.Release.Name }}-web
  {{- if $.Values.on }}
  scope: all
  {{- end }}
`
	if err != nil || got != want {
		t.Errorf("got %v\n%s\nwant\n%s", err, got, want)
	}
}

// A block takes its line away, with the dash of an item where it is the first field of one.
func TestRenderRefusesABlockThatTakesADashAway(t *testing.T) {
	o := &object{Object: map[string]any{"list": []any{map[string]any{"a": block("a: b\n"), "c": "d"}}}}
	if text, err := render(o); err == nil || !strings.Contains(err.Error(), "first field of an item") {
		t.Errorf("got %v\n%s", err, text)
	}
}

func TestAnObjectThatDiffersBetweenTheOverlaysIsNotGuessed(t *testing.T) {
	with := func(value string) map[string]*object {
		o := &object{Object: map[string]any{"kind": "ConfigMap", "metadata": map[string]any{"name": "a"}, "data": value}}
		return map[string]*object{key(o): o}
	}
	m := &overlays{cluster: with("one"), namespaced: with("another")}
	if text, err := m.template("ConfigMap a "); err == nil || !strings.Contains(err.Error(), "teach hack/chart") {
		t.Errorf("got %v\n%s", err, text)
	}
}

func TestAConditionOfARoleThatIsGoneIsAnError(t *testing.T) {
	if err := (&overlays{}).checkConditions(); err == nil {
		t.Error("no error")
	}
}

func TestExplained(t *testing.T) {
	got, err := explained("# Of the file.\n\n# Of the first\n# value.\nfirst: 1\ngroup:\n  # Of the second.\n  second: []\n")
	if err != nil || len(got) != 2 || got[0] != (value{"first", "`1`", "Of the first value."}) || got[1] != (value{"group.second", "`[]`", "Of the second."}) {
		t.Errorf("got %v, %v", got, err)
	}
	if _, err := explained("# Of it.\nfirst: 1\nsecond: 2\n"); err == nil || !strings.Contains(err.Error(), "second") {
		t.Errorf("a value without a comment: %v", err)
	}
}
