// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package podfailure

import (
	"regexp"
	"slices"
	"strings"
)

// IsExecFormatError knows the words of the Linux kernel's ENOEXEC, as container runtimes and shells give them.
func IsExecFormatError(message string) bool {
	return strings.Contains(strings.ToLower(message), "exec format error")
}

// IsPlatformMissing knows the words of containerd and of CRI-O for an image that holds no part for the node.
func IsPlatformMissing(message string) bool {
	return saysAny(strings.ToLower(message),
		"no match for platform in manifest",
		"no image found in image index for architecture",
		"no image found in manifest list for architecture",
		"does not match the specified platform")
}

// PullMessage is what the runtime said of a pull. It is the same in the two reasons of the kubelet that take turns,
// ErrImagePull and ImagePullBackOff: in the latter it follows the former's name. Kubelets of old say nothing in the latter.
func PullMessage(message string) string {
	for _, reason := range []string{"ErrImagePull: ", "RegistryUnavailable: ", "SignatureValidationFailed: "} {
		if _, said, isPrefixed := strings.Cut(message, reason); isPrefixed {
			return said
		}
	}
	if strings.HasPrefix(message, "Back-off pulling image ") {
		return ""
	}
	return message
}

// named are images, URLs and paths, with what quotes them: an image may be named for anything, "unauthorized" too.
var named = regexp.MustCompile(`"[^"\s]*[/:][^"\s]*"|[^\s"]*/[^\s"]*`)

// ofPull sorts what a registry, or the runtime that asked it, says.
func ofPull(message string) Class {
	switch lower := strings.ToLower(named.ReplaceAllString(message, "")); {
	case IsPlatformMissing(lower):
		return PlatformMissing
	case saysAny(lower, "signature validation", "signaturevalidationfailed", "signature was required", "source image rejected"):
		return ImageUntrusted
	case saysAny(lower, "unauthorized", "authentication required", "access denied", "requested access to the resource is denied",
		"403 forbidden", "insufficient_scope", "no basic auth credentials"):
		return PullUnauthorized
	case saysAny(lower, "no such host", "server misbehaving"): // "lookup ...: not found" is no image.
		return PullFailed
	case saysAny(lower, "not found", "manifest unknown", "name unknown", "does not exist", "code = notfound"):
		return ImageNotFound
	default:
		return PullFailed
	}
}

// isAbsent knows the kubelet's words for a Secret or ConfigMap that is not there, or lacks a key.
func isAbsent(message string) bool {
	lower := strings.ToLower(message)
	return strings.HasSuffix(lower, " not found") && saysAny(lower, "secret", "configmap", "references non-existent") ||
		saysAny(lower, "couldn't find key", "references non-existent secret key", "references non-existent config key")
}

func saysAny(text string, words ...string) bool {
	return slices.ContainsFunc(words, func(word string) bool { return strings.Contains(text, word) })
}
