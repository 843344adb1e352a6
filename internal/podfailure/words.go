// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

// Package podfailure knows the words in which kernels, container runtimes and kubelets say why a container does not run.
package podfailure

import (
	"slices"
	"strings"
)

// IsExecFormatError knows the words of the Linux kernel's ENOEXEC, as container runtimes and shells give them.
func IsExecFormatError(message string) bool {
	return strings.Contains(strings.ToLower(message), "exec format error")
}

// IsPlatformMissing knows the words of containerd and of CRI-O for an image that holds no part for the node.
func IsPlatformMissing(message string) bool {
	message = strings.ToLower(message)
	return slices.ContainsFunc([]string{
		"no match for platform in manifest",
		"no image found in image index for architecture",
		"no image found in manifest list for architecture",
		"does not match the specified platform",
	}, func(words string) bool { return strings.Contains(message, words) })
}

// PullMessage is what the runtime said of a pull. It is the same in the two reasons of the kubelet that take turns,
// ErrImagePull and ImagePullBackOff: in the latter it follows the former's name.
func PullMessage(message string) string {
	if _, said, isPrefixed := strings.Cut(message, "ErrImagePull: "); isPrefixed {
		return said
	}
	return message
}
