// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package observed

import (
	"reflect"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"

	"github.com/elasticweb/elasticweb-operator/internal/plan"
	"github.com/elasticweb/elasticweb-operator/internal/podfailure"
)

func node(name, architecture, system string, isCordoned bool) corev1.Node {
	labels := map[string]string{}
	for label, value := range map[string]string{corev1.LabelArchStable: architecture, corev1.LabelOSStable: system} {
		if value != "" {
			labels[label] = value
		}
	}
	return corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: name, Labels: labels}, Spec: corev1.NodeSpec{Unschedulable: isCordoned}}
}

func TestNodesAreCountedByArchitecture(t *testing.T) {
	got := CountNodes([]corev1.Node{
		node("a", "amd64", "linux", false), node("b", "amd64", "", true), node("c", "arm64", "linux", true),
		node("d", "amd64", "windows", false), node("e", "", "linux", false),
	})
	want := Nodes{
		Counts:       &plan.Nodes{All: map[string]int{"amd64": 2, "arm64": 1}, Schedulable: map[string]int{"amd64": 1}},
		Architecture: map[string]string{"a": "amd64", "b": "amd64", "c": "arm64", "d": "amd64", "e": ""},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%+v, want %+v", got, want)
	}
}

func TestArchitecturesAreTheSameWhateverTheNumberOfNodes(t *testing.T) {
	amd, arm, cordoned := node("a", "amd64", "", false), node("b", "arm64", "", false), node("c", "arm64", "", true)
	for name, test := range map[string]struct {
		one, other Nodes
		want       bool
	}{
		"another number":        {CountNodes([]corev1.Node{amd}), CountNodes([]corev1.Node{amd, amd}), true},
		"another architecture":  {CountNodes([]corev1.Node{amd}), CountNodes([]corev1.Node{arm}), false},
		"one more":              {CountNodes([]corev1.Node{amd}), CountNodes([]corev1.Node{amd, arm}), false},
		"room for pods":         {CountNodes([]corev1.Node{amd, cordoned}), CountNodes([]corev1.Node{amd, arm}), false},
		"not known":             {Nodes{}, Nodes{}, true},
		"not known, then known": {Nodes{}, CountNodes(nil), false},
	} {
		if test.one.HasSameArchitectures(test.other) != test.want || test.other.HasSameArchitectures(test.one) != test.want {
			t.Errorf("%s: want %t", name, test.want)
		}
	}
}

func TestOfANodeItsArchitectureAndRoomConcern(t *testing.T) {
	before := node("a", "amd64", "linux", false)
	for name, test := range map[string]struct {
		after corev1.Node
		want  bool
	}{
		"another name": {node("b", "amd64", "linux", false), false},
		"architecture": {node("a", "arm64", "linux", false), true},
		"system":       {node("a", "amd64", "windows", false), true},
		"cordoned":     {node("a", "amd64", "linux", true), true},
	} {
		if NodeDiffers(&before, &test.after) != test.want {
			t.Errorf("%s: want %t", name, test.want)
		}
	}
}

