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
)

// Paths has the path of each binary, by its name.
type Paths map[string]string

// Ensure returns where the named binaries are, and first builds those that are
// neither in KUBEBUILDER_ASSETS nor in the cache. From nothing, all of them
// take about ten minutes on two cores; progress, which may be nil, tells how far it is.
func Ensure(ctx context.Context, progress io.Writer, names ...string) (Paths, error) {
	paths := Paths{}
	for _, name := range names {
		if path, ok := provided(name); ok {
			paths[name] = path
		}
	}
	return paths, paths.build(ctx, progress, runtime.GOARCH, names)
}

// EnsureFor is Ensure for a processor architecture, in the words of GOARCH.
// KUBEBUILDER_ASSETS, whose binaries are for this machine, has no influence.
func EnsureFor(ctx context.Context, progress io.Writer, architecture string, names ...string) (Paths, error) {
	paths := Paths{}
	return paths, paths.build(ctx, progress, architecture, names)
}

// build adds those of the names that are missing.
func (paths Paths) build(ctx context.Context, progress io.Writer, architecture string, names []string) error {
	if progress == nil {
		progress = io.Discard
	}
	for _, m := range modules {
		if err := m.ensure(ctx, progress, architecture, m.wanted(names, paths), paths); err != nil {
			return err
		}
	}
	for _, name := range names {
		if paths[name] == "" {
			return fmt.Errorf("no module under tools builds %q", name)
		}
	}
	return nil
}

// wanted returns those of the names that m builds and found does not have.
func (m module) wanted(names []string, found Paths) []string {
	var wanted []string
	for _, name := range names {
		if m.packages[name] != "" && found[name] == "" {
			wanted = append(wanted, name)
		}
	}
	return wanted
}

// provided looks into KUBEBUILDER_ASSETS.
func provided(name string) (string, bool) {
	assets := os.Getenv("KUBEBUILDER_ASSETS")
	if assets == "" {
		return "", false
	}
	path, err := filepath.Abs(filepath.Join(assets, name))
	return path, err == nil && executable(path)
}

func executable(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular() && info.Mode()&0o111 != 0
}

// ensure adds to found the paths of the wanted binaries.
func (m module) ensure(ctx context.Context, progress io.Writer, architecture string, wanted []string, found Paths) error {
	if len(wanted) == 0 {
		return nil
	}
	b, err := m.newBuild(architecture, progress)
	if err != nil {
		return err
	}
	if len(b.missing(wanted)) > 0 {
		if err := b.run(ctx, wanted); err != nil {
			return fmt.Errorf("cannot build %s %s: %w", m.folder, b.version, err)
		}
	}
	for _, name := range wanted {
		found[name] = filepath.Join(b.dir, name)
	}
	return nil
}
