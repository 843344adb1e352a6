// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package platforms

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// memory is a source that holds what was added to it.
type memory struct {
	blobs map[string][]byte
	reads int
}

func newMemory() *memory { return &memory{blobs: map[string][]byte{}} }

func (m *memory) manifest(_ context.Context, identifier string) ([]byte, string, error) {
	m.reads++
	body, ok := m.blobs[identifier]
	if !ok {
		return nil, "", &statusError{code: http.StatusNotFound}
	}
	digest, err := digestOf(body, "sha256")
	return body, digest, err
}

func (m *memory) config(ctx context.Context, digest v1.Hash) ([]byte, error) {
	body, _, err := m.manifest(ctx, digest.String())
	return body, err
}

func (m *memory) add(content any) descriptor {
	body, err := json.Marshal(content)
	if err != nil {
		panic(err)
	}
	digest, _ := digestOf(body, "sha256")
	m.blobs[digest] = body
	hash, _ := v1.NewHash(digest)
	return descriptor{Digest: hash, Size: int64(len(body))}
}

// image adds an image and returns its entry for an index. The config is JSON
// of what goes into the field config.
func (m *memory) image(platform, config string) descriptor {
	var p ociPlatform
	parts := strings.Split(platform+"//", "/")
	p.OS, p.Architecture, p.Variant = parts[0], parts[1], parts[2]
	c := m.add(map[string]any{
		"os": p.OS, "architecture": p.Architecture, "variant": p.Variant, "config": json.RawMessage(config),
	})
	c.MediaType = types.OCIConfigJSON
	d := m.add(map[string]any{"schemaVersion": 2, "config": c})
	d.MediaType = types.OCIManifestSchema1
	d.Platform = &p
	return d
}

func (m *memory) index(entries ...descriptor) descriptor {
	d := m.add(map[string]any{"schemaVersion": 2, "manifests": append([]descriptor{}, entries...)})
	d.MediaType = types.OCIImageIndex
	return d
}

func unlabelled(d descriptor) descriptor {
	d.Platform = nil
	return d
}

func missing(d descriptor) descriptor {
	d.Digest.Hex = strings.Repeat("00", 32)
	return d
}

const (
	web   = `{"User":"101","ExposedPorts":{"8080/tcp":{}}}`
	web81 = `{"User":"101","ExposedPorts":{"8081/tcp":{}}}`
)

