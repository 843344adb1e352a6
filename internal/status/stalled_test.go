// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package status

import (
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"

	elasticwebv1 "github.com/elasticweb/elasticweb-operator/api/v1"
	"github.com/elasticweb/elasticweb-operator/internal/plan"
)

// deadline is that of planned.
const deadline = 600 * time.Second

// look is what a look at a given time makes of it, on the status of the look before.
func look(in *Input, at time.Duration) (isStalled bool, again time.Duration) {
	in.Now = metav1.NewTime(now.Add(at))
	in.Web.Status, again = Make(*in)
	return meta.IsStatusConditionTrue(in.Web.Status.Conditions, elasticwebv1.ConditionStalled), again
}

// What may heal is waited for as long as a Deployment would be, and the look that tells of it is asked for, once.
func TestWhatMayHealStallsLater(t *testing.T) {
	in := planned()
	webhookDown(&in)
	for at, want := range map[time.Duration]time.Duration{0: 600 * time.Second, 60 * time.Second: 540 * time.Second, 599 * time.Second: time.Second} {
		fresh := planned()
		webhookDown(&fresh)
		look(&fresh, 0)
		if isStalled, again := look(&fresh, at); isStalled || again != want {
			t.Errorf("after %s: Stalled is %t, the next look is in %s, want %s", at, isStalled, again, want)
		}
	}
	look(&in, 0)
	for _, at := range []time.Duration{600 * time.Second, 601 * time.Second, time.Hour} {
		if isStalled, again := look(&in, at); !isStalled || again != 0 {
			t.Errorf("after %s: Stalled is %t, and the next look in %s", at, isStalled, again)
		}
	}
	since := meta.FindStatusCondition(in.Web.Status.Conditions, elasticwebv1.ConditionStalled).LastTransitionTime
	if !since.Equal(&metav1.Time{Time: now.Add(600 * time.Second)}) {
		t.Errorf("Stalled since %s", since)
	}
}

func webhookDown(in *Input) {
	in.Problems = []Problem{{Reason: elasticwebv1.ReasonWebhookFailed, Message: "m"}}
}

// Another spec, and another reason, have all their time before them.
func TestTheDeadlineBeginsAnew(t *testing.T) {
	for name, change := range map[string]func(*Input){
		"another spec":   func(in *Input) { in.Web.Generation++ },
		"another reason": func(in *Input) { in.Problems[0].Reason = elasticwebv1.ReasonQuotaExceeded },
	} {
		for _, at := range []time.Duration{599 * time.Second, time.Hour} { // Reconciling, and Stalled already.
			in := planned()
			webhookDown(&in)
			look(&in, 0)
			look(&in, at)
			change(&in)
			if isStalled, again := look(&in, at+time.Second); isStalled || again != deadline {
				t.Errorf("%s after %s: Stalled is %t, and the next look in %s", name, at, isStalled, again)
			}
		}
	}
}

// A clock that is set back, or is behind that of an operator of before, does not put the deadline off by that.
func TestTheDeadlineIsNotPutOffByClocks(t *testing.T) {
	in := planned()
	webhookDown(&in)
	look(&in, time.Hour)
	for _, at := range []time.Duration{0, time.Second} {
		if isStalled, again := look(&in, at); isStalled || again != deadline-at {
			t.Errorf("after %s: Stalled is %t, and the next look in %s", at, isStalled, again)
		}
	}
	if isStalled, _ := look(&in, deadline); !isStalled {
		t.Error("it is not Stalled when its deadline has passed")
	}
}

func TestTheDeadlineIsTheSpecs(t *testing.T) {
	in := planned()
	webhookDown(&in)
	in.Plan.Rollout.ProgressDeadlineSeconds = 30
	if isStalled, again := look(&in, 0); isStalled || again != 30*time.Second {
		t.Errorf("at first Stalled is %t, and the next look in %s", isStalled, again)
	}
	if isStalled, _ := look(&in, 30*time.Second); !isStalled {
		t.Error("it is not Stalled when its deadline has passed")
	}
}

