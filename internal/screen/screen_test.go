// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package screen

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"

	elasticwebv1 "github.com/elasticweb/elasticweb-operator/api/v1"
	"github.com/elasticweb/elasticweb-operator/api/v1alpha1"
	"github.com/elasticweb/elasticweb-operator/internal/capacity"
	"github.com/elasticweb/elasticweb-operator/internal/packed"
	"github.com/elasticweb/elasticweb-operator/internal/plan"
	"github.com/elasticweb/elasticweb-operator/internal/podfailure"
	"github.com/elasticweb/elasticweb-operator/internal/way"
	"github.com/elasticweb/elasticweb-operator/test/golden"
)

var now = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// checkScreen holds a screen against a file, and to its width.
func checkScreen(t *testing.T, name, got string, style Style) {
	t.Helper()
	path := filepath.Join("testdata", name+".txt")
	golden.Check(t, path, got, "go test ./internal/screen -update takes it over")
	checkHarmless(t, got, style)
}

func checkHarmless(t *testing.T, got string, style Style) {
	t.Helper()
	for line := range strings.Lines(got) {
		line = strings.TrimSuffix(line, "\n")
		if width := columns.StringWidth(line); width > style.Width {
			t.Errorf("%d columns: %q", width, line)
		}
		if strings.ContainsFunc(line, func(r rune) bool { return !unicode.IsPrint(r) }) {
			t.Errorf("not printable: %q", line)
		}
	}
}

// condition is of the type, as the operator would report it.
func condition(of string, status metav1.ConditionStatus, reason, message string) metav1.Condition {
	return metav1.Condition{Type: of, Status: status, Reason: reason, Message: message, LastTransitionTime: metav1.NewTime(now.Add(-5 * time.Minute))}
}

func served() Web {
	web := &elasticwebv1.ElasticWeb{ObjectMeta: metav1.ObjectMeta{Name: "shop", Namespace: "dev", Generation: 3, CreationTimestamp: metav1.NewTime(now.Add(-48 * time.Hour))}}
	web.Spec = elasticwebv1.ElasticWebSpec{Image: "registry.example.com/shop:1.4", Port: ptr.To[int32](30003), SinglePodsQPS: ptr.To[int32](800),
		TotalQPS: ptr.To[int32](2400), HeadroomPercent: ptr.To[int32](25)}
	web.Status = elasticwebv1.ElasticWebStatus{
		ObservedGeneration: 3, RealQPS: ptr.To[int32](4000), Replicas: 4, ReadyReplicas: 4, PodsByArchitecture: "arm64=4",
		Image:         &elasticwebv1.ImageStatus{Reference: "registry.example.com/shop:1.4", Digest: "sha256:0123456789abcdef", Platforms: []string{"linux/amd64", "linux/arm64"}, Port: ptr.To[int32](8080), User: ptr.To[int64](101)},
		Architectures: []elasticwebv1.ArchitectureStatus{{Name: "arm64", SinglePodsQPS: 1000, Source: elasticwebv1.QPSSourceMeasured, Benchmark: "shop-capacity", Weight: 100, Pods: 4, ReadyPods: 4}, {Name: "amd64", SinglePodsQPS: 800, Source: elasticwebv1.QPSSourceSpec, Weight: 50}},
		Conditions: []metav1.Condition{
			condition("Ready", metav1.ConditionTrue, "AsPlanned", "everything is rolled out, and the ready pods serve the demand"),
			condition("CapacityMet", metav1.ConditionTrue, "AsPlanned", "the ready pods serve the demand"),
			condition("PlatformsResolved", metav1.ConditionTrue, "Resolved", "the platforms of the image are known"),
		},
	}
	deployment := &appsv1.Deployment{ObjectMeta: metav1.ObjectMeta{Generation: 1}, Spec: appsv1.DeploymentSpec{Replicas: ptr.To[int32](4)},
		Status: appsv1.DeploymentStatus{ObservedGeneration: 1, Replicas: 4, UpdatedReplicas: 4}}
	in := Web{Web: web, Now: now, Observed: plan.Observed{Deployment: deployment}, Plan: plan.Plan{Demand: plan.Demand{QPS: 3000}, Asked: 4, Replicas: 4}}
	for i, node := range []string{"arm-1", "arm-1", "arm-2", "arm-1"} {
		in.Observed.Pods = append(in.Observed.Pods, plan.Pod{Name: "shop-" + string(rune('a'+i)), Node: node, Architecture: "arm64", Ready: true})
	}
	return in
}

