// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package status

import (
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	elasticwebv1 "github.com/elasticweb/elasticweb-operator/api/v1"
	"github.com/elasticweb/elasticweb-operator/internal/plan"
)

// Whoever changes a message reads it with the question whether it is true in every case, and the reader's next step the right one.
func TestRebalanced(t *testing.T) {
	const away = "pods are on amd64 though arm64 is preferred: "
	scene := plan.RebalanceScene{IsOn: true, Away: 3, AwayOn: []string{"amd64"}, HomeOn: []string{"arm64"}, Nodes: 2}
	waiting := plan.Rebalance{Phase: plan.RebalanceWaiting}
	after := func(failure plan.RebalanceFailure) plan.Rebalance {
		return plan.Rebalance{Phase: plan.RebalanceWaiting, Tries: 2, Failure: failure, Said: "exceeded quota"}
	}
	for name, test := range map[string]struct {
		state  plan.Rebalance
		change func(*plan.RebalanceScene)
		reason string
		says   string
	}{
		"nothing was looked at":     {plan.Rebalance{}, nil, elasticwebv1.ReasonAtHome, "no pod is on an architecture that is preferred less than another one that the cluster has nodes of"},
		"all are home":              {waiting, func(s *plan.RebalanceScene) { s.Away = 0 }, elasticwebv1.ReasonAtHome, "no pod is on an architecture that is preferred less than another one that the cluster has nodes of"},
		"they left":                 {waiting, nil, elasticwebv1.ReasonSpilled, away + "they are about to be brought back"},
		"their home takes none":     {waiting, func(s *plan.RebalanceScene) { s.Nodes = 0 }, elasticwebv1.ReasonSpilled, away + "none of its nodes takes pods now"},
		"their costs are others'":   {waiting, func(s *plan.RebalanceScene) { s.CostsAreOthers = true }, elasticwebv1.ReasonSpilled, away + "somebody else keeps changing the deletion costs of pods, by which the others would go: have that leave the annotation controller.kubernetes.io/pod-deletion-cost alone"},
		"they are brought back":     {plan.Rebalance{Phase: plan.RebalanceSurging, Tries: 1}, nil, elasticwebv1.ReasonReturning, away + "a few more are asked for at a time, and as many of the others go once these are ready"},
		"there was no room":         {after(plan.RebalanceNoRoom), nil, elasticwebv1.ReasonNoRoom, away + "the pods that were asked for found no room there: it is tried again after twice as long each time, an hour at most, and when nodes come"},
		"they did not become ready": {after(plan.RebalanceNotReady), nil, elasticwebv1.ReasonSurgeNotReady, away + "the pods that were asked for did not become ready in time: look at why with kubectl describe; it is tried again after twice as long each time, an hour at most"},
		"they were refused":         {after(plan.RebalanceRefused), nil, elasticwebv1.ReasonSurgeRefused, away + "the pods that were asked for were refused: raise the quota, or lower spec.rebalance.maxSurge; it is tried again after twice as long each time, an hour at most: exceeded quota"},
		"the limit is reached":      {after(plan.RebalanceLimited), nil, elasticwebv1.ReasonSurgeLimited, away + "spec.maxReplicas leaves no room for one more pod: raise it, or run kubectl rollout restart"},
		"a rollout came":            {after(plan.RebalanceInterrupted), nil, elasticwebv1.ReasonSpilled, away + "it is tried when what changes the pods has ended"},
	} {
		t.Run(name, func(t *testing.T) {
			in := Input{Web: &elasticwebv1.ElasticWeb{}, Plan: &plan.Plan{}, Rebalance: Rebalance{State: test.state, Scene: scene}}
			in.Web.Spec.Rebalance = &elasticwebv1.RebalanceSpec{Mode: elasticwebv1.RebalanceSurge}
			if test.change != nil {
				test.change(&in.Rebalance.Scene)
			}
			status, _ := Make(in)
			got := meta.FindStatusCondition(status.Conditions, elasticwebv1.ConditionRebalanced)
			if got == nil || got.Reason != test.reason || got.Message != test.says || (got.Status == metav1.ConditionTrue) != (test.reason == elasticwebv1.ReasonAtHome) {
				t.Errorf("got %+v", got)
			}
			in.Web.Status, in.Web.Spec.Rebalance.Mode = status, elasticwebv1.RebalanceNever
			if status, _ := Make(in); meta.FindStatusCondition(status.Conditions, elasticwebv1.ConditionRebalanced) != nil {
				t.Error("it stays where nobody asks for it")
			}
		})
	}
}