func TestPod(t *testing.T) {
	now, nodes := time.Unix(1_000_000, 0), CountNodes([]corev1.Node{node("n", "arm64", "", false)})
	made := func(change func(*corev1.Pod)) *corev1.Pod {
		pod := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: "p", OwnerReferences: []metav1.OwnerReference{{Name: "set", Controller: ptr.To(true)}}}}
		change(pod)
		return pod
	}
	unschedulable := corev1.PodCondition{Type: corev1.PodScheduled, Status: corev1.ConditionFalse, Reason: corev1.PodReasonUnschedulable, Message: "no room"}
	for name, test := range map[string]struct {
		pod  *corev1.Pod
		want plan.Pod
	}{
		"new":   {made(func(*corev1.Pod) {}), plan.Pod{}},
		"bound": {made(func(p *corev1.Pod) { p.Spec.NodeName = "n" }), plan.Pod{Node: "n", Architecture: "arm64"}},
		"ready": {made(func(p *corev1.Pod) {
			p.Status.Conditions = []corev1.PodCondition{{Type: corev1.PodReady, Status: corev1.ConditionTrue}}
		}), plan.Pod{Ready: true}},
		"without a node": {made(func(p *corev1.Pod) { p.Status.Conditions = []corev1.PodCondition{unschedulable} }), plan.Pod{Unschedulable: "no room"}},
		"with one since": {made(func(p *corev1.Pod) {
			p.Spec.NodeName, p.Status.Conditions = "n", []corev1.PodCondition{unschedulable}
		}), plan.Pod{Node: "n", Architecture: "arm64"}},
		"ending":    {made(func(p *corev1.Pod) { p.DeletionTimestamp = &metav1.Time{Time: now} }), plan.Pod{Gone: true}},
		"failed":    {made(func(p *corev1.Pod) { p.Status.Phase = corev1.PodFailed }), plan.Pod{Gone: true}},
		"succeeded": {made(func(p *corev1.Pod) { p.Status.Phase = corev1.PodSucceeded }), plan.Pod{Gone: true}},
		"stamped":   {made(func(p *corev1.Pod) { p.Annotations = map[string]string{corev1.PodDeletionCost: "5"} }), plan.Pod{DeletionCost: "5"}},
	} {
		test.want.Name, test.want.TemplateHash = "p", "set"
		if got := Pod(test.pod, "web", nodes, 0, now); !reflect.DeepEqual(got, test.want) {
			t.Errorf("%s: %+v, want %+v", name, got, test.want)
		}
	}
}

// A pod counts from the very moment on at which its ReplicaSet counts it as available.
func TestAPodCountsOnceItWasReadyForLongEnough(t *testing.T) {
	now := time.Unix(1_000_000, 0)
	for name, test := range map[string]struct {
		status   corev1.ConditionStatus
		since    time.Duration
		minReady time.Duration
		want     time.Duration // until it counts; less than 0 where it never does.
	}{
		"at once":               {corev1.ConditionTrue, 0, 0, 0},
		"one that warms up":     {corev1.ConditionTrue, 4 * time.Second, 10 * time.Second, 6 * time.Second},
		"one that has":          {corev1.ConditionTrue, 10 * time.Second, 10 * time.Second, 0},
		"by a clock that is up": {corev1.ConditionTrue, -time.Second, 10 * time.Second, 11 * time.Second},
		"one that is not ready": {corev1.ConditionFalse, time.Hour, 10 * time.Second, -1},
	} {
		pod := &corev1.Pod{
			ObjectMeta: metav1.ObjectMeta{Name: "p", OwnerReferences: []metav1.OwnerReference{{Name: "set", Controller: ptr.To(true)}}},
			Status: corev1.PodStatus{Conditions: []corev1.PodCondition{
				{Type: corev1.PodReady, Status: test.status, LastTransitionTime: metav1.NewTime(now.Add(-test.since))},
			}},
		}
		got := Pod(pod, "web", Nodes{}, test.minReady, now)
		if got.IsAvailable() != (test.want == 0) || NextChange([]plan.Pod{got}, now) != max(test.want, 0) {
			t.Errorf("%s: available: %t, changes after %s, want after %s", name, got.IsAvailable(), NextChange([]plan.Pod{got}, now), test.want)
		}
	}
}

func TestTheFirstFailureToPassIsWaitedFor(t *testing.T) {
	now := time.Unix(1_000_000, 0)
	until := func(after time.Duration) plan.Pod {
		return plan.Pod{Failure: &podfailure.Failure{Until: now.Add(after)}}
	}
	pods := []plan.Pod{{}, {Failure: &podfailure.Failure{}}, until(-time.Second), until(3 * time.Second), until(2 * time.Second)}
	if got := NextChange(pods, now); got != 2*time.Second {
		t.Errorf("the first passes after %s", got)
	}
	if got := NextChange(pods[:3], now); got != 0 {
		t.Errorf("nothing passes, and is waited for %s", got)
	}
}
