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

// asPlanned is an ElasticWeb for which everything is as it should be: 3 ready pods of 800 for 2400.
func asPlanned() Input {
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
			Demand: plan.Demand{Mode: plan.ModeQPS, QPS: 2400}, Wanted: true, Asked: 3, Replicas: 3,
			Rates:     []placement.Rate{{Architecture: "arm64", QPS: 800}, {Architecture: "s390x", QPS: 100}},
			Placement: placement.Placement{Possible: []string{"arm64", "s390x"}, Weights: map[string]int32{"arm64": 100, "s390x": 1}},
			Facts:     &plan.ImageFacts{Reference: "shop:1", Platforms: []string{"linux/arm64", "linux/s390x"}},
		},
		Observed: plan.Observed{
			Deployment: &appsv1.Deployment{
				Spec:   appsv1.DeploymentSpec{Replicas: ptr.To[int32](3)},
				Status: appsv1.DeploymentStatus{Replicas: 3, UpdatedReplicas: 3, ReadyReplicas: 3},
			},
			Nodes: &plan.Nodes{All: map[string]int{"arm64": 1}, Schedulable: map[string]int{"arm64": 1}},
			Pods:  pods,
		},
		Now: now,
	}
}

// TestEveryReason provokes each reason of Ready, and holds it against its row of the table.
func TestEveryReason(t *testing.T) {
	unreadyPod := func(in *Input, failure *plan.PodFailure) {
		in.Observed.Pods[0].Ready = false
		in.Observed.Pods[0].Failure = failure
	}
	provoke := map[string]func(*Input){
		elasticwebv1.ReasonAsPlanned: func(*Input) {},
		elasticwebv1.ReasonNoDemand: func(in *Input) {
			in.Plan.Demand, in.Plan.Replicas, in.Observed.Pods = plan.Demand{}, 0, nil
		},
		elasticwebv1.ReasonPaused:         func(in *Input) { in.Paused = true },
		elasticwebv1.ReasonRollingOut:     func(in *Input) { in.Observed.Deployment.Status.UpdatedReplicas = 1 },
		elasticwebv1.ReasonPodsNotReady:   func(in *Input) { unreadyPod(in, nil) },
		elasticwebv1.ReasonResolvingImage: func(in *Input) { in.Plan.WaitsForImage = true },
		elasticwebv1.ReasonBenchmarkMissing: func(in *Input) {
			in.Web.Spec.BenchmarkRef = &elasticwebv1.BenchmarkReference{Name: "shop-capacity"}
		},
		elasticwebv1.ReasonReplicasContested: func(in *Input) { in.Contestant = "kubectl" },
		elasticwebv1.ReasonUnschedulable: func(in *Input) {
			in.Observed.Pods[0] = plan.Pod{Name: "a", Unschedulable: "0/3 nodes are available"}
		},
		elasticwebv1.ReasonReplicaLimit: func(in *Input) {
			in.Plan.Demand.QPS, in.Plan.Asked, in.Plan.Limit = 4000, 5, plan.LimitMax
		},
		elasticwebv1.ReasonNoCompatibleNodes: func(in *Input) {
			in.Observed.Nodes.All, in.Observed.Pods = map[string]int{"amd64": 3}, nil
		},
		elasticwebv1.ReasonNodePortConflict:     problemOf(elasticwebv1.ReasonNodePortConflict),
		elasticwebv1.ReasonNameConflict:         problemOf(elasticwebv1.ReasonNameConflict),
		elasticwebv1.ReasonQuotaExceeded:        replicaFailureOf(`pods "shop-5d8f-x7k2p" is forbidden: exceeded quota: q`),
		elasticwebv1.ReasonForbidden:            replicaFailureOf(`pods "shop-5d8f-x7k2p" is forbidden: violates PodSecurity "restricted:latest"`),
		elasticwebv1.ReasonWebhookFailed:        replicaFailureOf(`Internal error occurred: failed calling webhook "policy.example.com": connection refused; is forbidden`),
		elasticwebv1.ReasonInvalidPod:           replicaFailureOf(`Pod "shop-5d8f-x7k2p" is invalid: spec.containers[0].env[0].name`),
		elasticwebv1.ReasonInvalidService:       problemOf(elasticwebv1.ReasonInvalidService),
		elasticwebv1.ReasonImageNotFound:        pullFailure("manifest unknown"),
		elasticwebv1.ReasonRegistryUnauthorized: pullFailure("401 Unauthorized"),
		elasticwebv1.ReasonRegistryUnreachable:  pullFailure("dial tcp: i/o timeout"),
		elasticwebv1.ReasonExecFormatError: func(in *Input) {
			unreadyPod(in, &plan.PodFailure{Reason: "CrashLoopBackOff", Message: "exec /shop: exec format error", ExitCode: 255})
		},
		elasticwebv1.ReasonPlatformMissing: pullFailure("no match for platform in manifest: not found"),
		elasticwebv1.ReasonCrashLoop: func(in *Input) {
			unreadyPod(in, &plan.PodFailure{Reason: "CrashLoopBackOff", ExitCode: 1})
		},
		elasticwebv1.ReasonProgressDeadline: func(in *Input) {
			in.Observed.Deployment.Status.Conditions = []appsv1.DeploymentCondition{{
				Type: appsv1.DeploymentProgressing, Status: corev1.ConditionFalse, Reason: "ProgressDeadlineExceeded",
			}}
		},
	}
	for reason, meaning := range rows {
		t.Run(reason, func(t *testing.T) {
			if reason == elasticwebv1.ReasonInvalidSpec {
				in := asPlanned()
				in.Web.UnreadableSpec = "spec.port holds a value out of range"
				expectConditions(t, Unreadable(in.Web, in.Now).Conditions, reason, meaning)
				return
			}
			change, isProvoked := provoke[reason]
			if !isProvoked {
				t.Fatal("no case provokes this reason")
			}
			in := asPlanned()
			change(&in)
			expectConditions(t, Make(in).Conditions, reason, meaning)
		})
	}
}

