// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package nodes

import (
	"archive/tar"
	"bytes"
	"cmp"
	"context"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"runtime"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/elasticweb/elasticweb-operator/test/compile"
)

const nativeArch = runtime.GOARCH

// Image says what an image holds, beside what is built for each architecture.
type Image struct {
	// Packages are Go main packages of the repository, by the path that their programs get in the image.
	Packages map[string]string

	// BuiltFor is an architecture for which the packages are built instead of the
	// image's: what comes of a mistake. Empty: the image's.
	BuiltFor string

	// LDFlags are those of the packages.
	LDFlags string

	// Files are files and folders of this machine, by their path in the image.
	Files map[string]string

	// Writable are folders to which anybody may write, such as /tmp.
	Writable []string

	// FilesFor are further ones for an architecture, by the architecture.
	FilesFor map[string]map[string]string

	// Config is how the image is run.
	Config v1.Config
}

// Build compiles and packs an image for each of the architectures. It needs
// neither a base image nor a container engine.
func (i Image) Build(ctx context.Context, architectures ...string) (v1.ImageIndex, error) {
	index := mutate.IndexMediaType(empty.Index, types.OCIImageIndex)
	for _, architecture := range architectures {
		image, err := i.buildFor(ctx, architecture)
		if err != nil {
			return nil, fmt.Errorf("build an image for %s: %w", architecture, err)
		}
		index = mutate.AppendManifests(index, mutate.IndexAddendum{
			Add:        image,
			Descriptor: v1.Descriptor{Platform: &v1.Platform{OS: "linux", Architecture: architecture}},
		})
	}
	return index, nil
}

func (i Image) buildFor(ctx context.Context, architecture string) (v1.Image, error) {
	scratch, err := os.MkdirTemp("", "elasticweb-image-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(scratch)
	content := newLayerContent()
	for target, pkg := range i.Packages {
		program := filepath.Join(scratch, path.Base(target))
		if err := compile.For(ctx, "linux", cmp.Or(i.BuiltFor, architecture), pkg, program, "-ldflags=-s -w "+i.LDFlags); err != nil {
			return nil, err
		}
		content.add(program, target)
	}
	for _, files := range []map[string]string{i.Files, i.FilesFor[architecture]} {
		for target, source := range files {
			content.add(source, target)
		}
	}
	for _, folder := range i.Writable {
		content.addWritable(folder)
	}
	layer, err := content.layer()
	if err != nil {
		return nil, err
	}
	base := mutate.ConfigMediaType(mutate.MediaType(empty.Image, types.OCIManifestSchema1), types.OCIConfigJSON)
	image, err := mutate.ConfigFile(base, &v1.ConfigFile{
		OS: "linux", Architecture: architecture, Config: i.Config, RootFS: v1.RootFS{Type: "layers"},
	})
	if err != nil {
		return nil, err
	}
	return mutate.AppendLayers(image, layer)
}

// layerContent is a layer in the making. Its first error is told at the end.
type layerContent struct {
	buffer  bytes.Buffer
	archive *tar.Writer
	err     error
}

func newLayerContent() *layerContent {
	c := &layerContent{}
	c.archive = tar.NewWriter(&c.buffer)
	return c
}

// add adds a file, or a folder with all that is in it.
func (c *layerContent) add(source, target string) {
	if c.err != nil {
		return
	}
	c.err = filepath.WalkDir(source, func(file string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		relative, err := filepath.Rel(source, file)
		if err != nil {
			return err
		}
		info, err := entry.Info()
		if err != nil {
			return err
		}
		return c.addEntry(file, strings.TrimPrefix(path.Join(target, filepath.ToSlash(relative)), "/"), info)
	})
}

// addWritable adds an empty folder that is everybody's.
func (c *layerContent) addWritable(folder string) {
	if c.err == nil {
		c.err = c.archive.WriteHeader(&tar.Header{Typeflag: tar.TypeDir, Name: strings.TrimPrefix(folder, "/") + "/", Mode: 0o1777})
	}
}

func (c *layerContent) addEntry(source, name string, info fs.FileInfo) error {
	if info.IsDir() {
		return c.archive.WriteHeader(&tar.Header{Typeflag: tar.TypeDir, Name: name + "/", Mode: 0o755})
	}
	content, err := os.ReadFile(source)
	if err != nil {
		return err
	}
	// Without times and owners, so that the same content is the same layer.
	header := &tar.Header{Typeflag: tar.TypeReg, Name: name, Mode: int64(info.Mode().Perm() | 0o444), Size: int64(len(content))}
	if err := c.archive.WriteHeader(header); err != nil {
		return err
	}
	_, err = c.archive.Write(content)
	return err
}

func (c *layerContent) layer() (v1.Layer, error) {
	if c.err != nil {
		return nil, c.err
	}
	if err := c.archive.Close(); err != nil {
		return nil, err
	}
	return tarball.LayerFromOpener(func() (io.ReadCloser, error) {
		return io.NopCloser(bytes.NewReader(c.buffer.Bytes())), nil
	}, tarball.WithMediaType(types.OCILayer), tarball.WithCompressedCaching)
}