// A Deployment that is in progress has a deadline of its own, and that is what counts.
func TestTheDeadlineOfTheDeploymentCounts(t *testing.T) {
	for name, change := range map[string]func(*Input){
		"a new template is not seen":  func(in *Input) { in.Observed.Deployment.Generation = 1 },
		"too few pods":                func(in *Input) { in.Observed.Deployment.Status.Replicas = 2 },
		"too many pods":               func(in *Input) { in.Observed.Deployment.Status.Replicas = 4 },
		"old pods":                    func(in *Input) { in.Observed.Deployment.Status.UpdatedReplicas = 2 },
		"pods that are not ready":     func(in *Input) { in.Observed.Deployment.Status.ReadyReplicas = 2 },
		"pods that are not available": func(in *Input) { in.Observed.Deployment.Status.AvailableReplicas = 2 },
		"a rollout that goes on":      func(in *Input) { in.Observed.Deployment.Status.Conditions[0].Reason = "ReplicaSetUpdated" },
		"a rollout that was paused":   func(in *Input) { in.Observed.Deployment.Status.Conditions[0].Status = corev1.ConditionUnknown },
		"no word of a rollout": func(in *Input) {
			in.Observed.Deployment.Status.Conditions = in.Observed.Deployment.Status.Conditions[1:]
		},
		"too few for the minimum": func(in *Input) { in.Observed.Deployment.Status.Conditions[1].Status = corev1.ConditionFalse },
		"no word of availability": func(in *Input) {
			in.Observed.Deployment.Status.Conditions = in.Observed.Deployment.Status.Conditions[:1]
		},
		"a default number of pods": func(in *Input) { in.Observed.Deployment.Spec.Replicas = nil },
		"given up, for an older template": func(in *Input) {
			givenUp(in)
			in.Observed.Deployment.Generation = 1
		},
	} {
		in := planned()
		webhookDown(&in)
		change(&in)
		look(&in, 0)
		if isStalled, again := look(&in, time.Hour); isStalled || again != 0 {
			t.Errorf("%s: Stalled is %t, and the next look in %s", name, isStalled, again)
		}
		// Once it has stalled, it is taken back.
		in = planned()
		webhookDown(&in)
		look(&in, 0)
		look(&in, time.Hour)
		change(&in)
		if isStalled, _ := look(&in, time.Hour); isStalled {
			t.Errorf("%s: it stays Stalled", name)
		}
	}
	in := planned()
	webhookDown(&in)
	givenUp(&in)
	if isStalled, _ := look(&in, 0); !isStalled {
		t.Error("its Deployment was given up, and it is not Stalled")
	}
	in = planned()
	webhookDown(&in)
	in.Observed.Deployment = nil
	look(&in, 0)
	if isStalled, _ := look(&in, deadline); !isStalled {
		t.Error("there is no Deployment, and it is not Stalled")
	}
	in = planned()
	webhookDown(&in)
	in.Observed.Deployment.Spec.Replicas = nil
	status := &in.Observed.Deployment.Status
	status.Replicas, status.UpdatedReplicas, status.ReadyReplicas, status.AvailableReplicas = 1, 1, 1, 1
	look(&in, 0)
	if isStalled, _ := look(&in, deadline); !isStalled {
		t.Error("its Deployment has the one pod that it should have, and it is not Stalled")
	}
}

// A Deployment that was given up is told of only while it matters.
func TestGivenUpOnlyUntilServed(t *testing.T) {
	for name, tc := range map[string]struct {
		change func(*Input)
		reason string
	}{
		"another condition":      {func(in *Input) { in.Observed.Deployment.Status.Conditions[0].Reason = "DeploymentPaused" }, elasticwebv1.ReasonRollingOut},
		"another state":          {func(in *Input) { in.Observed.Deployment.Status.Conditions[0].Status = corev1.ConditionTrue }, elasticwebv1.ReasonRollingOut},
		"an older template":      {func(in *Input) { in.Observed.Deployment.Generation = 1 }, elasticwebv1.ReasonRollingOut},
		"the very same template": {func(*Input) {}, elasticwebv1.ReasonProgressDeadline},
		"all pods are there":     {func(in *Input) { in.Observed.Deployment.Status.UpdatedReplicas = 3 }, elasticwebv1.ReasonAsPlanned},
	} {
		in := planned()
		givenUp(&in)
		tc.change(&in)
		if got := readyOf(in).Reason; got != tc.reason {
			t.Errorf("%s: %s, want %s", name, got, tc.reason)
		}
	}
}

func TestReconcilingTellsSinceWhen(t *testing.T) {
	in := planned()
	in.Observed.Deployment.Status.UpdatedReplicas = 1
	look(&in, 0)
	look(&in, time.Minute)
	since := func() time.Duration {
		return meta.FindStatusCondition(in.Web.Status.Conditions, elasticwebv1.ConditionReconciling).LastTransitionTime.Sub(now.Time)
	}
	if since() != 0 {
		t.Errorf("the same work since %s", since())
	}
	in.Observed.Deployment.Status.UpdatedReplicas, in.Observed.Pods[0].Ready = 3, false
	look(&in, 2*time.Minute)
	if since() != 2*time.Minute {
		t.Errorf("other work since %s", since())
	}
	in.Observed.Pods[0].Ready = true
	look(&in, 3*time.Minute)
	if meta.FindStatusCondition(in.Web.Status.Conditions, elasticwebv1.ConditionReconciling) != nil {
		t.Error("it is done, and Reconciling is still there")
	}
}

