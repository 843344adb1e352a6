// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package v1

import (
	"k8s.io/apimachinery/pkg/util/intstr"
)

// RolloutSpec says how a new version takes the place of the old one, in the words of a Deployment.
//
// +kubebuilder:validation:XValidation:rule="!has(self.maxSurge) || !(string(self.maxSurge) in ['0', '0%']) || has(self.maxUnavailable) && !(string(self.maxUnavailable) in ['0', '0%'])",message="maxSurge and maxUnavailable must not both be 0, which is what maxUnavailable is by default: no pod could take the place of another; raise one of them",fieldPath=".maxUnavailable"
// +kubebuilder:validation:XValidation:rule="(has(self.progressDeadlineSeconds) ? self.progressDeadlineSeconds : 600) > (has(self.minReadySeconds) ? self.minReadySeconds : 0)",message="progressDeadlineSeconds, which is 600 by default, must be above minReadySeconds: raise the one, or lower the other",fieldPath=".progressDeadlineSeconds"
type RolloutSpec struct {
	// maxSurge is how many pods a rollout may add to those that are wanted, as a number up to 100000 or as a percentage of them,
	// rounded up, from 0% to 100%. Default: 25%. Set it to 0, and maxUnavailable above 0, where a quota leaves no room for one more pod.
	//
	// +optional
	// +kubebuilder:validation:XValidation:rule="type(self) == int ? self >= 0 && self <= 100000 : self.matches('^(100|[1-9]?[0-9])%$')",message="maxSurge must be a number of pods from 0 to 100000, or a percentage from 0% to 100%"
	MaxSurge *intstr.IntOrString `json:"maxSurge,omitempty"`

	// maxUnavailable is how many of the pods that are wanted may be missing during a rollout, as a number up to 100000 or as a
	// percentage of them, rounded down, from 0% to 100%. Default: 0, so that a rollout costs no capacity.
	//
	// +optional
	// +kubebuilder:validation:XValidation:rule="type(self) == int ? self >= 0 && self <= 100000 : self.matches('^(100|[1-9]?[0-9])%$')",message="maxUnavailable must be a number of pods from 0 to 100000, or a percentage from 0% to 100%"
	MaxUnavailable *intstr.IntOrString `json:"maxUnavailable,omitempty"`

	// minReadySeconds is how long a pod must have been ready until it counts, for applications that need to warm up, in seconds from 0 to
	// 86400. A rollout goes on, and realQPS grows, only then. Default: 0.
	//
	// +optional
	// +kubebuilder:validation:Minimum=0
	// +kubebuilder:validation:Maximum=86400
	MinReadySeconds *int32 `json:"minReadySeconds,omitempty"`

	// progressDeadlineSeconds is how long a rollout may go without progress until it is reported as Stalled, in seconds from 1 to 604800.
	// So long what may heal by itself is waited for as well. Default: 600.
	//
	// +optional
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=604800
	ProgressDeadlineSeconds *int32 `json:"progressDeadlineSeconds,omitempty"`
}
