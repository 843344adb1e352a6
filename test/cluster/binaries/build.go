// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package binaries

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/elasticweb/elasticweb-operator/test/cluster/filelock"
)

// build is one module at one version, for one architecture.
type build struct {
	module
	source       string // the module's folder in the source tree
	version      string
	architecture string
	ldflags      string
	dir          string // where the binaries are kept
	progress     io.Writer
}

func (m module) newBuild(architecture string, progress io.Writer) (*build, error) {
	root, err := repositoryRoot()
	if err != nil {
		return nil, err
	}
	tools := filepath.Join(root, "tools")
	if m, err = m.ofVersion(tools); err != nil {
		return nil, err
	}
	b := &build{module: m, source: filepath.Join(tools, m.folder), architecture: architecture, progress: progress}
	if b.version, err = m.version(tools); err != nil {
		return nil, err
	}
	b.ldflags = "-s -w"
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
	sources, err := filepath.Glob(filepath.Join(b.source, "*"))
	if err != nil {
		return "", err
	}
	for _, path := range sources {
		content, err := os.ReadFile(path)
		if err != nil {
			return "", err
		}
		fmt.Fprintf(sum, "%s %d\n%s", filepath.Base(path), len(content), content)
	}
	fmt.Fprintln(sum, b.ldflags)
	if b.tags != "" {
		fmt.Fprintln(sum, b.tags)
	}
	key := fmt.Sprintf("%s-%s-%s-%s", b.version, runtime.GOOS, b.architecture, hex.EncodeToString(sum.Sum(nil))[:12])
	return filepath.Join(cache, "elasticweb-operator", b.folder, key), nil
}

func (b *build) missing(names []string) []string {
	var missing []string
	for _, name := range names {
		if !executable(filepath.Join(b.dir, name)) {
			missing = append(missing, name)
		}
	}
	return missing
}

// run builds under a lock, so that a second run waits for the first one's
// binaries instead of competing with it for the processors.
func (b *build) run(ctx context.Context, names []string) error {
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
	missing := b.missing(names)
	if len(missing) == 0 {
		return nil
	}
	scratch := filepath.Join(b.dir, ".building")
	if err := os.RemoveAll(scratch); err != nil { // of a run that was killed
		return err
	}
	defer os.RemoveAll(scratch)
	if err := b.compile(ctx, scratch, missing); err != nil {
		return err
	}
	for _, name := range missing {
		if err := os.Rename(filepath.Join(scratch, name), filepath.Join(b.dir, name)); err != nil {
			return err
		}
	}
	return nil
}

func (b *build) compile(ctx context.Context, dir string, names []string) error {
	if _, err := exec.LookPath("go"); err != nil {
		return errors.New("go is not in PATH: install Go (https://go.dev/dl), or set KUBEBUILDER_ASSETS to a folder with the binaries")
	}
	packages := make([]string, len(names))
	for i, name := range names {
		packages[i] = b.packages[name]
	}
	fmt.Fprintf(b.progress, "building %s from tools/%s, this once\n", strings.Join(names, ", "), b.folder)
	m := startMeter(b.progress, b.folder+" "+b.version)
	m.setTotal(b.countPackages(ctx, packages))
	args := append([]string{"build", "-v", "-trimpath", "-tags", b.tags, "-ldflags", b.ldflags, "-o", dir + string(filepath.Separator)}, packages...)
	cmd := b.goCommand(ctx, args...)
	cmd.Stderr = m
	err := cmd.Run()
	m.stop(err)
	if err != nil {
		return explain(ctx, err, m.messages())
	}
	return nil
}

// countPackages is only for the progress, so a failure is left to the build to report.
func (b *build) countPackages(ctx context.Context, packages []string) int {
	out, _ := b.goCommand(ctx, append([]string{"list", "-deps", "-tags", b.tags}, packages...)...).Output()
	return strings.Count(string(out), "\n")
}

// goCommand sets what the user's environment might have set for another build.
func (b *build) goCommand(ctx context.Context, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, "go", args...)
	cmd.Dir = b.source
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOWORK=off", "GOOS="+runtime.GOOS, "GOARCH="+b.architecture)
	return cmd
}

// explain puts the cause that needs no reading of compiler output first.
func explain(ctx context.Context, err error, output string) error {
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case strings.Contains(output, "no space left on device"):
		return fmt.Errorf("no space left on device: the build needs about 4 GB in Go's caches (go env GOCACHE GOMODCACHE) and the folder for temporary files:\n%s", output)
	}
	return fmt.Errorf("%w:\n%s", err, output)
}
