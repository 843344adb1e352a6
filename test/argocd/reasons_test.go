// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package argocd_test

import (
	"testing"

	"github.com/elasticweb/elasticweb-operator/test/reasons"
)

func healthOf(state reasons.Row) string {
	switch {
	case state.Stalled == "True":
		return "Degraded"
	case state.Summary == "True":
		return "Healthy"
	case state.Reconciling == "True":
		return "Progressing"
	case state.Reason == "Paused":
		return "Suspended"
	}
	return "a health that this test knows"
}

func TestEveryReasonHasItsHealth(t *testing.T) {
	for kind, table := range reasons.Tables {
		rows, err := table.Rows(root)
		if err != nil {
			t.Fatal(err)
		}
		seen := map[string]int{}
		for _, row := range rows {
			for _, state := range row.States() {
				want := health{healthOf(state), row.Reason + ": m"}
				if got := run(t, kind, table.Object(kind, state)); got != want {
					t.Errorf("%s %+v: got %+v, want %+v", kind, state, got, want)
				}
				seen[want.Status]++
			}
		}
		for _, status := range []string{"Healthy", "Progressing", "Degraded"} {
			if seen[status] == 0 {
				t.Errorf("no %s is %s", kind, status)
			}
		}
	}
}
