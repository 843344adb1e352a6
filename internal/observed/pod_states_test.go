// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package observed

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/elasticweb/elasticweb-operator/internal/plan"
)

func TestCountPods(t *testing.T) {
	got := CountPods([]plan.Pod{
		{Node: "b", Architecture: "s390x", Ready: true},
		{Node: "a", Architecture: "amd64", Ready: true}, {Node: "a", Architecture: "amd64", Ready: true},
		{Node: "a", Architecture: "amd64"},
		{Node: "a", Architecture: "amd64", Ready: true, Gone: true},
		{}, {Gone: true}, {Unschedulable: "0/2 nodes are available"},
		{Node: "unknown", Ready: true},
	})
	want := []PodCount{
		{"", PodReady, 1}, {"", PodTerminating, 1}, {"", PodWaiting, 2},
		{"amd64", PodNotReady, 1}, {"amd64", PodReady, 2}, {"amd64", PodTerminating, 1},
		{"s390x", PodReady, 1},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if none := CountPods(nil); len(none) > 0 {
		t.Errorf("no pods are counted as %v", none)
	}
}
