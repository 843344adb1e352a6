// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package platforms

import (
	"cmp"
	"slices"
)

// Platform is one platform that an image is built for, in the normal form that
// container runtimes use: amd64 rather than x86_64, arm64 without its only
// variant v8.
type Platform struct {
	// OS is linux in all Facts.
	OS string
	// Architecture is a GOARCH, the value of the node label kubernetes.io/arch.
	Architecture string
	// Variant tells the levels of an architecture apart (arm: v6, v7; amd64:
	// v2, v3). It is empty where the architecture has just one.
	Variant string
}

// String returns os/architecture, and /variant where there is one.
func (p Platform) String() string {
	s := p.OS + "/" + p.Architecture
	if p.Variant != "" {
		s += "/" + p.Variant
	}
	return s
}

func comparePlatforms(a, b Platform) int {
	return cmp.Or(
		cmp.Compare(a.OS, b.OS),
		cmp.Compare(a.Architecture, b.Architecture),
		cmp.Compare(a.Variant, b.Variant),
	)
}

// Facts is what is known of an image. The same image gives the same Facts,
// down to the order of the platforms.
type Facts struct {
	// Reference is the canonical reference that was asked for, see Canonical.
	Reference string
	// Digest is what the reference stood for: the digest of the index, or of
	// the manifest where there is no index.
	Digest string
	// Platforms are the Linux platforms, sorted, without repeats, never empty.
	Platforms []Platform
	// Port is the only TCP port that the image exposes, 1 to 65535. It is nil
	// when there is none or more than one.
	//
	// Port and User are read from the image of one platform, linux/amd64 or
	// else the first of Platforms, since each further one would cost two more
	// requests. Where several had to be read anyway, only what they agree on
	// is kept.
	Port *int32
	// User is the numeric user ID that the image runs as, 1 to 2147483647. It
	// is nil for root, for a user given by name, and when none is given.
	User *int64
}

// Clone returns a copy that shares no memory with f.
func (f Facts) Clone() Facts {
	f.Platforms = slices.Clone(f.Platforms)
	f.Port = clonePointer(f.Port)
	f.User = clonePointer(f.User)
	return f
}

func clonePointer[T any](p *T) *T {
	if p == nil {
		return nil
	}
	return new(*p)
}

// agreed returns the value that all of values have, and nil when they differ.
func agreed[T comparable](values []*T) *T {
	if len(values) == 0 || values[0] == nil {
		return nil
	}
	for _, v := range values[1:] {
		if v == nil || *v != *values[0] {
			return nil
		}
	}
	return clonePointer(values[0])
}
