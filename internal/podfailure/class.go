// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

// Package podfailure knows the words in which kernels, container runtimes and kubelets say why a container does not run.
package podfailure

// Class is a kind of failure.
type Class int

// The classes in the order of their gravity, the gravest last: of several pods, and of several containers, the gravest class is
// what is told. What no waiting mends is graver than what may pass, and what is known is graver than what is not.
const (
	// None: nothing failed.
	None Class = iota
	// Other is what the kubelet reports under a name that is not known here: its own words are all there is to say.
	Other
	// Crash: the container was started, and ended.
	Crash
	// OutOfMemory: it was ended for want of memory.
	OutOfMemory
	// NotMade: the kubelet or the runtime cannot make the container, or start it.
	NotMade
	// PullFailed: the registry does not answer, or not as it should.
	PullFailed
	// ReferenceMissing: a Secret or ConfigMap is missing, or a key in it.
	ReferenceMissing
	// ImageUnreadable: the node has the image, and cannot read it.
	ImageUnreadable
	// PullUnauthorized: the registry refuses the credentials, or there are none.
	PullUnauthorized
	// ImageAbsent: the node lacks the image and must not pull it.
	ImageAbsent
	// ImageNotFound: the registry does not have the image.
	ImageNotFound
	// ImageUntrusted: the signature of the image is not what the node asks for.
	ImageUntrusted
	// PlatformMissing: the image holds nothing for the node.
	PlatformMissing
	// ExecFormat: the program is built for another architecture than its image says.
	ExecFormat
	// InvalidImageName: nobody can pull what is no name.
	InvalidImageName
)

// byReason has the reasons for which containers wait, or ended, that say all by themselves.
var byReason = map[string]Class{
	"CrashLoopBackOff":     Crash,
	"Error":                Crash,
	"Completed":            Crash, // what serves must not end.
	"OOMKilled":            OutOfMemory,
	"InvalidImageName":     InvalidImageName,
	"ErrImageNeverPull":    ImageAbsent,
	"ImageInspectError":    ImageUnreadable,
	"CreateContainerError": NotMade,
	"PreCreateHookError":   NotMade, "PreStartHookError": NotMade, "PostStartHookError": NotMade,
	"RunContainerError": NotMade, "StartError": NotMade, "ContainerCannotRun": NotMade,
	"CreatePodSandboxError": NotMade, "ConfigPodSandboxError": NotMade,
	"RROUnsupported": NotMade, "ImageVolumeMountFailed": NotMade,
	"SignatureValidationFailed": ImageUntrusted,
}

// Classify sorts the reason for which a container waits, or ended, and what was said with it.
func Classify(reason, message string) Class {
	switch reason {
	case "", "ContainerCreating", "PodInitializing":
		return None
	case "ErrImagePull", "ImagePullBackOff", "RegistryUnavailable":
		return ofPull(message)
	case "CreateContainerConfigError":
		switch {
		case isAbsent(message):
			return ReferenceMissing
		case isLate(message):
			return None
		}
		return NotMade
	}
	class, isKnown := byReason[reason]
	switch {
	case isOfApplication(reason) && !isExecOfRuntime(message):
		return class
	case isExecFormatError(message):
		return ExecFormat
	case isKnown:
		return class
	default:
		return Other
	}
}

// IsOfImage reports whether the image cannot be had as it is: nothing of it ever ran.
func (c Class) IsOfImage() bool {
	switch c {
	case PullFailed, ImageUnreadable, PullUnauthorized, ImageAbsent, ImageNotFound, ImageUntrusted, PlatformMissing, InvalidImageName:
		return true
	default:
		return false
	}
}
