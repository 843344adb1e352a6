// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package podfailure

import (
	"regexp"
	"slices"
	"strings"
)

// isExecFormatError knows the words of the Linux kernel's ENOEXEC, as container runtimes and shells give them.
func isExecFormatError(message string) bool {
	return strings.Contains(strings.ToLower(message), "exec format error")
}

// isOfApplication reports whether a container ended, so that what is said may be the application's own words.
func isOfApplication(reason string) bool {
	return slices.Contains([]string{"Error", "Completed", "OOMKilled"}, reason)
}

// execOfRuntime is a line of the container's log that runc or crun wrote as they gave way to the program, in place of which nothing ran.
// They end with 1 or 255, as applications do.
var execOfRuntime = regexp.MustCompile(`(?im)^(?:exec \S+: |.*\bexec user process caused:? "?|.*\bexec container process .*: )?exec format error`)

func isExecOfRuntime(message string) bool { return execOfRuntime.MatchString(message) }

// isShellsExit knows the codes with which shells, and small inits, end that could not execute a program.
func isShellsExit(code int32) bool { return code == 126 || code == 127 }

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

// isLate knows the kubelet's words for a Secret or ConfigMap that it has not read yet, and reads soon.
func isLate(message string) bool {
	return saysAny(strings.ToLower(message), "failed to sync configmap cache: timed out", "failed to sync secret cache: timed out")
}

func saysAny(text string, words ...string) bool {
	return slices.ContainsFunc(words, func(word string) bool { return strings.Contains(text, word) })
}
