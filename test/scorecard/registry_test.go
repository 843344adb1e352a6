// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"io"
	"log"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/registry"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	operatorsv1alpha1 "github.com/operator-framework/api/pkg/operators/v1alpha1"
)

// startRegistry starts a real one on loopback.
func startRegistry(t *testing.T) (host string) {
	t.Helper()
	server := httptest.NewServer(registry.New(registry.Logger(log.New(io.Discard, "", 0))))
	t.Cleanup(server.Close)
	return strings.TrimPrefix(server.URL, "http://")
}

// registryOf is the part of the images' names that a mirror stands for.
func registryOf(csv *operatorsv1alpha1.ClusterServiceVersion) string {
	named, err := images(csv)
	if err != nil {
		panic(err)
	}
	first, _, _ := strings.Cut(named[0], "/")
	return first
}

// pushImages makes the images that the CSV names, for all architectures but
// those without, and returns the flag that has them looked up.
func pushImages(t *testing.T, csv *operatorsv1alpha1.ClusterServiceVersion, without []string) string {
	t.Helper()
	host, prefix := startRegistry(t), registryOf(csv)
	named, err := images(csv)
	if err != nil {
		t.Fatal(err)
	}
	for _, image := range named {
		if strings.Contains(image, "@") {
			t.Fatalf("%s: the bundle in the tree names images by tag", image)
		}
		reference, err := name.ParseReference(host + strings.TrimPrefix(image, prefix))
		if err != nil {
			t.Fatal(err)
		}
		if err := remote.WriteIndex(reference, newIndex(t, without)); err != nil {
			t.Fatal(err)
		}
	}
	return "--mirror=" + prefix + "=http://" + host
}

func newIndex(t *testing.T, without []string) v1.ImageIndex {
	t.Helper()
	index := v1.ImageIndex(empty.Index)
	for _, architecture := range []string{"amd64", "arm64", "ppc64le", "s390x"} {
		if slices.Contains(without, architecture) {
			continue
		}
		image, err := mutate.ConfigFile(empty.Image, &v1.ConfigFile{OS: "linux", Architecture: architecture, RootFS: v1.RootFS{Type: "layers"}})
		if err != nil {
			t.Fatal(err)
		}
		index = mutate.AppendManifests(index, mutate.IndexAddendum{
			Add: image, Descriptor: v1.Descriptor{Platform: &v1.Platform{OS: "linux", Architecture: architecture}},
		})
	}
	return index
}

func TestMirrors(t *testing.T) {
	m := mirrors{}
	for _, value := range []string{"quay.io/a=https://mirror.example.com/x", "quay.io/a/b=http://127.0.0.1:5000/z/"} {
		if err := m.Set(value); err != nil {
			t.Fatal(err)
		}
	}
	for image, want := range map[string]string{
		"quay.io/a/c:1": "mirror.example.com/x/c:1",
		"quay.io/a/b:1": "127.0.0.1:5000/z:1",
		"quay.io/ab:1":  "quay.io/ab:1",
	} {
		reference, err := m.reference(image)
		if err != nil || reference.String() != want {
			t.Errorf("%s: got %v, %v, want %s", image, reference, err, want)
		}
	}
	for _, value := range []string{"quay.io", "=http://a", "quay.io=a.example.com", "quay.io=ftp://a"} {
		if err := m.Set(value); err == nil {
			t.Errorf("the mirror %q was taken", value)
		}
	}
}
