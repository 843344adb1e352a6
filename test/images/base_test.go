// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build images

package images

import (
	"archive/tar"
	"bytes"
	"io"
	"log"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
)

// Where the builder's image expects what buildFlags lends it.
const (
	builderGoroot  = "/usr/local/go"
	builderModules = "/go/pkg/mod"
	builderCache   = "/cache"
)

// pushBaseImages stands in for the public base images: one with a shell and a place for Go, for the machine alone, and
// an empty one for all platforms.
func (w *workshop) pushBaseImages() {
	w.t.Helper()
	shell, err := tarball.LayerFromOpener(func() (io.ReadCloser, error) { return w.shellLayer() })
	w.must(err)
	builder, err := mutate.AppendLayers(empty.Image, shell)
	w.must(err)
	machine := strings.TrimSpace(w.output("go", "env", "GOARCH"))
	builder, err = withPlatform(builder, machine, []string{
		"PATH=" + builderGoroot + "/bin:/bin", "GOMODCACHE=" + builderModules, "GOCACHE=" + builderCache,
		"GOTOOLCHAIN=local", "HOME=/root",
	})
	w.must(err)
	w.must(remote.Write(w.tag("base/go:1"), builder))

	var index v1.ImageIndex = empty.Index
	for _, architecture := range architectures {
		image, err := withPlatform(empty.Image, architecture, []string{"PATH=/"})
		w.must(err)
		index = mutate.AppendManifests(index, mutate.IndexAddendum{
			Add:        image,
			Descriptor: v1.Descriptor{Platform: &v1.Platform{OS: "linux", Architecture: architecture}},
		})
	}
	w.must(remote.WriteIndex(w.tag("base/static:nonroot"), index))
}

func (w *workshop) tag(repository string) name.Reference {
	w.t.Helper()
	ref, err := name.ParseReference(w.reference(repository), name.Insecure)
	w.must(err)
	return ref
}

func withPlatform(image v1.Image, architecture string, env []string) (v1.Image, error) {
	config, err := image.ConfigFile()
	if err != nil {
		return nil, err
	}
	config = config.DeepCopy()
	config.OS, config.Architecture = "linux", architecture
	config.Config.Env = env
	return mutate.ConfigFile(image, config)
}

// shellLayer holds the machine's /bin/sh, the libraries that it is linked with, and empty folders.
func (w *workshop) shellLayer() (io.ReadCloser, error) {
	var buffer bytes.Buffer
	layer := tar.NewWriter(&buffer)
	for _, dir := range []string{"bin", "tmp", "root"} {
		if err := layer.WriteHeader(&tar.Header{Typeflag: tar.TypeDir, Name: dir + "/", Mode: 0o1777}); err != nil {
			return nil, err
		}
	}
	// A static shell has no libraries, and ldd says so with an error.
	libraries := regexp.MustCompile(`/\S+`).FindAllString(w.output("/bin/sh", "-c", "ldd /bin/sh || true"), -1)
	for _, path := range append(libraries, "/bin/sh") {
		content, err := os.ReadFile(path)
		if err != nil {
			return nil, err
		}
		header := tar.Header{Name: strings.TrimPrefix(filepath.Clean(path), "/"), Mode: 0o755, Size: int64(len(content))}
		if err := layer.WriteHeader(&header); err != nil {
			return nil, err
		}
		if _, err := layer.Write(content); err != nil {
			return nil, err
		}
	}
	if err := layer.Close(); err != nil {
		return nil, err
	}
	return io.NopCloser(&buffer), nil
}

func quiet() *log.Logger { return log.New(io.Discard, "", 0) }
