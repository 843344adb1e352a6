// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package status

import (
	"math/rand/v2"
	"strings"
	"testing"

	elasticwebv1 "github.com/elasticweb/elasticweb-operator/api/v1"
	"github.com/elasticweb/elasticweb-operator/internal/plan"
	"github.com/elasticweb/elasticweb-operator/internal/podfailure"
)

func pods(number int, failure *podfailure.Failure, unschedulable string) []plan.Pod {
	result := make([]plan.Pod, number)
	for i := range result {
		result[i] = plan.Pod{Name: "p", Node: "n", Architecture: "arm64", Failure: failure, Unschedulable: unschedulable}
	}
	return result
}

func own(reason, message string, exitCode int32) *podfailure.Failure {
	return &podfailure.Failure{Class: podfailure.Classify(reason, message), Container: "web", IsOwn: true, Reason: reason, Message: message, ExitCode: exitCode}
}

// Of several pods the gravest failure is told, then that of the most, then the first by name, in whichever order they come.
func TestTheGravestOfSeveralPodsIsTold(t *testing.T) {
	for name, tc := range map[string]struct {
		pods   []plan.Pod
		reason string
		says   string
	}{
		"12 that are graver than 88": {append(pods(88, own("CrashLoopBackOff", "", 1), ""), pods(12, own("ErrImagePull", "manifest unknown", 0), "")...),
			elasticwebv1.ReasonImageNotFound, "cannot be found"},
		"88 of the same gravity as 12": {append(pods(12, own("CrashLoopBackOff", "", 1), ""), pods(88, own("CrashLoopBackOff", "", 2), "")...),
			elasticwebv1.ReasonCrashLoop, "exit code 2"},
		"50 of the same gravity as 50": {append(pods(50, own("CrashLoopBackOff", "", 2), ""), pods(50, own("CrashLoopBackOff", "", 1), "")...),
			elasticwebv1.ReasonCrashLoop, "exit code 1"},
		"what waits for a node": {append(pods(12, nil, nodes+"5 Insufficient cpu."), pods(88, nil, nodes+"5 Too many pods.")...),
			elasticwebv1.ReasonUnschedulable, "Too many pods"},
		"one that fails beside many that wait": {append(pods(1, own("CrashLoopBackOff", "", 1), ""), pods(88, nil, nodes+"5 Too many pods.")...),
			elasticwebv1.ReasonCrashLoop, "exit code 1"},
		"numbers of nodes that differ": {append(pods(2, nil, "0/3 nodes are available: 3 Insufficient cpu."), append(pods(2, nil, "0/4 nodes are available: 4 Insufficient cpu."), pods(3, nil, nodes+"5 Too many pods.")...)...),
			elasticwebv1.ReasonUnschedulable, "Insufficient cpu"},
	} {
		for range 20 {
			in := planned()
			in.Observed.Pods = tc.pods
			rand.Shuffle(len(tc.pods), func(i, j int) { tc.pods[i], tc.pods[j] = tc.pods[j], tc.pods[i] })
			if got := readyOf(in); got.Reason != tc.reason || !strings.Contains(got.Message, tc.says) {
				t.Fatalf("%s: %s: %s", name, got.Reason, got.Message)
			}
		}
	}
}

func TestPodsThatEndOrServeAreNotAtFault(t *testing.T) {
	for name, change := range map[string]func(*plan.Pod){
		"ends":  func(pod *plan.Pod) { pod.Gone = true },
		"ready": func(pod *plan.Pod) { pod.Ready = true },
	} {
		in := planned()
		in.Observed.Pods[0].Ready = false
		pod := plan.Pod{Failure: own("ErrImagePull", "manifest unknown", 0), Unschedulable: "no"}
		change(&pod)
		in.Observed.Pods[1] = pod
		if got := readyOf(in).Reason; got == elasticwebv1.ReasonImageNotFound || got == elasticwebv1.ReasonUnschedulable {
			t.Errorf("%s: %s", name, got)
		}
	}
}

