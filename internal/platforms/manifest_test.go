// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package platforms

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

var someDigest = v1.Hash{Algorithm: "sha256", Hex: strings.Repeat("ab", 32)}

func TestParseManifest(t *testing.T) {
	entry := fmt.Sprintf(`{"digest":%q}`, someDigest)
	tests := map[string]struct {
		body string
		want manifest
		err  error
	}{
		"index":                    {body: `{"schemaVersion":2,"manifests":[` + entry + `]}`, want: manifest{entries: []descriptor{{Digest: someDigest}}}},
		"empty index":              {body: `{"schemaVersion":2,"manifests":[]}`},
		"image":                    {body: `{"schemaVersion":2,"config":` + entry + `}`, want: manifest{config: &descriptor{Digest: someDigest}}},
		"image, with layers":       {body: `{"config":` + entry + `,"layers":[{"size":"many"}]}`, want: manifest{config: &descriptor{Digest: someDigest}}},
		"both at once":             {body: `{"manifests":[],"config":{}}`, err: errNotManifest},
		"neither":                  {body: `{}`, err: errNotManifest},
		"nulls":                    {body: `{"manifests":null,"config":null}`, err: errNotManifest},
		"schema 1":                 {body: `{"schemaVersion":1,"name":"library/busybox","fsLayers":[]}`, err: errSchema1},
		"a web page":               {body: `<html>log in</html>`, err: errMalformedManifest},
		"nothing":                  {err: errMalformedManifest},
		"a list":                   {body: `[]`, err: errMalformedManifest},
		"two documents":            {body: `{"manifests":[]}{"config":{}}`, err: errMalformedManifest},
		"entries in no list":       {body: `{"manifests":{}}`, err: errMalformedManifest},
		"a bad digest":             {body: `{"manifests":[{"digest":"sha256:../../x"}]}`, err: errMalformedManifest},
		"cut off":                  {body: `{"manifests":[` + entry, err: errMalformedManifest},
		"more entries than bounds": {body: `{"manifests":[` + strings.Repeat(`{},`, maxIndexEntries) + `{}]}`, err: errMalformedManifest},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := parseManifest([]byte(tc.body))
			if !errors.Is(err, tc.err) {
				t.Fatalf("error %v, want %v", err, tc.err)
			}
			if diff := cmp.Diff(tc.want, got, cmp.AllowUnexported(manifest{}), cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

func TestClassify(t *testing.T) {
	attestation := descriptor{Platform: &ociPlatform{OS: "linux", Architecture: "amd64"}}
	attestation.Annotations.ReferenceType = attestationType
	tests := map[string]struct {
		entry descriptor
		kind  entryKind
		want  string
	}{
		"image":             {entry: descriptor{MediaType: types.OCIManifestSchema1, Platform: &ociPlatform{OS: "linux", Architecture: "arm64", Variant: "v8"}}, kind: entryImage, want: "linux/arm64"},
		"no media type":     {entry: descriptor{Platform: &ociPlatform{OS: "linux", Architecture: "s390x"}}, kind: entryImage, want: "linux/s390x"},
		"Docker's type":     {entry: descriptor{MediaType: types.DockerManifestSchema2, Platform: &ociPlatform{OS: "linux", Architecture: "arm", Variant: "v7"}}, kind: entryImage, want: "linux/arm/v7"},
		"windows":           {entry: descriptor{MediaType: types.OCIManifestSchema1, Platform: &ociPlatform{OS: "windows", Architecture: "amd64"}}},
		"unknown":           {entry: descriptor{MediaType: types.OCIManifestSchema1, Platform: &ociPlatform{OS: "unknown", Architecture: "unknown"}}},
		"attestation":       {entry: attestation},
		"no platform":       {entry: descriptor{MediaType: types.OCIManifestSchema1}, kind: entryUnlabelled},
		"empty platform":    {entry: descriptor{Platform: &ociPlatform{}}, kind: entryUnlabelled},
		"index":             {entry: descriptor{MediaType: types.OCIImageIndex, Platform: &ociPlatform{OS: "linux", Architecture: "amd64"}}, kind: entryIndex},
		"Docker's list":     {entry: descriptor{MediaType: types.DockerManifestList}, kind: entryIndex},
		"some other object": {entry: descriptor{MediaType: "application/vnd.cncf.notary.signature", Platform: &ociPlatform{OS: "linux", Architecture: "amd64"}}},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			kind, platform := classify(tc.entry)
			got := ""
			if platform != (Platform{}) {
				got = platform.String()
			}
			if kind != tc.kind || got != tc.want {
				t.Errorf("got kind %d, platform %q; want %d, %q", kind, got, tc.kind, tc.want)
			}
		})
	}
}
