// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package kstatus_test

import (
	"testing"

	flux "github.com/fluxcd/cli-utils/pkg/kstatus/status"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	kstatus "sigs.k8s.io/cli-utils/pkg/kstatus/status"

	"github.com/elasticweb/elasticweb-operator/test/reasons"
)

func statusOf(state reasons.Row) kstatus.Status {
	switch {
	case state.Stalled == "True":
		return kstatus.FailedStatus
	case state.Summary == "True":
		return kstatus.CurrentStatus
	}
	return kstatus.InProgressStatus
}

// Flux and Helm 4 take their own copy of the library. With Failed both give up at once, and wait for all else.
func TestEveryReasonHasItsStatus(t *testing.T) {
	for kind, table := range reasons.Tables {
		rows, err := table.Rows("../..")
		if err != nil {
			t.Fatal(err)
		}
		for _, row := range rows {
			for _, state := range row.States() {
				want := statusOf(state)
				if kind == "ElasticWebBenchmark" && want == kstatus.InProgressStatus && state.Reconciling != "True" {
					t.Errorf("%s: neither done, nor failed, nor at work", row.Reason)
				}
				expect(t, table.Object(kind, state), want)
			}
		}
	}
}

// The API server gives a new object the status that nobody has looked at it. Without it, it would count as there.
func TestWhatNobodyLookedAtIsInProgress(t *testing.T) {
	for kind, table := range reasons.Tables {
		fresh := table.Object(kind, reasons.Row{Summary: "-", Reconciling: "-", Stalled: "-"})
		fresh["status"] = map[string]any{"observedGeneration": int64(-1)}
		expect(t, fresh, kstatus.InProgressStatus)

		changed := table.Object(kind, reasons.Row{Reason: "AsPlanned", Summary: "True", Reconciling: "-", Stalled: "-"})
		changed["metadata"].(map[string]any)["generation"] = int64(8)
		expect(t, changed, kstatus.InProgressStatus)
	}
}

func expect(t *testing.T, object map[string]any, want kstatus.Status) {
	t.Helper()
	result, err := kstatus.Compute(&unstructured.Unstructured{Object: object})
	if err != nil || result.Status != want {
		t.Errorf("kstatus: %v, %v, want %s: %v", result, err, want, object)
	}
	ofFlux, err := flux.Compute(&unstructured.Unstructured{Object: object})
	if err != nil || string(ofFlux.Status) != string(want) {
		t.Errorf("Flux and Helm: %v, %v, want %s: %v", ofFlux, err, want, object)
	}
}
