// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/remote"
)

// mirrors tell where images are looked up whose names begin so.
type mirrors map[string]string

// String is for the flag package.
func (m mirrors) String() string { return fmt.Sprintf("%v", map[string]string(m)) }

// Set takes PREFIX=URL.
func (m mirrors) Set(value string) error {
	prefix, url, ok := strings.Cut(value, "=")
	scheme, rest, hasScheme := strings.Cut(url, "://")
	if !ok || prefix == "" || !hasScheme || rest == "" || (scheme != "http" && scheme != "https") {
		return fmt.Errorf("%q is not PREFIX=URL with a URL that begins with http:// or https://", value)
	}
	m[strings.TrimSuffix(prefix, "/")] = strings.TrimSuffix(url, "/")
	return nil
}

// reference returns where an image is looked up. The longest prefix wins.
func (m mirrors) reference(image string) (name.Reference, error) {
	best := ""
	for prefix := range m {
		rest, ok := strings.CutPrefix(image, prefix)
		if ok && (rest == "" || strings.ContainsAny(rest[:1], "/:@")) && len(prefix) > len(best) {
			best = prefix
		}
	}
	if best == "" {
		return name.ParseReference(image)
	}
	scheme, target, _ := strings.Cut(m[best], "://")
	var options []name.Option
	if scheme == "http" {
		options = append(options, name.Insecure)
	}
	return name.ParseReference(target+strings.TrimPrefix(image, best), options...)
}

// architecturesOf are the Linux architectures that an image is built for, sorted. Attestations are none.
func architecturesOf(ctx context.Context, m mirrors, image string) ([]string, error) {
	reference, err := m.reference(image)
	if err != nil {
		return nil, fmt.Errorf("the name of the image %q: %w", image, err)
	}
	descriptor, err := remote.Get(reference, remote.WithContext(ctx), remote.WithAuthFromKeychain(authn.DefaultKeychain))
	if err != nil {
		return nil, fmt.Errorf("ask the registry for %s: %w", reference, err)
	}
	if !descriptor.MediaType.IsIndex() {
		return nil, errNoIndex
	}
	index, err := descriptor.ImageIndex()
	if err != nil {
		return nil, fmt.Errorf("read the index of %s: %w", reference, err)
	}
	manifest, err := index.IndexManifest()
	if err != nil {
		return nil, fmt.Errorf("read the index of %s: %w", reference, err)
	}
	return linuxArchitectures(manifest), nil
}

// errNoIndex is a mistake of the image, not of the look-up.
var errNoIndex = errors.New("is an image for one platform, not an index of several")

func linuxArchitectures(manifest *v1.IndexManifest) []string {
	var architectures []string
	for _, entry := range manifest.Manifests {
		if entry.Platform != nil && entry.Platform.OS == "linux" && entry.MediaType.IsImage() {
			architectures = append(architectures, entry.Platform.Architecture)
		}
	}
	slices.Sort(architectures)
	return slices.Compact(architectures)
}