func expectConditions(t *testing.T, conditions []metav1.Condition, reason string, meaning row) {
	t.Helper()
	ready := meta.FindStatusCondition(conditions, elasticwebv1.ConditionReady)
	if ready == nil || ready.Reason != reason || ready.Status != meaning.ready {
		t.Fatalf("Ready is %+v, want %s for %s", ready, meaning.ready, reason)
	}
	if got := meta.IsStatusConditionTrue(conditions, elasticwebv1.ConditionReconciling); got != meaning.reconciling {
		t.Errorf("Reconciling is %t", got)
	}
	if got := meta.IsStatusConditionTrue(conditions, elasticwebv1.ConditionStalled); got != meaning.stalled {
		t.Errorf("Stalled is %t", got)
	}
	for _, condition := range conditions {
		if condition.ObservedGeneration != 4 || condition.Message == "" || !condition.LastTransitionTime.Equal(&now) {
			t.Errorf("condition %+v", condition)
		}
	}
}

func problemOf(reason string) func(*Input) {
	return func(in *Input) { in.Problems = []Problem{{Reason: reason, Message: "do something"}} }
}

func replicaFailureOf(message string) func(*Input) {
	return func(in *Input) {
		in.Observed.Deployment.Status.Conditions = []appsv1.DeploymentCondition{{
			Type: appsv1.DeploymentReplicaFailure, Status: corev1.ConditionTrue, Message: message,
		}}
	}
}

func pullFailure(said string) func(*Input) {
	return func(in *Input) {
		in.Observed.Pods[0].Ready = false
		in.Observed.Pods[0].Failure = &plan.PodFailure{Reason: "ErrImagePull", Message: said}
	}
}

// TestMessagesStay: what differs from one try to the next must not get into a message.
func TestMessagesStay(t *testing.T) {
	for name, pair := range map[string][2]func(*Input){
		"names of pods that cannot be made": {
			replicaFailureOf(`pods "shop-5d8f-aaaaa" is forbidden: exceeded quota: q`),
			replicaFailureOf(`pods "shop-5d8f-bbbbb" is forbidden: exceeded quota: q`),
		},
		"the two reasons of a pull that fails": {
			pullFailure("rpc error: manifest unknown"),
			func(in *Input) {
				in.Observed.Pods[0].Ready = false
				in.Observed.Pods[0].Failure = &plan.PodFailure{
					Reason: "ImagePullBackOff", Message: `Back-off pulling image "shop:1": ErrImagePull: rpc error: manifest unknown`,
				}
			},
		},
	} {
		first, second := asPlanned(), asPlanned()
		pair[0](&first)
		pair[1](&second)
		if a, b := Make(first).Conditions[0], Make(second).Conditions[0]; a.Message != b.Message || a.Reason != b.Reason {
			t.Errorf("%s: %q and %q", name, a.Message, b.Message)
		}
	}
}

