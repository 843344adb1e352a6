// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build images

package images

import (
	"archive/tar"
	"bytes"
	"debug/elf"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/remote"
)

var machines = map[string]elf.Machine{
	"amd64": elf.EM_X86_64, "arm64": elf.EM_AARCH64, "s390x": elf.EM_S390, "ppc64le": elf.EM_PPC64,
}

// built is what must be true of an image of every platform.
type built struct {
	programs   []string
	data       string // folder of what else it may hold
	entrypoint string
	labels     map[string]string
	created    time.Time
}

// index reads the image from the registry, by platform.
func (w *workshop) index(reference string) (v1.Hash, map[string]v1.Image) {
	w.t.Helper()
	index, err := remote.Index(w.tag(reference))
	w.must(err)
	digest, err := index.Digest()
	w.must(err)
	manifest, err := index.IndexManifest()
	w.must(err)
	images := map[string]v1.Image{}
	for _, entry := range manifest.Manifests {
		image, err := index.Image(entry.Digest)
		w.must(err)
		if images[entry.Platform.String()] != nil {
			w.t.Errorf("%s has two images for %s", reference, entry.Platform)
		}
		images[entry.Platform.String()] = image
	}
	return digest, images
}

// check compares each part of an image with what it must be, and the parts' platforms with those of the Makefile.
func (b built) check(t *testing.T, images map[string]v1.Image) {
	t.Helper()
	if len(images) != len(architectures) {
		t.Errorf("got %d platforms, want %d", len(images), len(architectures))
	}
	for _, architecture := range architectures {
		image := images["linux/"+architecture]
		if image == nil {
			t.Errorf("there is no image for linux/%s", architecture)
			continue
		}
		b.checkConfig(t, architecture, image)
		b.checkPrograms(t, architecture, image)
	}
}

func (b built) checkConfig(t *testing.T, architecture string, image v1.Image) {
	t.Helper()
	file, err := image.ConfigFile()
	if err != nil {
		t.Fatal(err)
	}
	if file.Architecture != architecture || file.OS != "linux" {
		t.Errorf("the image for linux/%s says that it is for %s/%s", architecture, file.OS, file.Architecture)
	}
	if file.Config.User != "65532:65532" {
		t.Errorf("linux/%s: got user %q, want 65532:65532", architecture, file.Config.User)
	}
	if !slices.Equal(file.Config.Entrypoint, []string{b.entrypoint}) {
		t.Errorf("linux/%s: got entrypoint %q, want %s", architecture, file.Config.Entrypoint, b.entrypoint)
	}
	if !file.Created.Time.Equal(b.created) {
		t.Errorf("linux/%s: got created %s, want the time of the commit, %s", architecture, file.Created, b.created)
	}
	for key, want := range b.labels {
		if got := file.Config.Labels["org.opencontainers.image."+key]; got != want {
			t.Errorf("linux/%s: got label %s %q, want %q", architecture, key, got, want)
		}
	}
	for key := range file.Config.Labels {
		if !strings.HasPrefix(key, "org.opencontainers.image.") {
			t.Errorf("linux/%s has label %s, which depends on the tool", architecture, key)
		}
	}
}

func (b built) checkPrograms(t *testing.T, architecture string, image v1.Image) {
	t.Helper()
	files := contents(t, image)
	for _, program := range b.programs {
		file, err := elf.NewFile(bytes.NewReader(files[program]))
		if err != nil {
			t.Errorf("linux/%s: %s: %v", architecture, program, err)
			continue
		}
		if file.Machine != machines[architecture] {
			t.Errorf("linux/%s: %s is for %s", architecture, program, file.Machine)
		}
		if libraries, err := file.ImportedLibraries(); err != nil || len(libraries) > 0 {
			t.Errorf("linux/%s: %s is not static: %v %v", architecture, program, libraries, err)
		}
	}
	for path := range files {
		if !slices.Contains(b.programs, path) && (b.data == "" || !strings.HasPrefix(path, b.data)) {
			t.Errorf("linux/%s has %s", architecture, path)
		}
	}
}

// contents are the regular files of an image.
func contents(t *testing.T, image v1.Image) map[string][]byte {
	t.Helper()
	files := map[string][]byte{}
	stream := mutate.Extract(image)
	defer stream.Close()
	archive := tar.NewReader(stream)
	for {
		header, err := archive.Next()
		if errors.Is(err, io.EOF) {
			return files
		}
		if err != nil {
			t.Fatal(err)
		}
		if header.Typeflag != tar.TypeReg {
			continue
		}
		content, err := io.ReadAll(archive)
		if err != nil {
			t.Fatal(err)
		}
		files["/"+strings.TrimPrefix(header.Name, "/")] = content
	}
}
