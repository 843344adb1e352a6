// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package quote_test

import (
	"testing"

	"github.com/elasticweb/elasticweb-operator/internal/quote"
)

// The scheduler's words do not change with the number of nodes.
func TestScheduler(t *testing.T) {
	for message, want := range map[string]string{
		"0/5 nodes are available: 3 Insufficient cpu, 2 Insufficient memory. preemption: 0/5 nodes are available: 5 No preemption victims found for incoming pod.": "Insufficient cpu, Insufficient memory",
		"0/6 nodes are available: 2 Insufficient memory, 4 Insufficient cpu. no new claims to deallocate, preemption: none.":                                       "Insufficient cpu, Insufficient memory",
		"0/1 nodes are available: 1 node(s) had untolerated taint {a: b, c}, 1 Insufficient cpu, 2 Insufficient cpu.":                                              "Insufficient cpu, node(s) had untolerated taint {a: b, c}",
		"0/12 nodes are available: pod has unbound immediate PersistentVolumeClaims.":                                                                              "pod has unbound immediate PersistentVolumeClaims",
		"no nodes available to schedule pods": "no nodes available to schedule pods",
	} {
		if got := quote.Scheduler(message); got != want {
			t.Errorf("%q\nbecame %q\nwant   %q", message, got, want)
		}
	}
}