func TestRealQPS(t *testing.T) {
	for name, tc := range map[string]struct {
		change func(*Input)
		want   int32
	}{
		"all ready":                    {func(*Input) {}, 2400},
		"none":                         {func(in *Input) { in.Observed.Pods = nil }, 0},
		"one not ready":                {func(in *Input) { in.Observed.Pods[1].Ready = false }, 1600},
		"one about to end":             {func(in *Input) { in.Observed.Pods[1].Terminating = true }, 1600},
		"one on a slow architecture":   {func(in *Input) { in.Observed.Pods[1].Architecture = "s390x" }, 300},
		"a slow one that is not ready": {func(in *Input) { in.Observed.Pods[1].Architecture, in.Observed.Pods[1].Ready = "s390x", false }, 1600},
		"more than an int32 can tell":  {func(in *Input) { in.Plan.Rates[0].QPS = 1 << 40 }, 1<<31 - 1},
	} {
		in := asPlanned()
		tc.change(&in)
		if got := *Make(in).RealQPS; got != tc.want {
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
		"replicas below minReplicas": {func(in *Input) {
			in.Plan.Demand, in.Plan.Asked, in.Plan.Limit = plan.Demand{Mode: plan.ModeReplicas, Pods: 1}, 1, plan.LimitMin
		}, metav1.ConditionTrue, elasticwebv1.ReasonReplicaLimit, "spec.minReplicas"},
		"replicas above maxReplicas": {func(in *Input) {
			in.Plan.Demand, in.Plan.Asked, in.Plan.Limit = plan.Demand{Mode: plan.ModeReplicas, Pods: 9}, 9, plan.LimitMax
		}, metav1.ConditionFalse, elasticwebv1.ReasonReplicaLimit, "raise spec.maxReplicas"},
		"no result of the benchmark": {func(in *Input) {
			in.Web.Spec.BenchmarkRef = &elasticwebv1.BenchmarkReference{Name: "b"}
		}, metav1.ConditionUnknown, elasticwebv1.ReasonBenchmarkMissing, "ElasticWebBenchmark b"},
	} {
		t.Run(name, func(t *testing.T) {
			in := asPlanned()
			tc.change(&in)
			got := meta.FindStatusCondition(Make(in).Conditions, elasticwebv1.ConditionCapacityMet)
			if got.Status != tc.status || got.Reason != tc.reason || !strings.Contains(got.Message, tc.message) {
				t.Errorf("got %+v", got)
			}
		})
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
		"in use":               {asPlanned().Plan.Facts, plan.Image{}, metav1.ConditionTrue, elasticwebv1.ReasonResolved},
		"came late":            {nil, plan.Image{State: plan.ImageResolved}, metav1.ConditionTrue, elasticwebv1.ReasonResolved},
		"asked":                {other, plan.Image{State: plan.ImagePending}, metav1.ConditionUnknown, elasticwebv1.ReasonResolvingImage},
		"nobody asks":          {other, plan.Image{}, metav1.ConditionUnknown, elasticwebv1.ReasonNotLookedUp},
		"the registry refuses": {nil, plan.Image{State: plan.ImageFailed, Reason: elasticwebv1.ReasonImageNotFound, Message: "m"}, metav1.ConditionFalse, elasticwebv1.ReasonImageNotFound},
	} {
		in := asPlanned()
		in.Plan.Facts, in.Observed.Image = tc.facts, tc.image
		got := meta.FindStatusCondition(Make(in).Conditions, elasticwebv1.ConditionPlatformsResolved)
		if got.Status != tc.status || got.Reason != tc.reason {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

func TestStatusOfTheArchitectures(t *testing.T) {
	in := asPlanned()
	in.Observed.Pods[1] = plan.Pod{Name: "b", Node: "m", Architecture: "s390x"}
	in.Plan.Rates[1].Measured = true
	got := Make(in)
	if got.PodsByArchitecture != "arm64=2,s390x=1" {
		t.Errorf("podsByArchitecture is %q", got.PodsByArchitecture)
	}
	slow := got.Architectures[1]
	if slow.Pods != 1 || slow.ReadyPods != 0 || slow.Weight != 1 || slow.Source != elasticwebv1.QPSSourceMeasured || slow.SinglePodsQPS != 100 {
		t.Errorf("got %+v", slow)
	}
	if got.Replicas != 3 || got.ReadyReplicas != 2 {
		t.Errorf("replicas %d, ready %d", got.Replicas, got.ReadyReplicas)
	}
}

// TestConditionsKeepTheirTime: a second look at the same changes nothing, not even a time.
func TestConditionsKeepTheirTime(t *testing.T) {
	in := asPlanned()
	first := Make(in)
	in.Web.Status = first
	in.Now = metav1.NewTime(now.Add(time.Hour))
	for i, condition := range Make(in).Conditions {
		if condition != first.Conditions[i] {
			t.Errorf("%+v became %+v", first.Conditions[i], condition)
		}
	}
}
