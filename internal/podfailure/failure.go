// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package podfailure

import (
	"cmp"
	"time"

	corev1 "k8s.io/api/core/v1"
)

// Failure is what keeps a container of a pod from running.
type Failure struct {
	Class Class
	// Container is the name of the one that fails; IsOwn is false for one that somebody injected.
	Container string
	IsOwn     bool
	// Reason and Message are the kubelet's.
	Reason, Message string
	// ExitCode of the last run, in the classes that tell of one; IsEndUnknown where nobody tells how that ended.
	ExitCode     int32
	IsEndUnknown bool
	// IsBackOff is true while the container waits for its next start: of one that could not be started the kubelet then says only
	// how it ended.
	IsBackOff bool
	// Until is when this no longer counts although nothing more happens; zero for never.
	Until time.Time
}

// forgets is how long a container that was started again must run until the kubelet forgets that it ended before. So long its last
// end is what is told while it is not ready, or the reason would be another one in each phase of a crash loop.
const forgets = 10 * time.Minute

// Of is the gravest of what keeps the containers of a pod from running, own being the name of the one that the operator makes; nil
// where nothing does.
func Of(pod *corev1.Pod, own string, now time.Time) *Failure {
	var gravest *Failure
	consider := func(status *corev1.ContainerStatus, isInit bool) {
		failure := ofContainer(status, isInit, now)
		if failure.Class == None {
			return
		}
		failure.Container, failure.IsOwn = status.Name, status.Name == own
		if gravest == nil || cmp.Or(cmp.Compare(failure.Class, gravest.Class), compareOwn(&failure, gravest)) > 0 {
			gravest = &failure
		}
	}
	for i := range pod.Status.InitContainerStatuses {
		consider(&pod.Status.InitContainerStatuses[i], true)
	}
	for i := range pod.Status.ContainerStatuses {
		consider(&pod.Status.ContainerStatuses[i], false)
	}
	return gravest
}

// compareOwn has the application's own container told of rather than another one that fails in the same way.
func compareOwn(a, b *Failure) int {
	switch {
	case a.IsOwn == b.IsOwn:
		return cmp.Compare(b.Container, a.Container)
	case a.IsOwn:
		return 1
	default:
		return -1
	}
}

func ofContainer(status *corev1.ContainerStatus, isInit bool, now time.Time) Failure {
	ended, last := status.State.Terminated, status.LastTerminationState.Terminated
	switch waiting := status.State.Waiting; {
	case status.Ready:
		return Failure{}
	case waiting != nil:
		return ofWaiting(waiting, last)
	case ended != nil && isInit && ended.ExitCode == 0:
		return Failure{} // it has done its work.
	case ended != nil:
		return OfEnd(ended)
	case last != nil && isInit && last.ExitCode == 0:
		return Failure{}
	case last != nil:
		return heldFor(status.State.Running, last, now)
	default:
		return Failure{}
	}
}

// ofWaiting is why a container waits, or, while it does so for its next start, how it ended.
func ofWaiting(waiting *corev1.ContainerStateWaiting, last *corev1.ContainerStateTerminated) Failure {
	failure := Failure{Class: Classify(waiting.Reason, waiting.Message), Reason: waiting.Reason, Message: waiting.Message}
	if waiting.Reason != "CrashLoopBackOff" {
		return failure
	}
	failure.IsEndUnknown = true
	if last != nil {
		failure = OfEnd(last)
	}
	failure.IsBackOff = true
	return failure
}

// heldFor is the last end of a container that runs again.
func heldFor(running *corev1.ContainerStateRunning, last *corev1.ContainerStateTerminated, now time.Time) Failure {
	since := last.FinishedAt.Time
	if running != nil && running.StartedAt.After(since) {
		since = running.StartedAt.Time
	}
	if !now.Before(since.Add(forgets)) {
		return Failure{}
	}
	failure := OfEnd(last)
	failure.Until = since.Add(forgets)
	return failure
}

// OfEnd is the failure of a container that ended: whatever the kubelet calls it, one that should serve does not.
func OfEnd(ended *corev1.ContainerStateTerminated) Failure {
	class := Classify(ended.Reason, ended.Message)
	switch {
	case isShellsExit(ended.ExitCode) && isExecFormatError(ended.Message):
		class = ExecFormat
	case class == None:
		class = Crash
	}
	reason := ended.Reason
	if reason == "StartError" { // containerd's name for what the kubelet calls otherwise as long as it does not wait for the next start.
		reason = "RunContainerError"
	}
	return Failure{Class: class, Reason: reason, Message: ended.Message, ExitCode: ended.ExitCode}
}
