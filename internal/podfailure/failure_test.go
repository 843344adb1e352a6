// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package podfailure_test

import (
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/elasticweb/elasticweb-operator/internal/podfailure"
)

var now = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

func waiting(reason, message string) corev1.ContainerState {
	return corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: reason, Message: message}}
}

func running(since time.Duration) corev1.ContainerState {
	return corev1.ContainerState{Running: &corev1.ContainerStateRunning{StartedAt: metav1.NewTime(now.Add(-since))}}
}

func ended(reason, message string, code int32, ago time.Duration) corev1.ContainerState {
	return corev1.ContainerState{Terminated: &corev1.ContainerStateTerminated{
		Reason: reason, Message: message, ExitCode: code, FinishedAt: metav1.NewTime(now.Add(-ago)),
	}}
}

func status(name string, state, last corev1.ContainerState) corev1.ContainerStatus {
	return corev1.ContainerStatus{Name: name, State: state, LastTerminationState: last}
}

func podOf(containers ...corev1.ContainerStatus) *corev1.Pod {
	return &corev1.Pod{Status: corev1.PodStatus{ContainerStatuses: containers}}
}

// Each phase of a crash loop is the same failure; a crash of long ago is none.
func TestACrashIsHeldOverItsCycle(t *testing.T) {
	crashed := ended("Error", "", 3, time.Minute)
	for name, tc := range map[string]struct {
		state, last corev1.ContainerState
		want        podfailure.Class
		until       time.Duration
	}{
		"it just ended":                         {state: crashed, want: podfailure.Crash},
		"it waits to be started again":          {state: waiting("CrashLoopBackOff", "back-off 5m0s"), last: crashed, want: podfailure.Crash},
		"it runs again":                         {state: running(time.Second), last: crashed, want: podfailure.Crash, until: 10*time.Minute - time.Second},
		"it runs again, for just not long":      {state: running(10*time.Minute - time.Second), last: ended("Error", "", 3, 15*time.Minute), want: podfailure.Crash, until: time.Second},
		"it runs for as long as is looked at":   {state: running(10 * time.Minute), last: ended("Error", "", 3, 15*time.Minute)},
		"it crashed last week":                  {state: running(7 * 24 * time.Hour), last: ended("Error", "", 3, 7*24*time.Hour)},
		"nobody says when it was started":       {state: corev1.ContainerState{}, last: crashed, want: podfailure.Crash, until: 9 * time.Minute},
		"nobody says when it ended":             {state: corev1.ContainerState{}, last: corev1.ContainerState{Terminated: &corev1.ContainerStateTerminated{ExitCode: 1}}},
		"it is started for the first time":      {state: running(time.Second)},
		"it waits, and nothing is known of why": {state: waiting("CrashLoopBackOff", "back-off 10s"), want: podfailure.Crash},
	} {
		t.Run(name, func(t *testing.T) {
			got := podfailure.Of(podOf(status("web", tc.state, tc.last)), "web", now)
			if tc.want == podfailure.None {
				if got != nil {
					t.Fatalf("got %+v, want none", got)
				}
				return
			}
			if got == nil || got.Class != tc.want || !got.IsOwn || got.Container != "web" || got.IsBackOff != (tc.state.Waiting != nil) {
				t.Fatalf("got %+v", got)
			}
			if isUnknown := tc.last.Terminated == nil && tc.state.Terminated == nil; got.IsEndUnknown != isUnknown {
				t.Errorf("the end is unknown: %t, want %t", got.IsEndUnknown, isUnknown)
			}
			if want := now.Add(tc.until); tc.until == 0 != got.Until.IsZero() || tc.until > 0 && !got.Until.Equal(want) {
				t.Errorf("until %s, want %s", got.Until, want)
			}
		})
	}
}

