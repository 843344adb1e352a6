// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package binaries

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"

	"github.com/elasticweb/elasticweb-operator/test/cluster/filelock"
)

// build puts binaries of one module at one version, for one architecture, into the cache folder.
type build struct {
	module
	names        []string // of the binaries
	source       string   // the module's folder in the source tree
	version      string
	architecture string
	ldflags      string
	dir          string // where the binaries are kept
	progress     io.Writer
}

func (m module) newBuild(tools, architecture string, names []string, progress io.Writer) (_ *build, err error) {
	b := &build{module: m, names: names, source: filepath.Join(tools, m.folder), architecture: architecture, ldflags: withoutSymbols, progress: progress}
	if b.version, err = m.version(tools); err != nil {
		return nil, err
	}
	if m.stamp != nil {
		b.ldflags += " " + m.stamp(b.version)
	}
	b.dir, err = b.cacheDir()
	return b, err
}

// cacheDir is named after all that decides what the binaries are.
func (b *build) cacheDir() (string, error) {
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("no place to keep the control plane's binaries: %w", err)
	}
	sum := sha256.New()
	err = filepath.WalkDir(b.source, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		content, err := os.ReadFile(path)
		if err == nil {
			fmt.Fprintf(sum, "%s %d\n%s", filepath.Base(path), len(content), content)
		}
		return err
	})
	if err != nil {
		return "", err
	}
	fmt.Fprintln(sum, b.ldflags)
	if b.tags != "" {
		fmt.Fprintln(sum, b.tags)
	}
	key := fmt.Sprintf("%s-%s-%s-%s", b.version, runtime.GOOS, b.architecture, hex.EncodeToString(sum.Sum(nil))[:12])
	return filepath.Join(cache, "elasticweb-operator", b.folder, key), nil
}

func (b *build) missing() []string {
	var missing []string
	for _, name := range b.names {
		if !executable(filepath.Join(b.dir, name)) {
			missing = append(missing, name)
		}
	}
	return missing
}

// compilation is that of what is missing. Until it is whole it is in a folder of its own.
func (b *build) compilation() *compilation {
	c := &compilation{source: b.source, folder: filepath.Join(b.dir, ".building"), tags: b.tags, ldflags: b.ldflags, architecture: b.architecture}
	for _, name := range b.missing() {
		c.packages = append(c.packages, b.packages[name])
	}
	return c
}

// run builds under a lock, so that a second run waits for the first one's
// binaries instead of competing with it for the processors.
func (b *build) run(ctx context.Context, m *meter) error {
	if err := b.runLocked(ctx, m); err != nil {
		return fmt.Errorf("cannot build %s %s: %w", b.folder, b.version, err)
	}
	return nil
}

func (b *build) runLocked(ctx context.Context, m *meter) error {
	if err := os.MkdirAll(b.dir, 0o755); err != nil {
		return err
	}
	lock, err := filelock.Acquire(ctx, b.dir+".lock", func() {
		fmt.Fprintf(b.progress, "waiting for another run that builds %s %s\n", b.folder, b.version)
	})
	if err != nil {
		return err
	}
	defer lock.Release()
	missing := b.missing()
	if len(missing) == 0 {
		return nil
	}
	c := b.compilation()
	if err := os.RemoveAll(c.folder); err != nil { // of a run that was killed
		return err
	}
	defer os.RemoveAll(c.folder)
	if err := c.run(ctx, m); err != nil {
		return err
	}
	for _, name := range missing {
		if err := os.Rename(filepath.Join(c.folder, name), filepath.Join(b.dir, name)); err != nil {
			return err
		}
	}
	return nil
}
