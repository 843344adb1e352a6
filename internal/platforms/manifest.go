// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package platforms

import (
	"bytes"
	"encoding/json"
	"fmt"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

const (
	// maxIndexEntries bounds the memory that one index can cost: without it 4
	// MiB of `{},` become hundreds of MiB of structs. The largest public images
	// have some 40 entries, half of them attestations.
	maxIndexEntries = 512

	// maxPlatforms bounds what is handed on and kept in a status.
	maxPlatforms = 64

	attestationType = "attestation-manifest"
)

// descriptor is what we read of an OCI descriptor.
type descriptor struct {
	MediaType   types.MediaType `json:"mediaType"`
	Digest      v1.Hash         `json:"digest"`
	Size        int64           `json:"size"`
	Platform    *ociPlatform    `json:"platform"`
	Annotations struct {
		ReferenceType string `json:"vnd.docker.reference.type"`
	} `json:"annotations"`
}

type ociPlatform struct {
	OS           string `json:"os"`
	Architecture string `json:"architecture"`
	Variant      string `json:"variant"`
}

func (p ociPlatform) String() string { return p.OS + "/" + p.Architecture }

// descriptors decodes at most maxIndexEntries.
type descriptors []descriptor

func (d *descriptors) UnmarshalJSON(data []byte) error {
	*d = nil
	return decodeBounded(data, '[', maxIndexEntries, func(dec *json.Decoder) error {
		var entry descriptor
		if err := dec.Decode(&entry); err != nil {
			return err
		}
		*d = append(*d, entry)
		return nil
	})
}

// decodeBounded calls decode for each element of a JSON array or object, and
// gives up as soon as there are more than limit. A JSON null has none.
func decodeBounded(data []byte, open json.Delim, limit int, decode func(*json.Decoder) error) error {
	dec := json.NewDecoder(bytes.NewReader(data))
	switch first, err := dec.Token(); {
	case err != nil:
		return err
	case first == nil:
		return nil
	case first != open:
		return fmt.Errorf("a JSON %v was expected, got %v", open, first)
	}
	for n := 0; dec.More(); n++ {
		if n == limit {
			return fmt.Errorf("more than %d entries", limit)
		}
		if err := decode(dec); err != nil {
			return err
		}
	}
	return nil
}

// manifest is either an index, which has entries, or the manifest of one
// image, which has a config.
type manifest struct {
	entries []descriptor
	config  *descriptor
}

// parseManifest tells an index from an image manifest by what it holds: the
// media type that a registry declares is often wrong. What is both at once is
// refused, since the node's runtime might take it for the other one.
func parseManifest(body []byte) (manifest, error) {
	var m struct {
		SchemaVersion int          `json:"schemaVersion"`
		Manifests     *descriptors `json:"manifests"`
		Config        *descriptor  `json:"config"`
	}
	if err := json.Unmarshal(body, &m); err != nil {
		return manifest{}, errMalformedManifest
	}
	switch {
	case m.SchemaVersion == 1:
		return manifest{}, errSchema1
	case (m.Manifests == nil) == (m.Config == nil):
		return manifest{}, errNotManifest
	case m.Config != nil:
		return manifest{config: m.Config}, nil
	}
	return manifest{entries: *m.Manifests}, nil
}

// entryKind says what to do with an entry of an index.
type entryKind int

const (
	// entryOmitted is nothing that a Linux pod could run.
	entryOmitted entryKind = iota
	// entryImage is an image of the platform that the entry names.
	entryImage
	// entryUnlabelled names no platform: its config does.
	entryUnlabelled
	// entryIndex is an index of its own.
	entryIndex
)

// classify says what an entry of an index is. The platform is set for
// entryImage only.
func classify(d descriptor) (entryKind, Platform) {
	if d.Annotations.ReferenceType == attestationType {
		return entryOmitted, Platform{}
	}
	if d.MediaType.IsIndex() {
		return entryIndex, Platform{}
	}
	if d.MediaType != "" && !d.MediaType.IsImage() {
		return entryOmitted, Platform{}
	}
	if d.Platform == nil || *d.Platform == (ociPlatform{}) {
		return entryUnlabelled, Platform{}
	}
	p, ok := normalPlatform(d.Platform.OS, d.Platform.Architecture, d.Platform.Variant)
	if !ok {
		return entryOmitted, Platform{}
	}
	return entryImage, p
}