func TestTheEndSaysWhatFailed(t *testing.T) {
	for name, tc := range map[string]struct {
		last corev1.ContainerState
		want podfailure.Class
		code int32
	}{
		"memory":               {ended("OOMKilled", "", 137, 0), podfailure.OutOfMemory, 137},
		"another architecture": {ended("Error", "exec /web: exec format error", 255, 0), podfailure.ExecFormat, 255},
		"a shell's program":    {ended("Error", "sh: /web: Exec format error", 126, 0), podfailure.ExecFormat, 126},
		"a plugin":             {ended("Error", "plugin foo.so: exec format error", 1, 0), podfailure.Crash, 1},
		"no such program":      {ended("StartError", `exec: "web": executable file not found in $PATH`, 128, 0), podfailure.NotMade, 128},
		"it was done":          {ended("Completed", "", 0, 0), podfailure.Crash, 0},
		"no reason":            {ended("", "", 2, 0), podfailure.Crash, 2},
		"its node was lost":    {ended("ContainerStatusUnknown", "", 137, 0), podfailure.Other, 137},
	} {
		for phase, state := range map[string]corev1.ContainerState{
			"ended": tc.last, "waits": waiting("CrashLoopBackOff", "back-off 10s"), "runs": running(time.Second),
		} {
			last := tc.last
			if phase == "ended" {
				last = corev1.ContainerState{}
			}
			got := podfailure.Of(podOf(status("web", state, last)), "web", now)
			if got == nil || got.Class != tc.want || got.ExitCode != tc.code || got.IsBackOff != (phase == "waits") {
				t.Errorf("%s, %s: %+v", name, phase, got)
			}
		}
	}
}

// What the kubelet says at the attempt to start a container, and containerd of how that ended, is one failure, told in one way.
func TestAStartThatFailsIsTheSameInBothPhases(t *testing.T) {
	const said = `failed to create containerd task: exec: "web": executable file not found in $PATH`
	last := ended("StartError", said, 128, 0)
	first := podfailure.Of(podOf(status("web", waiting("RunContainerError", said), last)), "web", now)
	next := podfailure.Of(podOf(status("web", waiting("CrashLoopBackOff", "back-off 10s"), last)), "web", now)
	if first.Class != next.Class || first.Reason != next.Reason || first.Message != next.Message {
		t.Errorf("%+v\nbecame %+v", first, next)
	}
}

// A container that waits for something else than its next start says itself what for.
func TestWhatWaitsForSomethingElseIsNoBackOff(t *testing.T) {
	for _, reason := range []string{"ImagePullBackOff", "PostStartHookError", "RunContainerError"} {
		got := podfailure.Of(podOf(status("web", waiting(reason, "no"), ended("Error", "", 137, 0))), "web", now)
		if got == nil || got.IsBackOff || got.Reason != reason || got.Message != "no" {
			t.Errorf("%s: %+v", reason, got)
		}
	}
}

func TestOfSeveralContainersTheGravestIsTold(t *testing.T) {
	crash, pull := ended("Error", "", 1, 0), waiting("ErrImagePull", "manifest unknown")
	initializing := waiting("PodInitializing", "")
	ready := status("ready", waiting("ErrImagePull", "left behind"), corev1.ContainerState{})
	ready.Ready = true
	for name, tc := range map[string]struct {
		init, containers []corev1.ContainerStatus
		container        string
		isOwn            bool
	}{
		"nothing fails": {},
		"one that was injected": {containers: []corev1.ContainerStatus{status("web", running(0), corev1.ContainerState{}), status("proxy", crash, corev1.ContainerState{})},
			container: "proxy"},
		"the same of both": {containers: []corev1.ContainerStatus{status("a", crash, corev1.ContainerState{}), status("web", crash, corev1.ContainerState{}), status("zz", crash, corev1.ContainerState{})},
			container: "web", isOwn: true},
		"the same of two others": {containers: []corev1.ContainerStatus{status("b", crash, corev1.ContainerState{}), status("a", crash, corev1.ContainerState{})},
			container: "a"},
		"a graver one of another": {containers: []corev1.ContainerStatus{status("web", crash, corev1.ContainerState{}), status("proxy", pull, corev1.ContainerState{})},
			container: "proxy"},
		"an init container": {init: []corev1.ContainerStatus{status("prepare", crash, corev1.ContainerState{})},
			containers: []corev1.ContainerStatus{status("web", initializing, corev1.ContainerState{})}, container: "prepare"},
		"an init container that has done its work":          {init: []corev1.ContainerStatus{status("prepare", ended("Completed", "", 0, 0), corev1.ContainerState{})}},
		"one that does it again after a restart of the pod": {init: []corev1.ContainerStatus{status("prepare", running(0), ended("Completed", "", 0, 0))}},
		"a ready one": {containers: []corev1.ContainerStatus{ready}},
	} {
		t.Run(name, func(t *testing.T) {
			got := podfailure.Of(&corev1.Pod{Status: corev1.PodStatus{InitContainerStatuses: tc.init, ContainerStatuses: tc.containers}}, "web", now)
			if tc.container == "" {
				if got != nil {
					t.Errorf("got %+v", got)
				}
				return
			}
			if got == nil || got.Container != tc.container || got.IsOwn != tc.isOwn {
				t.Errorf("got %+v", got)
			}
		})
	}
}