func short() Web {
	in := served()
	web := in.Web
	web.Status.RealQPS, web.Status.ReadyReplicas, web.Status.Replicas = ptr.To[int32](1600), 2, 5
	web.Status.Conditions = []metav1.Condition{
		condition("Ready", metav1.ConditionFalse, "Unschedulable", "1 of 4 pods find no node: 0/3 nodes are available: 3 Insufficient cpu: add nodes, or lower spec.resources"),
		condition("Reconciling", metav1.ConditionTrue, "Unschedulable", "1 of 4 pods find no node"),
		condition("CapacityMet", metav1.ConditionFalse, "CapacityShort", "the ready pods serve 1600 of 3000 requests per second; 2 of 4 pods are ready"),
	}
	in.Observed.Deployment.Status.UpdatedReplicas, in.Observed.Deployment.Status.Replicas = 2, 5
	in.Observed.Pods[0].Ready, in.Observed.Pods[1].WarmUntil, in.Observed.Pods[2].Gone = false, now.Add(time.Minute), true
	in.Observed.Pods[3].Node, in.Observed.Pods[3].Architecture, in.Observed.Pods[3].Ready = "", "", false
	in.Observed.Pods[3].Unschedulable = "0/3 nodes are available: 3 Insufficient cpu. preemption: 0/3 nodes are available: 3 No preemption victims found for incoming pod."
	in.Plan.Asked, in.Plan.Replicas = 6, 4
	in.Events = []Event{
		{Type: "Normal", Reason: "ScalingReplicaSet", Object: "Deployment shop", Message: "Scaled up replica set shop-5d8f7c9b4 from 2 to 4", Count: 1, Last: now.Add(-6 * time.Minute)},
		{Type: "Warning", Reason: "Unschedulable", Object: "ElasticWeb shop", Message: strings.Repeat("1 of 4 pods find no node ", 20), Count: 7, Last: now.Add(-5 * time.Second)},
	}
	in.Missing = []string{"list nodes: nodes is forbidden: User \"jane\" cannot list resource \"nodes\" in API group \"\" at the cluster scope"}
	return in
}

// exposed is one whose way in leads by weights, to Services one of which has a name that nobody gives.
func exposed() Web {
	in := served()
	in.Web.Spec.Expose = &elasticwebv1.ExposeSpec{HTTPRoute: &elasticwebv1.HTTPRouteSpec{Hostnames: []elasticwebv1.Hostname{"shop.example.com"}}}
	in.Plan.Spread, in.Plan.WeightsInForce = capacity.Weighted, true
	in.Observed.Pods[0].JoinedLabel = elasticwebv1.JoinedFalse // and has its share all the same.
	in.Web.Status.Address = "https://shop.example.com/"
	in.Observed.HTTPRoute = &way.HTTPRoute{Spec: packed.JSON(`{"rules": [{"backendRefs": [{"name": "shop-8d9001d3-arm64", "weight": 1}, {"name": "a\u001b[31m", "weight": 2}]}]}`)}
	in.Web.Status.Conditions = append(in.Web.Status.Conditions, condition(elasticwebv1.ConditionExposed, metav1.ConditionTrue, elasticwebv1.ReasonAdmitted, "the Gateway public serves the HTTPRoute"))
	return in
}

func TestStatus(t *testing.T) {
	unreported := served()
	unreported.Web.Status, unreported.Observed, unreported.Plan = elasticwebv1.ElasticWebStatus{ObservedGeneration: -1}, plan.Observed{}, plan.Plan{}
	for name, in := range map[string]Web{"served": served(), "short": short(), "exposed": exposed(), "unreported": unreported} {
		t.Run(name, func(t *testing.T) { checkScreen(t, "status-"+name, Status(in, Fit(80, false)), Fit(80, false)) })
	}
}

// TestWaysIn: a way in that cannot be read is not said to lead anywhere.
func TestWaysIn(t *testing.T) {
	for spec, want := range map[string]string{
		`{"rules": [{"backendRefs": [{"name": "shop", "weight": 1}]}]}`: "HTTPRoute to the Service shop",
		`{"rules": []}`: "HTTPRoute: where it leads cannot be read",
		`"x"`:           "HTTPRoute: where it leads cannot be read",
		``:              "HTTPRoute: none was found",
	} {
		in := exposed()
		in.Observed.HTTPRoute = nil
		if spec != "" {
			in.Observed.HTTPRoute = &way.HTTPRoute{Spec: packed.JSON(spec)}
		}
		if got := wayIn(in); got != want {
			t.Errorf("of the spec %s it says %q, want %q", spec, got, want)
		}
	}
}

