// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package plan

import (
	"math"
	"regexp"
	"slices"
)

// The bounds of a Record. The greatest that is ever written keeps well within them.
const (
	maxRecordBytes   = 16 << 10
	maxReference     = 1024
	maxDigest        = 256
	maxPlatforms     = 64
	maxPlatform      = 128
	maxArchitectures = 64
	// maxSkew is beyond what makes a difference, and what a Deployment of a million pods calls for.
	maxSkew = 10_000_000
)

var (
	hashPattern         = regexp.MustCompile(`^[0-9a-f]{16}$`)
	architecturePattern = regexp.MustCompile(`^[a-z0-9]([a-z0-9_-]{0,30}[a-z0-9])?$`)
)

// isSound reports whether every field is one that the operator could have written.
func (r *Record) isSound() bool {
	return r.Generation >= 0 && hashPattern.MatchString(r.Pod) && r.MaxSkew >= 0 && r.MaxSkew <= maxSkew && r.Replicas >= 0 &&
		(r.Image == nil || r.Image.isSound()) && areSound(r.Levels)
}

func (f *ImageFacts) isSound() bool {
	return f.Reference != "" && len(f.Reference) <= maxReference && len(f.Digest) <= maxDigest && len(f.Platforms) <= maxPlatforms &&
		(f.Port == nil || *f.Port >= 1 && *f.Port <= math.MaxUint16) && (f.User == nil || *f.User >= 1 && *f.User <= math.MaxInt32) &&
		!slices.ContainsFunc(f.Platforms, func(platform string) bool { return len(platform) > maxPlatform }) &&
		!slices.ContainsFunc(LinuxArchitectures(f.Platforms), isNoArchitecture)
}

// areSound reports whether the levels name architectures, none of them twice, and none is empty.
func areSound(levels [][]string) bool {
	names := slices.Concat(levels...)
	if len(names) > maxArchitectures || slices.ContainsFunc(names, isNoArchitecture) ||
		slices.ContainsFunc(levels, func(level []string) bool { return len(level) == 0 }) {
		return false
	}
	slices.Sort(names)
	return len(slices.Compact(slices.Clone(names))) == len(names)
}

// isNoArchitecture holds a name against what a node label kubernetes.io/arch can be.
func isNoArchitecture(name string) bool { return !architecturePattern.MatchString(name) }
