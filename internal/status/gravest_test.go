// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package status

import (
	"cmp"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"

	elasticwebv1 "github.com/elasticweb/elasticweb-operator/api/v1"
	"github.com/elasticweb/elasticweb-operator/internal/plan"
	"github.com/elasticweb/elasticweb-operator/internal/podfailure"
	"github.com/elasticweb/elasticweb-operator/internal/podtemplate"
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

// others is a failure of another container.
func others(container, reason, message string) *podfailure.Failure {
	return &podfailure.Failure{Class: podfailure.Classify(reason, message), Container: container, Reason: reason, Message: message}
}

// waits is a container that waits for its next start, which says only how it ended.
func waits(exitCode int32) *podfailure.Failure {
	failure := own("Error", "", exitCode)
	failure.IsBackOff = true
	return failure
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
		"a pull of another container":             {others("a", "ErrImagePull", "manifest unknown"), others("a", "ImagePullBackOff", `Back-off pulling image "l:1"`), true},
		"another platform for another container":  {others("a", "ErrImagePull", "no match for platform in manifest: not found"), others("a", "ImagePullBackOff", `Back-off pulling image "l:1"`), true},
		"a pull of one container, then another's": {others("a", "ErrImagePull", "manifest unknown"), others("b", "ImagePullBackOff", `Back-off pulling image "l:1"`), false},
		"a pull of another, then the own":         {others("a", "ErrImagePull", "manifest unknown"), own("ImagePullBackOff", `Back-off pulling image "shop:1"`, 0), false},
		"a pull of the own, then another's":       {own("ErrImagePull", "manifest unknown", 0), others("a", "ImagePullBackOff", `Back-off pulling image "l:1"`), false},
		"a hook, and the container that it ended": {own("PostStartHookError", "no", 0), waits(137), true},
		"a crash after a hook":                    {own("PostStartHookError", "no", 0), own("Error", "", 1), false},
		"memory, of which all phases say":         {own("OOMKilled", "", 137), waits(1), false},
		"a crash after a pull":                    {own("ErrImagePull", "manifest unknown", 0), own("CrashLoopBackOff", "", 1), false},
		"a pull after a crash":                    {own("CrashLoopBackOff", "", 1), own("ImagePullBackOff", `Back-off pulling image "shop:1"`, 0), false},
		"another crash":                           {own("CrashLoopBackOff", "", 1), own("CrashLoopBackOff", "", 2), false},
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

// A hook that was mended without a change of the spec is told of until a container is seen that was started, in whichever phase, and
// not again while that one waits.
func TestAFailureIsHeldNoLongerThanItLasts(t *testing.T) {
	for name, started := range map[string]func(*Input){
		"one that ended":  func(*Input) {},
		"one that serves": func(in *Input) { in.Observed.Pods[0].Ready = true },
		"one that ends":   func(in *Input) { in.Observed.Pods[0].Gone = true },
	} {
		in := planned()
		in.Observed.Pods = pods(3, own("PostStartHookError", "no", 0), "")
		look(&in, 0)
		in.Observed.Pods = pods(3, waits(137), "")
		in.Observed.Pods[0].Failure = own("Error", "", 1)
		started(&in)
		look(&in, time.Minute)
		isOver := name == "one that ended"
		if got := readyOf(in).Reason; (got == elasticwebv1.ReasonCrashLoop) != isOver {
			t.Errorf("%s: %s", name, got)
		}
		in.Observed.Pods = pods(3, waits(1), "")
		look(&in, 2*time.Minute)
		if got := readyOf(in); (got.Reason == elasticwebv1.ReasonCrashLoop) != isOver {
			t.Errorf("%s, and waits: %s: %s", name, got.Reason, got.Message)
		}
	}
}

// Where pods fail in several ways that are equally grave, the one that was told stays, as long as a pod fails in it.
func TestTheMessageDoesNotSwing(t *testing.T) {
	for name, tc := range map[string]struct {
		first, other func(number int) []plan.Pod
		change       func(*Input)
	}{
		"crashes": {
			func(number int) []plan.Pod { return pods(number, own("Error", "", 1), "") },
			func(number int) []plan.Pod { return pods(number, own("Error", "", 2), "") }, func(*Input) {}},
		"crashes at the side": {
			func(number int) []plan.Pod { return pods(number, own("Error", "", 1), "") },
			func(number int) []plan.Pod { return pods(number, own("Error", "", 2), "") },
			func(in *Input) {
				in.Observed.Pods = append(in.Observed.Pods, planned().Observed.Pods...)
				in.Plan.Replicas = int32(len(in.Observed.Pods))
				in.Observed.Deployment.Spec.Replicas = &in.Plan.Replicas
				status := &in.Observed.Deployment.Status
				status.Replicas, status.UpdatedReplicas = in.Plan.Replicas, in.Plan.Replicas
			}},
		"pulls": {
			func(number int) []plan.Pod { return pods(number, own("ErrImagePull", "i/o timeout", 0), "") },
			func(number int) []plan.Pod {
				return pods(number, own("ErrImagePull", "503 Service Unavailable", 0), "")
			}, func(*Input) {}},
		"pods that wait": {
			func(number int) []plan.Pod { return pods(number, nil, nodes+"5 Too many pods.") },
			func(number int) []plan.Pod { return pods(number, nil, nodes+"5 Insufficient cpu.") }, func(*Input) {}},
	} {
		t.Run(name, func(t *testing.T) {
			in := planned()
			set := func(first, other int) string {
				in.Observed.Pods = append(tc.first(first), tc.other(other)...)
				tc.change(&in)
				return readyOf(in).Message
			}
			told := set(6, 4)
			in.Web.Status = statusOf(in)
			if got := set(1, 9); got != told {
				t.Errorf("%s\nbecame %s", told, got)
			}
			if got := set(0, 10); got == told {
				t.Errorf("no pod fails in this way any more: %s", got)
			}
			in.Web.Generation++
			if got := set(1, 9); got == told {
				t.Errorf("it is told of another spec: %s", got)
			}
		})
	}
}

// However many pods fail, and whatever they say, few texts are quoted: that costs about a millisecond for each kilobyte.
func TestFewTextsAreQuoted(t *testing.T) {
	long := strings.Repeat("attempt 7 ", 400)
	for name, tc := range map[string]struct {
		said   func(i int) string
		before string
		want   int
	}{
		"the same of each":        {func(int) string { return long }, "", 1},
		"one after the other":     {func(i int) string { return strings.Repeat("x", i%3+1) }, "", 3},
		"another of each":         {func(i int) string { return long + strconv.Itoa(i) }, "", mostQuoted},
		"what was told before":    {func(i int) string { return strconv.Itoa(i) }, "0", 1},
		"what the operator words": {func(int) string { return "" }, "", 1},
	} {
		in := planned()
		in.Observed.Pods = pods(2000, nil, "")
		in.Web.Status.Conditions = []metav1.Condition{{Type: elasticwebv1.ConditionReady, ObservedGeneration: 4, Message: cmp.Or(tc.before, "nothing")}}
		i, worded := 0, 0
		gravest(in, func(*plan.Pod) *cause {
			i++
			return &cause{said: tc.said(i - 1)}
		}, func(found cause) string {
			worded++
			return found.said
		})
		if worded != tc.want {
			t.Errorf("%s: %d are worded, want %d", name, worded, tc.want)
		}
	}
}

// A long list of causes is looked at in part: taking it apart costs more than its length.
func TestALongListOfCausesIsLookedAtInPart(t *testing.T) {
	in := planned()
	unschedulablePod(nodes + strings.Repeat("x, ", 20_000) + "1 y")(&in)
	if got := testing.AllocsPerRun(1, func() { statusOf(in) }); got > 5000 {
		t.Errorf("%f allocations", got)
	}
}

// Of what the operator words itself, all are looked at: it is cheap, and one of them may be what was told.
func TestAllThatTheOperatorWordsIsLookedAt(t *testing.T) {
	in := planned()
	in.Observed.Pods = pods(1, own("Error", "", 200), "")
	in.Web.Status = statusOf(in)
	told := readyOf(in).Message
	for code := range int32(200) {
		in.Observed.Pods = append(in.Observed.Pods, pods(2, own("Error", "", code), "")...)
	}
	if got := readyOf(in).Message; got != told {
		t.Errorf("%s\nbecame %s", told, got)
	}
}

// What was told stays so where it was told in the words of the user's template.
func TestWhatIsToldStaysInTheWordsOfTheTemplate(t *testing.T) {
	in := planned()
	in.Words = podtemplate.WordsOf(&runtime.RawExtension{Raw: []byte(`{"spec": {"tolerations": [{"operator": "Exists"}]}}`)})
	waiting := func(message string) plan.Pod { return plan.Pod{Name: message, Unschedulable: message} }
	in.Observed.Pods = []plan.Pod{waiting("0/1 nodes are available: 1 node(s) had untolerated taint {a: b}."), waiting("0/1 nodes are available: 1 node(s) had untolerated taint {z: z}."),
		waiting("0/1 nodes are available: 1 node(s) had untolerated taint {z: z}.")}
	told := readyOf(in).Message
	if !strings.Contains(told, "{z: z}") || !strings.Contains(told, "spec.podTemplate.spec.tolerations") {
		t.Fatal(told)
	}
	in.Web.Status = statusOf(in)
	in.Observed.Pods[1].Unschedulable = in.Observed.Pods[0].Unschedulable
	if got := readyOf(in).Message; got != told {
		t.Errorf("%s\nbecame %s", told, got)
	}
}

// What others say is quoted where it is told alone, and the failure of another class is not: an application may say something else in
// each pod.
func TestOnlyWhatIsToldIsQuoted(t *testing.T) {
	for class := range reasonOf {
		for _, isOwn := range []bool{true, false} {
			pod := plan.Pod{Failure: &podfailure.Failure{Class: class, IsOwn: isOwn, Container: "web", Message: "what is said"}}
			before, said, after := failureWords(podtemplate.Words{}, "shop:1", &pod)
			isTold := class != podfailure.Crash && class != podfailure.OutOfMemory &&
				class != podfailure.ExecFormat && class != podfailure.PlatformMissing && (!isOwn || class != podfailure.ImageAbsent)
			if (said != "") != isTold || strings.Contains(before+after, "what is said") {
				t.Errorf("class %d, own is %t: %q, %q, %q", class, isOwn, before, said, after)
			}
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
		{[]Problem{budget, webhook}, webhook.Reason, "Deployment a: mend the webhook; PodDisruptionBudget a: ask"},
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
	if got := readyOf(in); got.Reason != elasticwebv1.ReasonImageNotFound || !strings.HasSuffix(got.Message, "; PodDisruptionBudget a: ask") {
		t.Errorf("what keeps no pod from running hides what does, or is not told: %s: %s", got.Reason, got.Message)
	}
	in = planned()
	in.Problems, in.Plan.Asked = []Problem{budget}, 4
	in.Plan.Demand.QPS = 3200
	if got := readyOf(in); got.Reason != elasticwebv1.ReasonReplicaLimit || !strings.HasSuffix(got.Message, "; PodDisruptionBudget a: ask") {
		t.Errorf("behind a limit it is told as %s: %s", got.Reason, got.Message)
	}
	for kind, want := range map[string]bool{"Deployment": false, "Service": false, "PodDisruptionBudget": true, "Pod": true} {
		if got := ProblemOf(kind, "shop", forbidden("x", "no")).IsAside; got != want {
			t.Errorf("%s: aside is %t", kind, got)
		}
	}
}
