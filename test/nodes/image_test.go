// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package nodes

import (
	"archive/tar"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
)

func TestImage(t *testing.T) {
	folder := t.TempDir()
	for name, mode := range map[string]os.FileMode{"program": 0o700, "data": 0o600} {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(name), mode); err != nil {
			t.Fatal(err)
		}
	}
	image := Image{Files: map[string]string{"/opt/all": folder, "/one": filepath.Join(folder, "program")}, Config: v1.Config{User: "7"}}
	index, err := image.Build(t.Context(), "amd64", "s390x")
	if err != nil {
		t.Fatal(err)
	}
	manifest, err := index.IndexManifest()
	if err != nil {
		t.Fatal(err)
	}
	var platforms []string
	for _, entry := range manifest.Manifests {
		platforms = append(platforms, entry.Platform.String())
		part, err := index.Image(entry.Digest)
		if err != nil {
			t.Fatal(err)
		}
		config, err := part.ConfigFile()
		if err != nil {
			t.Fatal(err)
		}
		if config.Architecture != entry.Platform.Architecture || config.Config.User != "7" {
			t.Errorf("the config of %s: %+v", entry.Platform, config)
		}
		want := map[string]string{"opt/all": "", "opt/all/data": "data 644", "opt/all/program": "program 744", "one": "program 744"}
		if diff := cmp.Diff(want, contentOf(t, part)); diff != "" {
			t.Errorf("content for %s (-want +got):\n%s", entry.Platform, diff)
		}
	}
	if diff := cmp.Diff([]string{"linux/amd64", "linux/s390x"}, platforms); diff != "" {
		t.Errorf("platforms (-want +got):\n%s", diff)
	}
}

func contentOf(t *testing.T, image v1.Image) map[string]string {
	t.Helper()
	stream := mutate.Extract(image)
	defer stream.Close()
	content := map[string]string{}
	for archive := tar.NewReader(stream); ; {
		header, err := archive.Next()
		if errors.Is(err, io.EOF) {
			return content
		}
		if err != nil {
			t.Fatal(err)
		}
		data, err := io.ReadAll(archive)
		if err != nil {
			t.Fatal(err)
		}
		content[header.Name] = ""
		if header.Typeflag == tar.TypeReg {
			content[header.Name] = fmt.Sprintf("%s %o", data, header.Mode)
		}
	}
}