// The contest is told of beside what else there is, as long as it lasts, and makes nothing less ready.
func TestAContestHidesNothing(t *testing.T) {
	in := planned()
	in.Contestant = "kubectl"
	look(&in, 0)
	look(&in, time.Minute)
	contested := meta.FindStatusCondition(in.Web.Status.Conditions, elasticwebv1.ConditionContested)
	if contested == nil || contested.Status != metav1.ConditionTrue || contested.Reason != elasticwebv1.ReasonReplicasContested ||
		!contested.LastTransitionTime.Equal(&now) || contested.Message != "kubectl keeps changing the replicas of the Deployment, and the operator sets them back: let it scale the ElasticWeb in the place of the Deployment" {
		t.Errorf("got %+v", contested)
	}
	if ready := readyOf(in); ready.Reason != elasticwebv1.ReasonAsPlanned {
		t.Errorf("Ready is %+v", ready)
	}
	kubelet("ErrImagePull", "manifest unknown")(&in)
	if ready := readyOf(in); ready.Reason != elasticwebv1.ReasonImageNotFound {
		t.Errorf("Ready is %+v", ready)
	}
	in.Contestant = ""
	look(&in, 2*time.Minute)
	if meta.FindStatusCondition(in.Web.Status.Conditions, elasticwebv1.ConditionContested) != nil {
		t.Error("it ended, and is still told of")
	}
}

// What is somebody else's of a pod is told of as long as that pod is there, after who scales.
func TestAContestAboutPods(t *testing.T) {
	for name, tc := range map[string]struct {
		change func(*Input)
		reason string
		says   string
	}{
		"labels":               {func(in *Input) { in.Observed.Pods[1].LabelsAreOthers = true }, elasticwebv1.ReasonPodsContested, "changing labels of pods"},
		"a deletion cost":      {func(in *Input) { in.Observed.Pods[1].CostIsOthers = true }, elasticwebv1.ReasonPodsContested, "changing the annotation controller.kubernetes.io/pod-deletion-cost of pods"},
		"both":                 {func(in *Input) { in.Observed.Pods[0].CostIsOthers, in.Observed.Pods[1].LabelsAreOthers = true, true }, elasticwebv1.ReasonPodsContested, "labels"},
		"and somebody scales":  {func(in *Input) { in.Observed.Pods[1].LabelsAreOthers, in.Contestant = true, "kubectl" }, elasticwebv1.ReasonReplicasContested, "kubectl"},
		"of a pod that is off": {func(in *Input) { in.Observed.Pods[1].LabelsAreOthers, in.Observed.Pods[1].Gone = true, true }, "", ""},
	} {
		in := planned()
		tc.change(&in)
		got := ptr.Deref(meta.FindStatusCondition(statusOf(in).Conditions, elasticwebv1.ConditionContested), metav1.Condition{})
		if got.Reason != tc.reason || !strings.Contains(got.Message, tc.says) {
			t.Errorf("%s: got %+v", name, got)
		}
	}
}

// A pod that is not ready makes nothing less ready where the others serve the demand, once all of them were ready.
func TestServedInSpiteOfAPod(t *testing.T) {
	for name, tc := range map[string]struct {
		change func(*Input)
		want   bool
	}{
		"at the side":                {func(*Input) {}, true},
		"the demand is not met":      {func(in *Input) { in.Plan.Demand.QPS = 1601 }, false},
		"before all were ready once": {func(in *Input) { in.Observed.Deployment.Status.Conditions[0].Reason = "ReplicaSetUpdated" }, false},
		"while pods are replaced":    {func(in *Input) { in.Observed.Deployment.Status.UpdatedReplicas = 2 }, false},
		"while pods are made":        {func(in *Input) { in.Plan.Replicas = 4 }, false},
		"while a Deployment goes":    {func(in *Input) { in.Observed.Deployment.DeletionTimestamp = ptr.To(now) }, false},
		"while pods are not seen": {func(in *Input) {
			in.Observed.Deployment.Status.Replicas = 4
			in.Observed.Deployment.Status.UpdatedReplicas = 4
		}, false},
		"where a number is asked for": {func(in *Input) { in.Plan.Demand = plan.Demand{Pods: 3} }, false},
		"where fewer are asked for":   {func(in *Input) { in.Plan.Demand = plan.Demand{Pods: 2} }, true},
		"without a Deployment":        {func(in *Input) { in.Observed.Deployment = nil }, false},
	} {
		in := planned()
		kubelet("CrashLoopBackOff", "")(&in)
		in.Plan.Demand.QPS = 1600
		tc.change(&in)
		if got := readyOf(in); (got.Status == metav1.ConditionTrue) != tc.want {
			t.Errorf("%s: %s %s", name, got.Status, got.Reason)
		}
	}
}