// In each phase of the same failure the reason and the message are the same, although the kubelet says less in some.
func TestAFailureIsHeldOverItsPhases(t *testing.T) {
	for name, tc := range map[string]struct {
		first, next *podfailure.Failure
		isHeld      bool
	}{
		"a pull, and a kubelet of old":            {own("ErrImagePull", "manifest unknown", 0), own("ImagePullBackOff", `Back-off pulling image "shop:1"`, 0), true},
		"a pull that is refused":                  {own("ErrImagePull", "401 Unauthorized", 0), own("ImagePullBackOff", `Back-off pulling image "shop:1"`, 0), true},
		"a pull of another platform":              {own("ErrImagePull", "no match for platform in manifest: not found", 0), own("ImagePullBackOff", `Back-off pulling image "shop:1"`, 0), true},
		"a pull that cannot reach":                {own("ErrImagePull", "i/o timeout", 0), own("ImagePullBackOff", `Back-off pulling image "shop:1"`, 0), true},
		"a pull without a signature":              {own("SignatureValidationFailed", "no", 0), own("ImagePullBackOff", `Back-off pulling image "shop:1"`, 0), true},
		"a pull that fails for something else":    {own("ErrImagePull", "manifest unknown", 0), own("ErrImagePull", "i/o timeout", 0), false},
		"a hook, and the container that it ended": {own("PostStartHookError", "no", 0), own("CrashLoopBackOff", "", 137), true},
		"memory":               {own("OOMKilled", "", 137), own("CrashLoopBackOff", "", 1), true},
		"a crash after a pull": {own("ErrImagePull", "manifest unknown", 0), own("CrashLoopBackOff", "", 1), false},
		"a pull after a crash": {own("CrashLoopBackOff", "", 1), own("ImagePullBackOff", `Back-off pulling image "shop:1"`, 0), false},
		"another crash":        {own("CrashLoopBackOff", "", 1), own("CrashLoopBackOff", "", 2), false},
	} {
		in := planned()
		in.Observed.Pods = pods(3, tc.first, "")
		in.Web.Status = statusOf(in)
		before := readyOf(in)
		in.Observed.Pods = pods(3, tc.next, "")
		if got := readyOf(in); (got.Reason == before.Reason && got.Message == before.Message) != tc.isHeld {
			t.Errorf("%s: %s: %s, after %s: %s", name, got.Reason, got.Message, before.Reason, before.Message)
		}
		in.Web.Generation++
		if got := readyOf(in); got.Message == before.Message {
			t.Errorf("%s: held for another spec: %s", name, got.Message)
		}
	}
}

// Of several refusals those come first that only a person can mend, and all are named.
func TestSeveralRefusalsAreNamed(t *testing.T) {
	webhook := Problem{Reason: elasticwebv1.ReasonWebhookFailed, Message: "Deployment a: mend the webhook"}
	taken := Problem{Reason: elasticwebv1.ReasonNameConflict, Message: "Service b: delete it"}
	port := Problem{Reason: elasticwebv1.ReasonNodePortConflict, Message: "Service c: choose another", IsFinal: true}
	quota := Problem{Reason: elasticwebv1.ReasonQuotaExceeded, Message: "Service d: raise it"}
	budget := Problem{Reason: elasticwebv1.ReasonForbidden, Message: "PodDisruptionBudget a: ask", IsAside: true}
	for _, tc := range []struct {
		problems        []Problem
		reason, message string
	}{
		{[]Problem{quota, webhook}, webhook.Reason, "Deployment a: mend the webhook; Service d: raise it"},
		{[]Problem{webhook, taken}, taken.Reason, "Service b: delete it; Deployment a: mend the webhook"},
		{[]Problem{webhook, port, taken}, taken.Reason, "Service b: delete it; Service c: choose another; Deployment a: mend the webhook"},
		{[]Problem{budget, webhook}, webhook.Reason, webhook.Message},
		{[]Problem{budget, budget}, budget.Reason, budget.Message},
		{[]Problem{budget}, budget.Reason, budget.Message},
	} {
		in := planned()
		in.Problems = tc.problems
		if got := readyOf(in); got.Reason != tc.reason || got.Message != tc.message {
			t.Errorf("%s: %s", got.Reason, got.Message)
		}
	}
	in := planned()
	in.Problems = []Problem{budget}
	kubelet("ErrImagePull", "manifest unknown")(&in)
	if got := readyOf(in).Reason; got != elasticwebv1.ReasonImageNotFound {
		t.Errorf("what keeps no pod from running hides what does: %s", got)
	}
	for kind, want := range map[string]bool{"Deployment": false, "Service": false, "PodDisruptionBudget": true, "Pod": true} {
		if got := ProblemOf(kind, "shop", forbidden("x", "no")).IsAside; got != want {
			t.Errorf("%s: aside is %t", kind, got)
		}
	}
}

// The scheduler's words do not change with the number of nodes.
func TestSchedulingCauses(t *testing.T) {
	for message, want := range map[string]string{
		"0/5 nodes are available: 3 Insufficient cpu, 2 Insufficient memory. preemption: 0/5 nodes are available: 5 No preemption victims found for incoming pod.": "Insufficient cpu, Insufficient memory",
		"0/6 nodes are available: 2 Insufficient memory, 4 Insufficient cpu. no new claims to deallocate, preemption: none.":                                       "Insufficient cpu, Insufficient memory",
		"0/1 nodes are available: 1 node(s) had untolerated taint {a: b, c}, 1 Insufficient cpu, 2 Insufficient cpu.":                                              "Insufficient cpu, node(s) had untolerated taint {a: b, c}",
		"0/12 nodes are available: pod has unbound immediate PersistentVolumeClaims.":                                                                              "pod has unbound immediate PersistentVolumeClaims",
		"no nodes available to schedule pods": "no nodes available to schedule pods",
	} {
		if got := schedulingCauses(message); got != want {
			t.Errorf("%q\nbecame %q\nwant   %q", message, got, want)
		}
	}
}
