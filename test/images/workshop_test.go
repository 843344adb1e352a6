// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build images

package images

import (
	"fmt"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/registry"
)

// workshop is a place to build images in: a source tree, a registry, and a
// storage of its own for buildah.
type workshop struct {
	t         *testing.T
	tree      string
	registry  string // host:port
	variables []string
	env       []string
}

// architectures are those of PLATFORMS in the Makefile.
var architectures = []string{"amd64", "arm64", "s390x", "ppc64le"}

func newWorkshop(t *testing.T, tree string) *workshop {
	t.Helper()
	if _, err := exec.LookPath("buildah"); err != nil {
		t.Fatal("buildah is missing: install it (Debian, Ubuntu: apt-get install buildah)")
	}
	server := httptest.NewServer(registry.New(registry.Logger(quiet())))
	t.Cleanup(server.Close)
	w := &workshop{t: t, tree: tree, registry: strings.TrimPrefix(server.URL, "http://")}
	w.pushBaseImages()
	w.env = append(os.Environ(), "BUILDAH_ISOLATION=chroot", "CONTAINERS_STORAGE_CONF="+w.storage(),
		// Those of a run by make, which would pass its own variables on.
		"MAKEFLAGS=", "MAKELEVEL=", "MAKEOVERRIDES=")
	w.variables = []string{
		"CONTAINER_TOOL=buildah", "INSECURE=true",
		"BUILDER_IMAGE=" + w.reference("base/go:1"), "RUNTIME_IMAGE=" + w.reference("base/static:nonroot"),
		"BUILD_FLAGS=" + w.buildFlags(),
	}
	return w
}

// storage is one without overlays: those stay mounted when buildah ends. It is not in t.TempDir, whose names are too
// long for buildah's sockets.
func (w *workshop) storage() string {
	dir, err := os.MkdirTemp("", "images")
	w.must(err)
	w.t.Cleanup(func() {
		if err := os.RemoveAll(dir); err != nil {
			w.t.Error(err)
		}
	})
	file := filepath.Join(dir, "storage.conf")
	text := fmt.Sprintf("[storage]\ndriver = \"vfs\"\ngraphroot = %q\nrunroot = %q\n", filepath.Join(dir, "graph"), filepath.Join(dir, "run"))
	w.must(os.WriteFile(file, []byte(text), 0o600))
	return file
}

// buildFlags lend the build the machine's Go, modules and cache: no image with Go can be pulled, and compiling from
// nothing would take minutes.
func (w *workshop) buildFlags() string {
	lines := strings.Split(strings.TrimSpace(w.output("go", "env", "GOROOT", "GOMODCACHE", "GOCACHE")), "\n")
	goroot, modules, cache := lines[0], lines[1], lines[2]
	return fmt.Sprintf("--tls-verify=false --volume %s:%s:ro --volume %s:%s:ro --volume %s:%s",
		goroot, builderGoroot, modules, builderModules, cache, builderCache)
}

func (w *workshop) reference(name string) string { return w.registry + "/" + name }

// make runs a target in the tree, with the workshop's variables unless others are given.
func (w *workshop) make(target string, variables ...string) string {
	w.t.Helper()
	out, err := w.tryMake(target, variables...)
	if err != nil {
		w.t.Fatalf("make %s: %v\n%s", target, err, out)
	}
	return out
}

func (w *workshop) tryMake(target string, variables ...string) (string, error) {
	w.t.Helper()
	args := append([]string{"--no-print-directory", target}, w.variables...)
	cmd := exec.CommandContext(w.t.Context(), "make", append(args, variables...)...)
	cmd.Dir, cmd.Env = w.tree, w.env
	out, err := cmd.CombinedOutput()
	return string(out), err
}

// output is that of a command in the tree.
func (w *workshop) output(name string, args ...string) string {
	w.t.Helper()
	cmd := exec.CommandContext(w.t.Context(), name, args...)
	cmd.Dir, cmd.Env = w.tree, w.env
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		w.t.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, out)
	}
	return string(out)
}

// refuses reports whether a command in the tree fails.
func (w *workshop) refuses(name string, args ...string) bool {
	w.t.Helper()
	cmd := exec.CommandContext(w.t.Context(), name, args...)
	cmd.Dir, cmd.Env = w.tree, w.env
	return cmd.Run() != nil
}

func (w *workshop) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}
