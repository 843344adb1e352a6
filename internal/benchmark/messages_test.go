// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package benchmark_test

import (
	"strings"
	"testing"

	"github.com/elasticweb/elasticweb-operator/api/v1alpha1"
	"github.com/elasticweb/elasticweb-operator/internal/benchmark"
	"github.com/elasticweb/elasticweb-operator/internal/quote"
)

var everyArchitecture = []v1alpha1.Architecture{"386", "amd64", "arm", "arm64", "loong64", "mips64le", "ppc64le", "riscv64", "s390x"}

// What every architecture says has room in an event's note, and none is left out of it.
func TestMessagesOfAllArchitecturesAreBounded(t *testing.T) {
	long := strings.Repeat("the target said something long ", 40)
	for name, says := range map[string]benchmark.Pod{
		"failed": {Generator: benchmark.Container{Ended: true, ExitCode: 1, Message: long}},
		"waits":  {Target: benchmark.Container{Waiting: "CreateContainerError", Message: long}},
	} {
		b := newBenchmark(everyArchitecture...)
		b.Status = benchmark.Make(b, benchmark.Observed{}, now)
		var pods []benchmark.Pod
		for _, architecture := range everyArchitecture {
			pod := says
			pod.Run, pod.Architecture = b.Status.Run.ID, string(architecture)
			pods = append(pods, pod)
		}
		message := complete(benchmark.Make(b, benchmark.Observed{Pods: pods}, later)).Message
		if len(message) > quote.LongestMessage {
			t.Errorf("%s: %d bytes", name, len(message))
		}
		for _, architecture := range everyArchitecture {
			if !strings.Contains(message, string(architecture)+": ") {
				t.Errorf("%s: nothing of %s in %s", name, architecture, message)
			}
		}
	}
	b := newBenchmark()
	b.UnreadableSpec = long
	if message := complete(benchmark.Unreadable(b, now)).Message; len(message) > quote.LongestMessage || !strings.HasSuffix(message, "no run begins until then") {
		t.Errorf("a spec that cannot be read: %d bytes: %s", len(message), message)
	}
}
