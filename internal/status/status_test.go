// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package status

import (
	"strings"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"

	elasticwebv1 "github.com/elasticweb/elasticweb-operator/api/v1"
	"github.com/elasticweb/elasticweb-operator/internal/placement"
	"github.com/elasticweb/elasticweb-operator/internal/plan"
)

var now = metav1.NewTime(time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC))

// planned is an ElasticWeb for which everything is as it should be: 3 ready pods of 800 for 2400.
func planned() Input {
	pods := []plan.Pod{}
	for _, name := range []string{"a", "b", "c"} {
		pods = append(pods, plan.Pod{Name: name, Node: "n", Architecture: "arm64", Ready: true})
	}
	return Input{
		Web: &elasticwebv1.ElasticWeb{
			ObjectMeta: metav1.ObjectMeta{Name: "shop", Generation: 4},
			Spec:       elasticwebv1.ElasticWebSpec{Image: "shop:1"},
		},
		Plan: &plan.Plan{
			Demand: plan.Demand{QPS: 2400}, Wanted: true, Asked: 3, Replicas: 3,
			Rates:     []placement.Rate{{Architecture: "arm64", QPS: 800}, {Architecture: "s390x", QPS: 100}},
			Placement: placement.Placement{Possible: []string{"arm64", "s390x"}, Weights: map[string]int32{"arm64": 100, "s390x": 1}},
			Facts:     &plan.ImageFacts{Reference: "shop:1", Platforms: []string{"linux/arm64", "linux/s390x"}},
			Rollout:   plan.Rollout{ProgressDeadlineSeconds: 600},
		},
		Observed: plan.Observed{
			Deployment: &appsv1.Deployment{
				Spec: appsv1.DeploymentSpec{Replicas: ptr.To[int32](3)},
				Status: appsv1.DeploymentStatus{
					Replicas: 3, UpdatedReplicas: 3, ReadyReplicas: 3, AvailableReplicas: 3,
					Conditions: []appsv1.DeploymentCondition{
						{Type: appsv1.DeploymentProgressing, Status: corev1.ConditionTrue, Reason: "NewReplicaSetAvailable"},
						{Type: appsv1.DeploymentAvailable, Status: corev1.ConditionTrue, Reason: "MinimumReplicasAvailable"},
					},
				},
			},
			Nodes: &plan.Nodes{All: map[string]int{"arm64": 1}, Schedulable: map[string]int{"arm64": 1}},
			Pods:  pods,
		},
		Now: now,
	}
}

// statusOf is the status alone.
func statusOf(in Input) elasticwebv1.ElasticWebStatus {
	result, _ := Make(in)
	return result
}

// readyOf is the condition Ready.
func readyOf(in Input) metav1.Condition {
	return *meta.FindStatusCondition(statusOf(in).Conditions, elasticwebv1.ConditionReady)
}

func TestRealQPS(t *testing.T) {
	for name, tc := range map[string]struct {
		change func(*Input)
		want   int32
	}{
		"all ready":                    {func(*Input) {}, 2400},
		"one warms up":                 {func(in *Input) { in.Observed.Pods[0].WarmUntil = now.Add(time.Second) }, 1600},
		"none":                         {func(in *Input) { in.Observed.Pods = nil }, 0},
		"one not ready":                {func(in *Input) { in.Observed.Pods[1].Ready = false }, 1600},
		"one about to end":             {func(in *Input) { in.Observed.Pods[1].Gone = true }, 1600},
		"one on a slow architecture":   {func(in *Input) { in.Observed.Pods[1].Architecture = "s390x" }, 300},
		"a slow one that is not ready": {func(in *Input) { in.Observed.Pods[1].Architecture, in.Observed.Pods[1].Ready = "s390x", false }, 1600},
		"more than an int32 can tell":  {func(in *Input) { in.Plan.Rates[0].QPS = 1 << 40 }, 1<<31 - 1},
	} {
		in := planned()
		tc.change(&in)
		if got := *statusOf(in).RealQPS; got != tc.want {
			t.Errorf("%s: realQPS %d, want %d", name, got, tc.want)
		}
	}
}