// What keeps pods from running is told whatever the conditions are about, that of the most pods first.
func TestHindrances(t *testing.T) {
	fails := func(why string) plan.Pod {
		return plan.Pod{Node: "a", Failure: &podfailure.Failure{Container: "web", Reason: "CrashLoopBackOff", Message: why}}
	}
	pods := []plan.Pod{{Unschedulable: "no room"}, fails("it ended"), {Unschedulable: "no room"}, {Node: "a"}, {Node: "a", Ready: true}, {Gone: true, Unschedulable: "no room"}}
	want := []string{"2 pods: no room", "1 pod: container web: CrashLoopBackOff: it ended"}
	if diff := cmp.Diff(want, Hindrances(pods)); diff != "" {
		t.Error(diff)
	}
	for i := range 1500 {
		pods = append(pods, fails(fmt.Sprint(i)))
	}
	if texts := Hindrances(pods); len(texts) != mostHindrances+1 || texts[3] != "and 1,499 causes more" {
		t.Errorf("of very many it says %q", texts)
	}
}

// What was recorded of many pods in the same words is told once.
func TestEventsOfManyPods(t *testing.T) {
	event := func(object, message string, count int32, age time.Duration) Event {
		return Event{Type: "Warning", Reason: "FailedScheduling", Object: object, Message: message, Count: count, Last: now.Add(-age)}
	}
	got := LastEvents([]Event{event("Pod a", "no room", 1, 3), event("Pod b", "no room", 2, 1), event("Pod c", "no room", 1, 2), event("Job a", "no room", 1, 5), event("Pod a", "a taint", 1, 4)})
	want := []Event{event("Pod b and others", "no room", 4, 1), event("Pod a", "a taint", 1, 4), event("Job a", "no room", 1, 5)}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// TestUnreadable: nothing is made up of a spec that cannot be read, which is empty.
func TestUnreadable(t *testing.T) {
	in := served()
	in.Web.Spec, in.Web.UnreadableSpec, in.Plan = elasticwebv1.ElasticWebSpec{}, "spec.port: a string\x1b", plan.Plan{}
	in.Web.Status.Conditions[0] = condition("Ready", metav1.ConditionFalse, "InvalidSpec", "the spec cannot be read")
	text := Status(in, Fit(80, false))
	for _, wrong := range []string{"Demand", "of 0 ready", "port 0"} {
		if strings.Contains(text, wrong) {
			t.Errorf("has %q:\n%s", wrong, text)
		}
	}
	for _, want := range []string{"False, InvalidSpec", "nothing is planned: spec.port: a string", "CapacityMet"} {
		if !strings.Contains(text, want) {
			t.Errorf("lacks %q:\n%s", want, text)
		}
	}
	checkHarmless(t, text, Fit(80, false))
}

func TestFleet(t *testing.T) {
	list := Fleet{Webs: []elasticwebv1.ElasticWeb{*served().Web, *short().Web}, Namespaces: true, Now: now}
	checkScreen(t, "fleet", list.Status(Fit(80, false)), Fit(80, false))
	list.Wide = true
	checkScreen(t, "fleet-wide", list.Status(Fit(80, false)), Style{Width: 2 * Widest})
}

// TestNames: of what is too wide for the terminal the bars go first, and nothing is cut off for a program.
func TestNames(t *testing.T) {
	list := Fleet{Webs: []elasticwebv1.ElasticWeb{*served().Web, *short().Web}, Namespaces: true, Now: now}
	list.Webs[0].Name, list.Webs[1].Name = "a-name-as-people-give", strings.Repeat("long-", 12)+"end"
	if text := (Fleet{Webs: list.Webs[:1], Namespaces: true, Now: now}).Status(Fit(72, false)); !strings.Contains(text, "a-name-as-people-give") || strings.Contains(text, "SERVING") {
		t.Errorf("at 72 columns:\n%s", text)
	}
	piped := Fit(0, false)
	piped.IsPiped = true
	if text := list.Status(piped); !strings.Contains(text, list.Webs[1].Name) || !strings.Contains(text, "SERVING") || strings.Contains(text, "…") {
		t.Errorf("in a pipe:\n%s", text)
	}
}

func TestColoursRepeatWords(t *testing.T) {
	bare, coloured := Status(short(), Fit(80, false)), Status(short(), Fit(80, true))
	if !strings.Contains(coloured, "\x1b[31;1mFalse, Unschedulable\x1b[0m") {
		t.Errorf("not coloured: %q", coloured)
	}
	for _, escape := range escapes {
		coloured = strings.ReplaceAll(coloured, "\x1b["+escape+"m", "")
	}
	if coloured = strings.ReplaceAll(coloured, "\x1b[0m", ""); coloured != bare {
		t.Error(cmp.Diff(bare, coloured))
	}
}

// hostile is what whoever may write an object could write into it.
const hostile = "\x1b]0;owned\x07\x1b[2J\x1b[31m\r\n\x00\u202egnp.exe\u200b\u0085\x9b31m\xff" + "\U000e0041"

// TestHostileStrings has every text of an ElasticWeb be hostile, and long.
// Pods that have no requests are told from those that serve, unless they get their share by weights.
func TestPodsThatWait(t *testing.T) {
	in := served()
	in.Observed.Pods[0].JoinedLabel = elasticwebv1.JoinedFalse
	in.Plan.Spread = capacity.Joined
	for _, want := range []string{"4, wait", "◇", "● serves, ◇ is ready without requests\n"} {
		if got := Status(in, Fit(80, false)); !strings.Contains(got, want) {
			t.Errorf("there is no %q in\n%s", want, got)
		}
	}
	in.Plan.Spread, in.Plan.WeightsInForce = capacity.Weighted, true
	if got := Status(in, Fit(80, false)); strings.Contains(got, "◇") || strings.Contains(got, "wait") {
		t.Errorf("some wait by weights:\n%s", got)
	}
}

func TestHostileStrings(t *testing.T) {
	for _, text := range []string{hostile, strings.Repeat(hostile, 300), strings.Repeat("a\u0301\u0301\u0301", 9000), strings.Repeat("語", 4000)} {
		in := short()
		in.Web.Name, in.Web.Namespace, in.Web.Spec.Image = text, text, text
		in.Web.Status.Image = &elasticwebv1.ImageStatus{Reference: text, Digest: text, Platforms: []string{text, text}}
		for i := range in.Web.Status.Conditions[1:] {
			in.Web.Status.Conditions[i+1] = metav1.Condition{Type: text, Status: metav1.ConditionStatus(text), Reason: text, Message: text}
		}
		in.Web.Status.Conditions[0].Reason, in.Web.Status.Conditions[0].Message = text, text
		in.Web.Status.Architectures[0].Name, in.Web.Status.Architectures[0].Benchmark, in.Web.Status.PodsByArchitecture = text, text, text
		in.Observed.Pods[0].Node, in.Observed.Pods[0].Architecture = text, text
		in.Events[0] = Event{Type: text, Reason: text, Object: text, Message: text}
		in.Missing = []string{text}
		for _, width := range []int{60, 80, 120} {
			checkHarmless(t, Status(in, Fit(width, false)), Fit(width, false))
			checkHarmless(t, Fleet{Webs: []elasticwebv1.ElasticWeb{*in.Web}, Namespaces: true}.Status(Fit(width, false)), Fit(width, false))
		}
	}
}

// TestTraffic: what is read of the traffic is shown, and nothing is made up where it is not known.
func TestTraffic(t *testing.T) {
	in := served()
	in.Web.Spec.TotalQPS, in.Web.Spec.Demand = nil, &elasticwebv1.DemandSpec{Prometheus: &elasticwebv1.PrometheusDemand{Query: "up"}}
	in.Web.Status.Demand = &elasticwebv1.DemandStatus{ObservedQPS: ptr.To[int32](1900), ExpectedQPS: ptr.To[int32](2400), PlannedQPS: ptr.To[int64](3000)}
	checkScreen(t, "status-traffic", Status(in, Fit(80, false)), Fit(80, false))
	if text := (Fleet{Webs: []elasticwebv1.ElasticWeb{*in.Web}, Now: now}).Status(Fit(80, false)); !strings.Contains(text, "[██████████]  4,000/3,000") {
		t.Errorf("the fleet:\n%s", text)
	}
	in.Web.Status.Demand, in.Plan.Demand = nil, plan.Demand{QPS: 1, Pods: 4}
	in.Web.Status.Conditions = append(in.Web.Status.Conditions, condition("DemandObserved", metav1.ConditionFalse, "SourceUnreachable", "Prometheus does not answer"))
	text := strings.Join(strings.Fields(Status(in, Fit(120, false))), " ") // lines are wrapped.
	for _, want := range []string{"of which no number is known yet, DemandObserved is False, SourceUnreachable: 4 pods", "up to 4,000 requests per second"} {
		if !strings.Contains(text, want) {
			t.Errorf("lacks %q:\n%s", want, text)
		}
	}
}

func TestBar(t *testing.T) {
	for _, tc := range []struct {
		part, whole int64
		want        string
	}{
		{0, 10, "[░░░░]"}, {1, 1000, "[█░░░]"}, {5, 10, "[██░░]"}, {999, 1000, "[███░]"}, {10, 10, "[████]"}, {20, 10, "[████]"}, {0, 0, "[████]"},
	} {
		if got := (Style{}).bar(tc.part, tc.whole, 4); got != tc.want {
			t.Errorf("%d of %d: got %s, want %s", tc.part, tc.whole, got, tc.want)
		}
	}
}

func FuzzLines(f *testing.F) {
	f.Add(hostile, 10)
	f.Add("a 語語語 word", 2)
	f.Fuzz(func(t *testing.T, text string, width int) {
		width = min(max(width, 2), 200)
		for _, line := range append(Lines(text, width), Line(text, width)) {
			checkHarmless(t, line, Style{Width: width})
		}
	})
}

// TestDocsShowIt holds the picture in the docs against what is drawn.
func TestDocsShowIt(t *testing.T) {
	page, err := os.ReadFile("../../docs/kubectl.md")
	if err != nil {
		t.Fatal(err)
	}
	drawn, _, _ := strings.Cut(Status(short(), Fit(80, false)), "\nReconciling:")
	if !strings.Contains(string(page), drawn) {
		t.Errorf("docs/kubectl.md does not show this:\n%s", drawn)
	}
}

func measuring() *v1alpha1.ElasticWebBenchmark {
	b := &v1alpha1.ElasticWebBenchmark{ObjectMeta: metav1.ObjectMeta{Name: "shop-benchmark", Namespace: "dev", Generation: 1}}
	b.Spec.Image, b.Spec.Duration = "registry.example.com/shop:1.4", "5m"
	b.Status.Conditions = []metav1.Condition{condition("Complete", metav1.ConditionFalse, "Running", "the load generators are at work")}
	b.Status.Run = &v1alpha1.BenchmarkRun{ID: "r", Generation: 1, StartedAt: ptr.To(metav1.NewTime(now.Add(-2 * time.Minute))), Architectures: []v1alpha1.ArchitectureRun{
		{Architecture: "arm64", State: v1alpha1.RunStateFinished, Result: &v1alpha1.BenchmarkResult{Architecture: "arm64", QPS: 1000}},
		{Architecture: "amd64", State: v1alpha1.RunStateRunning},
		{Architecture: "s390x", State: v1alpha1.RunStateWaiting, Reason: "Unschedulable", Message: "0/3 nodes are available: 3 Insufficient cpu"},
	}}
	b.Status.Results = []v1alpha1.BenchmarkResult{
		{Architecture: "amd64", QPS: 640, AtLeast: true, P50: "3ms", P99: "12ms", ErrorRate: "0%", LimitedBy: "MaxQPS", Node: "amd-1"},
		{Architecture: "s390x", Reason: "TargetCrashes", Message: "the application ends again and again: look at its log"},
		{Architecture: "arm64", QPS: 1000, P50: "2ms", P99: "11ms", ErrorRate: "0.1%", LimitedBy: "TooSlow", Node: "arm-1"},
	}
	return b
}

func TestBenchmark(t *testing.T) {
	checkScreen(t, "benchmark", Benchmark(measuring(), now, Fit(80, false)), Fit(80, false))
	checkScreen(t, "benchmark-results", BenchmarkResults(measuring(), Fit(80, false)), Fit(80, false))
	if text := BenchmarkResults(&v1alpha1.ElasticWebBenchmark{}, Fit(80, false)); text != "" {
		t.Errorf("without results: %q", text)
	}
	hostileOne := measuring()
	hostileOne.Name, hostileOne.Spec.Image, hostileOne.Status.Conditions[0].Reason, hostileOne.Status.Run.Architectures[2].Message = hostile, hostile, hostile, hostile
	hostileOne.Status.Results[0].Node, hostileOne.Status.Results[1].Message, hostileOne.Status.Results[2].P99 = hostile, hostile, hostile
	checkHarmless(t, Benchmark(hostileOne, now, Fit(80, false))+BenchmarkResults(hostileOne, Fit(80, false)), Fit(80, false))
}
