// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package benchmark_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/elasticweb/elasticweb-operator/api/v1alpha1"
	"github.com/elasticweb/elasticweb-operator/internal/benchmark"
	"github.com/elasticweb/elasticweb-operator/internal/loadtest"
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

// What differs from one attempt of a kubelet, a scheduler or Helm to the next is no write of the status.
func TestTheNextAttemptDoesNotChangeTheStatus(t *testing.T) {
	for name, attempt := range map[string]func(n int) benchmark.Pod{
		"a pull": func(n int) benchmark.Pod {
			return benchmark.Pod{Target: benchmark.Container{Waiting: "ErrImagePull", Message: fmt.Sprintf("read udp 10.244.0.5:%d->10.96.0.10:53: i/o timeout", 40000+n)}}
		},
		"a start": func(n int) benchmark.Pod {
			return benchmark.Pod{Target: benchmark.Container{Waiting: "RunContainerError", Message: fmt.Sprintf(`failed to start container "%064x"`, n+0xabcdef)}}
		},
		"a crash": func(n int) benchmark.Pod {
			return benchmark.Pod{Target: benchmark.Container{Waiting: "CrashLoopBackOff", Restarts: 1, LastMessage: fmt.Sprintf("2026-01-02T03:04:%02dZ panic", n)}}
		},
		"no room": func(n int) benchmark.Pod {
			return benchmark.Pod{Unschedulable: fmt.Sprintf("0/%d nodes are available: %d Insufficient cpu. preemption: 0/%d nodes are available", n+1, n+1, n+1)}
		},
		"Helm": func(int) benchmark.Pod { return benchmark.Pod{} },
	} {
		b := running()
		at := func(n int) v1alpha1.ElasticWebBenchmarkStatus {
			if name == "Helm" {
				meta.SetStatusCondition(&b.Status.Conditions, metav1.Condition{Type: v1alpha1.ConditionReleaseFailed, Status: metav1.ConditionTrue, Message: fmt.Sprintf("gave up after %ds", n)})
			}
			return benchmark.Make(b, benchmark.Observed{Pods: pod(b, func(p *benchmark.Pod) {
				run, architecture := p.Run, p.Architecture
				*p = attempt(n)
				p.Run, p.Architecture = run, architecture
			})}, later)
		}
		if diff := cmp.Diff(at(1), at(2)); diff != "" {
			t.Errorf("%s:\n%s", name, diff)
		}
	}
}

// What the load generator found is said once: its times stay.
func TestTheTimesOfAResultStay(t *testing.T) {
	b := running()
	const found = "the target answered after 750ms, and may take 500ms"
	status := benchmark.Make(b, benchmark.Observed{Pods: pod(b, func(p *benchmark.Pod) {
		p.Generator = benchmark.Container{Ended: true, Message: encoded(t, loadtest.Result{Message: found, Reason: loadtest.ReasonMeasured})}
	})}, later)
	if got := status.Results[0].Message; got != found {
		t.Error(got)
	}
}
