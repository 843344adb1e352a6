// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/remote"
)

// image is what a registry has under a reference.
type image struct {
	reference string
	digest    v1.Hash
	parts     []part
}

// part is the image for one platform. Its size is that of the compressed layers, in bytes.
type part struct {
	platform string
	digest   v1.Hash
	size     int64
}

func (i image) platforms() []string {
	platforms := make([]string, len(i.parts))
	for n, p := range i.parts {
		platforms[n] = p.platform
	}
	return platforms
}

// look asks the registry, with the credentials of docker or podman where there are any.
func look(ctx context.Context, reference string, insecure bool) (image, error) {
	var nameOptions []name.Option
	if insecure {
		nameOptions = append(nameOptions, name.Insecure)
	}
	ref, err := name.ParseReference(reference, nameOptions...)
	if err != nil {
		return image{}, err
	}
	descriptor, err := remote.Get(ref, remote.WithContext(ctx), remote.WithAuthFromKeychain(authn.DefaultKeychain))
	if err != nil {
		return image{}, fmt.Errorf("look up %s: %w", reference, err)
	}
	found := image{reference: reference, digest: descriptor.Digest}
	if found.parts, err = partsOf(descriptor); err != nil {
		return image{}, fmt.Errorf("read %s: %w", reference, err)
	}
	return found, nil
}

func partsOf(descriptor *remote.Descriptor) ([]part, error) {
	if !descriptor.MediaType.IsIndex() {
		single, err := descriptor.Image()
		if err != nil {
			return nil, err
		}
		p, err := partOf(single)
		return []part{p}, err
	}
	index, err := descriptor.ImageIndex()
	if err != nil {
		return nil, err
	}
	manifest, err := index.IndexManifest()
	if err != nil {
		return nil, err
	}
	var parts []part
	for _, entry := range manifest.Manifests {
		child, err := index.Image(entry.Digest)
		if err != nil {
			return nil, err
		}
		p, err := partOf(child)
		if err != nil {
			return nil, err
		}
		// What the index says is what nodes choose by.
		if entry.Platform != nil {
			p.platform = entry.Platform.String()
		}
		parts = append(parts, p)
	}
	return parts, nil
}

func partOf(single v1.Image) (part, error) {
	config, err := single.ConfigFile()
	if err != nil {
		return part{}, err
	}
	digest, err := single.Digest()
	if err != nil {
		return part{}, err
	}
	manifest, err := single.Manifest()
	if err != nil {
		return part{}, err
	}
	p := part{platform: config.Platform().String(), digest: digest}
	for _, layer := range manifest.Layers {
		p.size += layer.Size
	}
	return p, nil
}