// What waits for a rollout is told of from when it is found until it is done, but where pods are away as well.
func TestRestarting(t *testing.T) {
	const takenUp = "what waited for a rollout is taken up by one, as soon as nothing else changes the pods and long enough after the last time: how the pods are placed, labels of the pods"
	waits := plan.Restart{What: []string{"how the pods are placed", "labels of the pods"}, Since: time.Unix(1_000_000, 0)}
	refused := waits
	refused.Said = "not on my watch"
	for name, test := range map[string]struct {
		restart      plan.Restart
		away         int
		reason, says string
	}{
		"nothing waits":   {plan.Restart{}, 0, elasticwebv1.ReasonAtHome, "no pod is on an architecture that is preferred less than another one that the cluster has nodes of"},
		"something waits": {waits, 0, elasticwebv1.ReasonRestarting, takenUp},
		"pods are away":   {waits, 3, elasticwebv1.ReasonSpilled, "pods are on amd64 though arm64 is preferred: they are about to be brought back"},
		"it was refused":  {refused, 0, elasticwebv1.ReasonRestartRefused, takenUp + ": the new pod template was refused: look at what says so, or set spec.rebalance.restartForTemplate to false; it is tried again after twice as long each time, an hour at most: not on my watch"},
	} {
		in := Input{Web: &elasticwebv1.ElasticWeb{}, Plan: &plan.Plan{}, Rebalance: Rebalance{Restart: test.restart}}
		in.Rebalance.State.Phase, in.Rebalance.Scene = plan.RebalanceHome, plan.RebalanceScene{IsOn: true}
		if test.away > 0 {
			in.Rebalance.State.Phase, in.Rebalance.Scene = plan.RebalanceWaiting, plan.RebalanceScene{IsOn: true, Away: test.away, AwayOn: []string{"amd64"}, HomeOn: []string{"arm64"}, Nodes: 2}
		}
		in.Web.Spec.Rebalance = &elasticwebv1.RebalanceSpec{Mode: elasticwebv1.RebalanceSurge}
		status, _ := Make(in)
		if got := meta.FindStatusCondition(status.Conditions, elasticwebv1.ConditionRebalanced); got == nil || got.Reason != test.reason || got.Message != test.says {
			t.Errorf("%s: got %+v", name, got)
		}
	}
}

// A try to bring pods back makes nothing less ready.
func TestReadyWhilePodsAreBroughtBack(t *testing.T) {
	in := planned()
	in.Web.Status, _ = Make(in)
	in.Plan.Surge, in.Rebalance.State = 1, plan.Rebalance{Phase: plan.RebalanceSurging, Surge: 1, Tries: 1}
	extra := in.Observed.Pods[0]
	in.Observed.Deployment.Generation++ // which its controller has not seen yet.
	extra.Name, extra.Ready, extra.Node, extra.Unschedulable = "one-more", false, "", "no room"
	in.Observed.Pods = append(in.Observed.Pods, extra)
	in.Observed.Deployment.Status.Replicas++
	status, _ := Make(in)
	if ready := meta.FindStatusCondition(status.Conditions, elasticwebv1.ConditionReady); ready.Status != metav1.ConditionTrue {
		t.Errorf("%+v", ready)
	}
}
