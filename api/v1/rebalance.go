// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package v1

import (
	"k8s.io/apimachinery/pkg/util/intstr"
)

// RebalanceMode says how pods come back to the architectures that are preferred.
//
// +kubebuilder:validation:Enum=Never;Surge
type RebalanceMode string

const (
	// RebalanceNever leaves pods where they are.
	RebalanceNever RebalanceMode = "Never"
	// RebalanceSurge asks for a few more pods, and lets as many go of those on the architectures that are preferred less.
	RebalanceSurge RebalanceMode = "Surge"
)

// RebalanceSpec says whether pods that found no room on the architecture that is preferred come back to it.
//
// +kubebuilder:validation:XValidation:rule="!has(self.restartForTemplate) || !self.restartForTemplate || self.mode == 'Surge'",message="restartForTemplate needs mode Surge: set mode to Surge, or take restartForTemplate out",fieldPath=".restartForTemplate"
type RebalanceSpec struct {
	// mode is Never, which leaves pods where they are, or Surge: while there are nodes of an architecture that is preferred more than that
	// of some of the pods, a few more pods are asked for. Where they find room there, as many of the others go once the new ones are
	// ready; else they are taken back. It is tried a minute after the spill, and then after 2 minutes, 4 and so on up to an hour. Default: Never.
	//
	// +optional
	// +kubebuilder:default=Never
	Mode RebalanceMode `json:"mode,omitempty"`

	// maxSurge is how many more pods than are needed there may be for that, as a number from 1 to 100000 or as a percentage of those that
	// are needed, rounded up, from 1% to 100%. maxReplicas bounds it, too. Default: 10%.
	//
	// +optional
	// +kubebuilder:validation:XValidation:rule="type(self) == int ? self >= 1 && self <= 100000 : self.matches('^(100|[1-9][0-9]?)%$')",message="maxSurge must be a number of pods from 1 to 100000, or a percentage from 1% to 100%; to leave pods where they are, set mode to Never"
	MaxSurge *intstr.IntOrString `json:"maxSurge,omitempty"`

	// restartForTemplate lets the operator roll out by itself what waits for a rollout of yours, such as another spread of the pods:
	// at rest, and once an hour at most where that goes on. It takes mode Surge. Default: false.
	//
	// +optional
	RestartForTemplate *bool `json:"restartForTemplate,omitempty"`
}
