// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package binaries

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
)

// Paths has the path of each binary, by its name.
type Paths map[string]string

// Request is which binaries are needed, and where they may come from. What is found nowhere is built. From nothing, the
// control plane takes some minutes of two processors.
type Request struct {
	// Names are those of the binaries.
	Names []string

	// InPath takes programs in PATH, too, where their versions fit. Tests, which are to be the same everywhere, do
	// without.
	InPath bool

	// Own are programs of this repository, by their folders in it: ./cmd/manager. They are compiled before the rest, into
	// OwnFolder, which is in the repository, too.
	Own       []string
	OwnFolder string

	// Progress, which may be nil, is told how far it is.
	Progress io.Writer
}

// Ensure returns where the named binaries are, and first builds those that are
// neither in KUBEBUILDER_ASSETS nor in the cache.
func Ensure(ctx context.Context, progress io.Writer, names ...string) (Paths, error) {
	return Request{Names: names, Progress: progress}.Ensure(ctx)
}

// EnsureFor is Ensure for a processor architecture, in the words of GOARCH.
// KUBEBUILDER_ASSETS, whose binaries are for this machine, has no influence.
func EnsureFor(ctx context.Context, progress io.Writer, architecture string, names ...string) (Paths, error) {
	return Request{Names: names, Progress: progress}.ensure(ctx, architecture, nil)
}

// Ensure returns where the binaries and the own programs are, once all of them are there.
func (r Request) Ensure(ctx context.Context) (Paths, error) {
	folders := []string{}
	if assets := os.Getenv(assetsVariable); assets != "" {
		folders = append(folders, assets)
	}
	if r.InPath {
		folders = append(folders, filepath.SplitList(os.Getenv("PATH"))...)
	}
	return r.ensure(ctx, runtime.GOARCH, folders)
}

// ensure looks into the folders before it builds.
func (r Request) ensure(ctx context.Context, architecture string, folders []string) (Paths, error) {
	if r.Progress == nil {
		r.Progress = io.Discard
	}
	root, err := repositoryRoot()
	if err != nil {
		return nil, err
	}
	builds, err := r.builds(filepath.Join(root, "tools"), architecture)
	if err != nil {
		return nil, err
	}
	paths := Paths{}
	var steps []step
	if len(r.Own) > 0 {
		own := &compilation{source: root, packages: r.Own, folder: filepath.Join(root, r.OwnFolder), ldflags: withoutSymbols, architecture: architecture}
		for _, path := range own.outputs() {
			paths[filepath.Base(path)] = path
		}
		steps = append(steps, own)
	}
	for _, b := range builds {
		b.takeProvided(ctx, folders, paths)
		for _, name := range b.names {
			paths[name] = filepath.Join(b.dir, name)
		}
		if missing := b.missing(); len(missing) > 0 {
			fmt.Fprintf(r.Progress, "building %s from tools/%s, this once\n", strings.Join(missing, ", "), b.folder)
			steps = append(steps, b)
		}
	}
	if len(steps) == 0 {
		return paths, nil
	}
	return paths, compile(ctx, r.Progress, steps)
}

// builds returns those of the modules that have what is asked for.
func (r Request) builds(tools, architecture string) ([]*build, error) {
	var builds []*build
	found := map[string]bool{}
	for _, m := range modules {
		names := m.among(r.Names)
		if len(names) == 0 {
			continue
		}
		m, err := m.ofVersion(tools)
		if err != nil {
			return nil, err
		}
		b, err := m.newBuild(tools, architecture, names, r.Progress)
		if err != nil {
			return nil, err
		}
		builds = append(builds, b)
		for _, name := range names {
			found[name] = true
		}
	}
	for _, name := range r.Names {
		if !found[name] {
			return nil, fmt.Errorf("no module under tools builds %q", name)
		}
	}
	return builds, nil
}

func executable(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular() && info.Mode()&0o111 != 0
}