func TestSurveyImage(t *testing.T) {
	port, user := new(int32(8080)), new(int64(101))
	tests := map[string]struct {
		root  func(*memory) descriptor
		want  Facts
		err   error
		reads int
	}{
		"index": {
			root: func(m *memory) descriptor {
				return m.index(m.image("linux/s390x", web81), m.image("linux/arm64/v8", web81), m.image("linux/amd64", web))
			},
			want:  Facts{Platforms: linuxPlatforms("amd64", "arm64", "s390x"), Port: port, User: user},
			reads: 3,
		},
		"without amd64 the first is read": {
			root: func(m *memory) descriptor {
				return m.index(m.image("linux/s390x", web81), m.image("linux/arm64", web))
			},
			want:  Facts{Platforms: linuxPlatforms("arm64", "s390x"), Port: port, User: user},
			reads: 3,
		},
		"single image": {
			root:  func(m *memory) descriptor { return m.image("linux/arm64", web) },
			want:  Facts{Platforms: linuxPlatforms("arm64"), Port: port, User: user},
			reads: 2,
		},
		"variants and repeats": {
			root: func(m *memory) descriptor {
				return m.index(m.image("linux/arm/v7", web), m.image("linux/arm64", web), m.image("linux/arm64/v8", web81), m.image("linux/amd64/v3", web), m.image("linux/amd64", web))
			},
			want: Facts{Platforms: []Platform{
				{OS: "linux", Architecture: "amd64"},
				{OS: "linux", Architecture: "amd64", Variant: "v3"},
				{OS: "linux", Architecture: "arm", Variant: "v7"},
				{OS: "linux", Architecture: "arm64"},
			}, Port: port, User: user},
			reads: 3,
		},
		"attestations and Windows are left out": {
			root: func(m *memory) descriptor {
				attestation := m.image("unknown/unknown", `{}`)
				attestation.Annotations.ReferenceType = attestationType
				return m.index(m.image("windows/amd64", `{}`), attestation, m.image("linux/amd64", web))
			},
			want:  Facts{Platforms: linuxPlatforms("amd64"), Port: port, User: user},
			reads: 3,
		},
		"nested index": {
			root: func(m *memory) descriptor {
				return m.index(m.index(m.index(m.image("linux/ppc64le", web))), m.image("linux/s390x", web))
			},
			want:  Facts{Platforms: linuxPlatforms("ppc64le", "s390x"), Port: port, User: user},
			reads: 5,
		},
		"nested too deeply": {
			root:  func(m *memory) descriptor { return m.index(m.index(m.index(m.index(m.image("linux/s390x", web))))) },
			err:   errTooDeep,
			reads: 4,
		},
		"entries without platform": {
			root: func(m *memory) descriptor {
				return m.index(unlabelled(m.image("linux/arm64", web)), unlabelled(m.image("linux/amd64", web)), unlabelled(m.image("windows/amd64", web)))
			},
			want:  Facts{Platforms: linuxPlatforms("amd64", "arm64"), Port: port, User: user},
			reads: 7,
		},
		"configs that differ: what they agree on": {
			root: func(m *memory) descriptor {
				return m.index(unlabelled(m.image("linux/arm64", web)), unlabelled(m.image("linux/amd64", web81)))
			},
			want:  Facts{Platforms: linuxPlatforms("amd64", "arm64"), User: user},
			reads: 5,
		},
		"too many entries without platform": {
			root: func(m *memory) descriptor {
				var entries []descriptor
				for i := range 20 {
					entries = append(entries, unlabelled(m.image(fmt.Sprintf("linux/a%d", i), web)))
				}
				return m.index(entries...)
			},
			err:   errTooManyManifests,
			reads: 19,
		},
		"a mirror with a part of the index": {
			root: func(m *memory) descriptor {
				return m.index(missing(m.image("linux/amd64", web)), missing(unlabelled(m.image("linux/s390x", web))), m.image("linux/arm64", web))
			},
			want:  Facts{Platforms: linuxPlatforms("arm64"), Port: port, User: user},
			reads: 5,
		},
		"a mirror with the index only": {
			root:  func(m *memory) descriptor { return m.index(missing(m.image("linux/amd64", web))) },
			err:   errIncomplete,
			reads: 2,
		},
		"config is missing": {
			root: func(m *memory) descriptor {
				return m.add(map[string]any{"config": missing(m.add("x"))})
			},
			err:   errIncomplete,
			reads: 2,
		},
		"digest is missing": {
			root:  func(m *memory) descriptor { return m.add(map[string]any{"config": map[string]any{}}) },
			err:   errMalformedManifest,
			reads: 1,
		},
		"only Windows": {
			root:  func(m *memory) descriptor { return m.index(m.image("windows/amd64", `{}`)) },
			err:   errNoLinux,
			reads: 1,
		},
		"empty index": {
			root:  func(m *memory) descriptor { return m.index() },
			err:   errNoLinux,
			reads: 1,
		},
		"a Helm chart": {
			root: func(m *memory) descriptor {
				config := m.add(map[string]any{"name": "chart"})
				config.MediaType = "application/vnd.cncf.helm.config.v1+json"
				return m.add(map[string]any{"config": config})
			},
			err:   errNoLinux,
			reads: 1,
		},
		"too many platforms": {
			root: func(m *memory) descriptor {
				var entries []descriptor
				for i := range maxPlatforms + 1 {
					entries = append(entries, m.image(fmt.Sprintf("linux/a%d", i), web))
				}
				return m.index(entries...)
			},
			err:   errTooManyPlatforms,
			reads: 1,
		},
		"an index where an image should be": {
			root: func(m *memory) descriptor {
				d := m.index(m.image("linux/amd64", web))
				d.MediaType = types.OCIManifestSchema1
				d.Platform = &ociPlatform{OS: "linux", Architecture: "amd64"}
				return m.index(d)
			},
			err:   errNotManifest,
			reads: 2,
		},
		"malformed config": {
			root: func(m *memory) descriptor {
				return m.add(map[string]any{"config": m.add([]int{1})})
			},
			err:   errMalformedConfig,
			reads: 2,
		},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			m := newMemory()
			root := tc.root(m)
			m.reads = 0
			m.blobs["latest"] = m.blobs[root.Digest.String()]
			ref, _ := parseReference("registry.example.com/shop")

			got, err := surveyImage(t.Context(), m, ref, 10)
			if !errors.Is(err, tc.err) {
				t.Fatalf("error %v, want %v", err, tc.err)
			}
			if m.reads != tc.reads {
				t.Errorf("%d reads, want %d", m.reads, tc.reads)
			}
			if tc.err == nil {
				tc.want.Reference = "registry.example.com/shop:latest"
				tc.want.Digest = root.Digest.String()
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

func linuxPlatforms(architectures ...string) []Platform {
	var all []Platform
	for _, a := range architectures {
		all = append(all, Platform{OS: "linux", Architecture: a})
	}
	return all
}

func TestFactsCloneSharesNothing(t *testing.T) {
	original := Facts{Platforms: linuxPlatforms("amd64"), Port: new(int32(80)), User: new(int64(1))}
	clone := original.Clone()
	if diff := cmp.Diff(original, clone); diff != "" {
		t.Fatalf("(-want +got)\n%s", diff)
	}
	*clone.Port, *clone.User, clone.Platforms[0].Architecture = 81, 2, "arm64"
	want := Facts{Platforms: linuxPlatforms("amd64"), Port: new(int32(80)), User: new(int64(1))}
	if diff := cmp.Diff(want, original); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}