func TestCapacityMet(t *testing.T) {
	for name, tc := range map[string]struct {
		change  func(*Input)
		status  metav1.ConditionStatus
		reason  string
		message string
	}{
		"met": {func(*Input) {}, metav1.ConditionTrue, elasticwebv1.ReasonAsPlanned, ""},
		"short, and who drags the others down": {func(in *Input) { in.Observed.Pods[1].Architecture = "s390x" },
			metav1.ConditionFalse, elasticwebv1.ReasonCapacityShort, "pods on s390x drag the others down to 100"},
		"short, for pods on a node that is gone": {func(in *Input) {
			in.Plan.Rates = append(in.Plan.Rates, placement.Rate{QPS: 100})
			in.Observed.Pods[1].Architecture = ""
		}, metav1.ConditionFalse, elasticwebv1.ReasonCapacityShort, "the ready pods serve 300 of 2400 requests per second; the pods whose nodes are gone or not known drag the others down to 100 each: find them with kubectl get pods -o wide, and delete those that do not go by themselves"},
		"replicas below minReplicas": {func(in *Input) {
			in.Plan.Demand, in.Plan.Asked = plan.Demand{Pods: 1}, 1
		}, metav1.ConditionTrue, elasticwebv1.ReasonReplicaLimit, "spec.minReplicas"},
		"replicas above maxReplicas": {func(in *Input) {
			in.Plan.Demand, in.Plan.Asked = plan.Demand{Pods: 9}, 9
		}, metav1.ConditionFalse, elasticwebv1.ReasonReplicaLimit, "raise spec.maxReplicas"},
		"no result of the benchmark": {func(in *Input) {
			in.Web.Spec.BenchmarkRef = &elasticwebv1.BenchmarkReference{Name: "b"}
		}, metav1.ConditionUnknown, elasticwebv1.ReasonBenchmarkMissing, "ElasticWebBenchmark b"},
		"a benchmark that runs": {func(in *Input) {
			in.Web.Spec.BenchmarkRef, in.Benchmark = &elasticwebv1.BenchmarkReference{Name: "b"}, BenchmarkRunning
		}, metav1.ConditionUnknown, elasticwebv1.ReasonBenchmarkRunning, "wait for it"},
		"a benchmark with a result": {func(in *Input) {
			in.Web.Spec.BenchmarkRef, in.Observed.Benchmark = &elasticwebv1.BenchmarkReference{Name: "b"}, map[string]plan.Measurement{"arm64": {QPS: 800}}
		}, metav1.ConditionTrue, elasticwebv1.ReasonAsPlanned, "serve the demand"},
		"short, and all ready": {func(in *Input) { in.Plan.Demand.QPS = 2401 },
			metav1.ConditionFalse, elasticwebv1.ReasonCapacityShort, "the ready pods serve 2400 of 2401 requests per second"},
		"short, all on the slowest": {func(in *Input) {
			for i := range in.Observed.Pods {
				in.Observed.Pods[i].Architecture = "s390x"
			}
		}, metav1.ConditionFalse, elasticwebv1.ReasonCapacityShort, "the ready pods serve 300 of 2400 requests per second"},
		"no demand": {func(in *Input) {
			in.Plan.Demand = plan.Demand{}
		}, metav1.ConditionTrue, elasticwebv1.ReasonNoDemand, "nothing is to be served"},
		"short, all of the same rate": {func(in *Input) {
			in.Plan.Rates = []placement.Rate{{Architecture: "amd64", QPS: 800}, {Architecture: "arm64", QPS: 800}}
			in.Observed.Pods[0].Architecture, in.Observed.Pods[2].Ready = "amd64", false
		}, metav1.ConditionFalse, elasticwebv1.ReasonCapacityShort, "the ready pods serve 1600 of 2400 requests per second; 2 of 3 pods are ready"},
	} {
		t.Run(name, func(t *testing.T) {
			in := planned()
			tc.change(&in)
			got := meta.FindStatusCondition(statusOf(in).Conditions, elasticwebv1.ConditionCapacityMet)
			if got.Status != tc.status || got.Reason != tc.reason || !strings.Contains(got.Message, tc.message) {
				t.Errorf("got %+v", got)
			}
			if tc.reason == elasticwebv1.ReasonCapacityShort && !strings.HasSuffix(tc.message, "100") && got.Message != tc.message {
				t.Errorf("more is said: %s", got.Message)
			}
		})
	}
}

