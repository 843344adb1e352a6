// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"io"
	"log"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/registry"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/remote"
)

func TestRun(t *testing.T) {
	host := startRegistry(t)
	both := push(t, host+"/both:1", "linux/amd64", "linux/arm64")
	push(t, host+"/one:1", "linux/arm64")
	push(t, host+"/attested:1", "linux/amd64", "unknown/unknown")
	pushSingle(t, host+"/single:1", "linux/s390x")

	tests := map[string]struct {
		images []string
		options
		shows []string
		fails string
	}{
		"platforms and digest":      {images: []string{"/both:1"}, shows: []string{"/both:1@" + both, "linux/amd64", "linux/arm64"}},
		"an image that is no index": {images: []string{"/single:1"}, shows: []string{"linux/s390x"}},
		"what all of them have":     {images: []string{"/both:1", "/one:1"}, shows: []string{"All of them run on: linux/arm64\n"}},
		"attestations are seen":     {images: []string{"/attested:1"}, shows: []string{"unknown/unknown"}},
		"the digest alone":          {images: []string{"/both:1"}, options: options{digestOnly: true}, shows: []string{both}},
		"all that is required":      {images: []string{"/both:1"}, options: options{require: "linux/arm64,linux/amd64"}},
		"one that is missing": {
			images: []string{"/both:1", "/one:1"}, options: options{require: "linux/amd64,linux/arm64"},
			fails: "/one:1 lacks linux/amd64",
		},
		"an image that is missing": {images: []string{"/none:1"}, fails: "look up"},
		"no reference":             {images: []string{"/Both:1"}, fails: "could not parse reference"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			references := make([]string, len(tt.images))
			for i, image := range tt.images {
				references[i] = host + image
			}
			var out bytes.Buffer
			err := run(t.Context(), &out, tt.options, references)
			if tt.fails == "" && err != nil || tt.fails != "" && (err == nil || !strings.Contains(err.Error(), tt.fails)) {
				t.Errorf("got error %v, want %q", err, tt.fails)
			}
			for _, want := range tt.shows {
				if !strings.Contains(out.String(), want) {
					t.Errorf("it does not show %q:\n%s", want, &out)
				}
			}
		})
	}
}

func startRegistry(t *testing.T) string {
	server := httptest.NewServer(registry.New(registry.Logger(log.New(io.Discard, "", 0))))
	t.Cleanup(server.Close)
	return strings.TrimPrefix(server.URL, "http://")
}

func push(t *testing.T, reference string, platforms ...string) string {
	t.Helper()
	var index v1.ImageIndex = empty.Index
	for _, platform := range platforms {
		parsed, err := v1.ParsePlatform(platform)
		if err != nil {
			t.Fatal(err)
		}
		index = mutate.AppendManifests(index, mutate.IndexAddendum{
			Add: imageFor(t, platform), Descriptor: v1.Descriptor{Platform: parsed},
		})
	}
	ref, err := name.ParseReference(reference)
	if err != nil {
		t.Fatal(err)
	}
	if err := remote.WriteIndex(ref, index); err != nil {
		t.Fatal(err)
	}
	digest, err := index.Digest()
	if err != nil {
		t.Fatal(err)
	}
	return digest.String()
}

func pushSingle(t *testing.T, reference, platform string) {
	t.Helper()
	ref, err := name.ParseReference(reference)
	if err != nil {
		t.Fatal(err)
	}
	if err := remote.Write(ref, imageFor(t, platform)); err != nil {
		t.Fatal(err)
	}
}

func imageFor(t *testing.T, platform string) v1.Image {
	t.Helper()
	parsed, err := v1.ParsePlatform(platform)
	if err != nil {
		t.Fatal(err)
	}
	image, err := mutate.ConfigFile(empty.Image, &v1.ConfigFile{OS: parsed.OS, Architecture: parsed.Architecture})
	if err != nil {
		t.Fatal(err)
	}
	return image
}
