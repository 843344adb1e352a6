// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"encoding/json"

	corev1 "k8s.io/api/core/v1"
)

// Annotations of a pod that tell its simulated node what becomes of it. They
// may stand in a pod template, and be set and removed while the pod lives.
// Without any of them a pod is ready at once and stays so; that of a Job ends
// at once and well, but with a sidecar works on until EndsAfter is set; and one that is deleted lives for as long as its preStop
// hooks sleep.
const (
	// ReadyAfter is the number of seconds from the start of a pod until it is ready.
	ReadyAfter = "elasticweb.test/ready-after"

	// EndsAfter is the number of seconds from its start after which the pod of a Job ends.
	EndsAfter = "elasticweb.test/ends-after"

	// ExitCode is with what the containers of a Job's pod end. Without it: 0.
	ExitCode = "elasticweb.test/exit-code"

	// TerminationMessage is what the containers of a Job's pod leave behind.
	TerminationMessage = "elasticweb.test/termination-message"

	stateAnnotation = "elasticweb.test/state"
)

// PodState is what a simulated node reports of containers that are not ready.
// The zero value: they run.
type PodState struct {
	State     *corev1.ContainerState `json:"state,omitempty"`
	LastState *corev1.ContainerState `json:"lastState,omitempty"`
	Restarts  int32                  `json:"restarts,omitempty"`

	// Container is the name of the one that is not ready, of the init containers,
	// too. Empty: all but those.
	Container string `json:"container,omitempty"`

	// Nodes restricts this to pods on nodes whose names begin so; pods elsewhere
	// are ready. With the names that AddNodes gives, "s390x-" means an architecture.
	Nodes string `json:"nodes,omitempty"`
}

// Annotations returns what brings a pod into the state. Taken away again, they
// make the pod ready.
func (s PodState) Annotations() map[string]string {
	encoded, err := json.Marshal(s)
	if err != nil {
		panic(err) // no value of these types fails to encode
	}
	return map[string]string{stateAnnotation: string(encoded)}
}

// Waiting is the state of containers that were never started, for example
// because of ErrImagePull or ImagePullBackOff.
func Waiting(reason, message string) PodState {
	return PodState{State: waiting(reason, message)}
}

// CrashLoop is the state of containers that ended with an exit code each time
// that they were started.
func CrashLoop(exitCode int32, message string) PodState {
	const restarts = 5
	return PodState{
		State:     waiting("CrashLoopBackOff", "back-off 2m40s restarting failed container"),
		LastState: &corev1.ContainerState{Terminated: &corev1.ContainerStateTerminated{ExitCode: exitCode, Reason: "Error", Message: message}},
		Restarts:  restarts,
	}
}

func waiting(reason, message string) *corev1.ContainerState {
	return &corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: reason, Message: message}}
}