// Rates of before stay in force where the benchmark that the spec names has none, and may never have: CapacityMet tells that.
func TestCapacityMetTellsWhoseRatesHold(t *testing.T) {
	const served = "the ready pods serve the demand"
	for name, tc := range map[string]struct {
		change func(*Input)
		want   string
	}{
		"a name that is wrong": {benchmarkIs(BenchmarkAbsent),
			served + "; ElasticWebBenchmark shop-capacity does not exist, and the rates that were measured before hold: create it, or correct or remove spec.benchmarkRef"},
		"another one that measures": {benchmarkIs(BenchmarkRunning),
			served + "; ElasticWebBenchmark shop-capacity is still measuring, and the rates that were measured before hold until it has a result: wait for it"},
		"another one that failed": {benchmarkIs(BenchmarkFailed),
			served + "; ElasticWebBenchmark shop-capacity found no result, and the rates that were measured before hold: look at it with kubectl describe elasticwebbenchmark, or remove spec.benchmarkRef"},
		"benchmarks that are off": {benchmarkIs(BenchmarksOff),
			served + "; ElasticWebBenchmark shop-capacity is not looked at, since the operator runs with --enable-benchmarks=false: the rates that were measured before hold; remove spec.benchmarkRef, or switch benchmarks on"},
		"one with a result": {func(in *Input) {
			benchmarkIs(BenchmarkRunning)(in)
			in.Observed.Benchmark = map[string]plan.Measurement{"arm64": {QPS: 800}}
		}, served},
		"no demand": {func(in *Input) {
			benchmarkIs(BenchmarkAbsent)(in)
			in.Plan.Demand = plan.Demand{}
		}, "nothing is to be served"},
	} {
		in := planned()
		in.Plan.Measured = plan.Measurements{"arm64": {Measurement: plan.Measurement{QPS: 800}, Benchmark: "another"}}
		tc.change(&in)
		status := statusOf(in)
		got := meta.FindStatusCondition(status.Conditions, elasticwebv1.ConditionCapacityMet)
		if got.Status != metav1.ConditionTrue || got.Message != tc.want {
			t.Errorf("%s: %s: %s", name, got.Status, got.Message)
		}
		if name != "no demand" && readyOf(in).Reason != elasticwebv1.ReasonAsPlanned {
			t.Errorf("%s: Ready is %+v", name, readyOf(in))
		}
	}
}

func TestPlatformsResolved(t *testing.T) {
	other := &plan.ImageFacts{Reference: "shop:0"}
	for name, tc := range map[string]struct {
		facts  *plan.ImageFacts
		image  plan.Image
		status metav1.ConditionStatus
		reason string
	}{
		"in use":               {planned().Plan.Facts, plan.Image{}, metav1.ConditionTrue, elasticwebv1.ReasonResolved},
		"came late":            {nil, plan.Image{State: plan.ImageResolved}, metav1.ConditionTrue, elasticwebv1.ReasonResolved},
		"asked":                {other, plan.Image{State: plan.ImagePending}, metav1.ConditionUnknown, elasticwebv1.ReasonResolvingImage},
		"nobody asks":          {other, plan.Image{}, metav1.ConditionUnknown, elasticwebv1.ReasonNotLookedUp},
		"the registry refuses": {nil, plan.Image{State: plan.ImageFailed, Reason: elasticwebv1.ReasonImageNotFound, Message: "m"}, metav1.ConditionFalse, elasticwebv1.ReasonImageNotFound},
	} {
		in := planned()
		in.Plan.Facts, in.Observed.Image = tc.facts, tc.image
		got := meta.FindStatusCondition(statusOf(in).Conditions, elasticwebv1.ConditionPlatformsResolved)
		if got.Status != tc.status || got.Reason != tc.reason {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

func TestStatusOfTheArchitectures(t *testing.T) {
	in := planned()
	in.Observed.Pods[1] = plan.Pod{Name: "b", Node: "m", Architecture: "s390x"}
	in.Plan.Rates[1].Measured = true
	in.Plan.Measured = plan.Measurements{
		"s390x":   {Measurement: plan.Measurement{QPS: 100, AtLeast: true}, Benchmark: "b"},
		"ppc64le": {Measurement: plan.Measurement{QPS: 7}, Benchmark: "b"},
	}
	got := statusOf(in)
	if out := got.Architectures[len(got.Architectures)-1]; out.Name != "ppc64le" || out.SinglePodsQPS != 7 || out.Source != elasticwebv1.QPSSourceMeasured || out.Pods != 0 {
		t.Errorf("of what the measurement left out it says %+v", out)
	}
	if got.PodsByArchitecture != "arm64=2,s390x=1" {
		t.Errorf("podsByArchitecture is %q", got.PodsByArchitecture)
	}
	slow := got.Architectures[1]
	if slow.Pods != 1 || slow.ReadyPods != 0 || slow.Weight != 1 || slow.Source != elasticwebv1.QPSSourceMeasured || slow.Benchmark != "b" || !slow.AtLeast || slow.SinglePodsQPS != 100 {
		t.Errorf("got %+v", slow)
	}
	if got.Replicas != 3 || got.ReadyReplicas != 2 {
		t.Errorf("replicas %d, ready %d", got.Replicas, got.ReadyReplicas)
	}
}

// TestConditionsKeepTheirTime: a second look at the same changes nothing, not even a time.
func TestConditionsKeepTheirTime(t *testing.T) {
	in := planned()
	first := statusOf(in)
	in.Web.Status = first
	in.Now = metav1.NewTime(now.Add(time.Hour))
	for i, condition := range statusOf(in).Conditions {
		if condition != first.Conditions[i] {
			t.Errorf("%+v became %+v", first.Conditions[i], condition)
		}
	}
}
