// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package platforms

import (
	"regexp"
	"strings"
)

const (
	linux   = "linux"
	unknown = "unknown"
)

// What a registry says ends up in a label selector, where anything longer or
// stranger would make the whole pod template invalid.
var platformWord = regexp.MustCompile(`^[a-z0-9]([a-z0-9_-]{0,30}[a-z0-9])?$`)

// normalPlatform returns the platform in its normal form. It reports false for
// what is no platform that a Linux pod could run on: another OS,
// unknown/unknown, an architecture that is no valid label value.
func normalPlatform(os, architecture, variant string) (Platform, bool) {
	p := Platform{OS: strings.ToLower(os)}
	p.Architecture, p.Variant = normalArchitecture(strings.ToLower(architecture), strings.ToLower(variant))
	if p.OS != linux || p.Architecture == unknown || !platformWord.MatchString(p.Architecture) {
		return Platform{}, false
	}
	if p.Variant != "" && !platformWord.MatchString(p.Variant) {
		return Platform{}, false
	}
	return p, true
}

// normalArchitecture follows containerd's platforms.Normalize, so that a
// platform counts as present exactly when the node's runtime would take it.
func normalArchitecture(architecture, variant string) (string, string) {
	switch architecture {
	case "i386":
		return "386", ""
	case "x86_64", "x86-64", "amd64":
		if variant == "v1" {
			variant = ""
		}
		return "amd64", variant
	case "aarch64", "arm64":
		if variant == "8" || variant == "v8" {
			variant = ""
		}
		return "arm64", variant
	case "armhf":
		return "arm", "v7"
	case "armel":
		return "arm", "v6"
	case "arm":
		return "arm", normalArmVariant(variant)
	}
	return architecture, variant
}

func normalArmVariant(variant string) string {
	switch variant {
	case "", "7":
		return "v7"
	case "5", "6", "8":
		return "v" + variant
	}
	return variant
}
