// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build images

package images

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-containerregistry/pkg/v1/remote"
)

var commitTime = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

// operator and scorecard are what the two Dockerfiles must make.
func operator(w *workshop) built {
	return built{
		programs: []string{"/manager", "/loadtest"}, data: "/opt/helm/", entrypoint: "/manager", created: commitTime,
		labels: labels(w, "elasticweb-operator"),
	}
}

func scorecard(w *workshop) built {
	return built{
		programs: []string{"/scorecard"}, entrypoint: "/scorecard", created: commitTime,
		labels: labels(w, "elasticweb-operator-scorecard"),
	}
}

func labels(w *workshop, title string) map[string]string {
	return map[string]string{
		"title": title, "version": "1.2.3", "created": "2026-01-02T03:04:05Z", "licenses": "Apache-2.0",
		"revision":  strings.TrimSpace(w.output("git", "rev-parse", "HEAD")),
		"source":    "https://github.com/elasticweb/elasticweb-operator",
		"base.name": w.reference("base/static:nonroot"),
	}
}

func TestManifest(t *testing.T) {
	w := newWorkshop(t, smallTree(t))
	for name, want := range map[string]built{"operator": operator(w), "scorecard": scorecard(w)} {
		t.Run(name, func(t *testing.T) {
			image := "team/" + name + ":1.2.3"
			w.make("docker-manifest", "IMAGE="+name, "IMG="+w.reference(image), "VERSION=1.2.3")
			_, images := w.index(image)
			want.check(t, images)
			for _, architecture := range architectures {
				single, err := remote.Image(w.tag(image + "-linux-" + architecture))
				if err != nil {
					t.Fatal(err)
				}
				got, _ := single.Digest()
				if listed, _ := images["linux/"+architecture].Digest(); got != listed {
					t.Errorf("%s-linux-%s is %s, the list has %s", image, architecture, got, listed)
				}
			}
		})
	}
}

// The same commit gives the same digest: in another checkout, at another time, with the list of the last run in the storage.
func TestReproducible(t *testing.T) {
	tree := smallTree(t)
	w := newWorkshop(t, tree)
	build := func() string {
		w.make("docker-manifest", "IMG="+w.reference("team/operator"), "VERSION=1.2.3")
		digest, _ := w.index("team/operator:latest")
		return digest.String()
	}
	first := build()

	w.tree = t.TempDir()
	run(t, w.tree, "git", "clone", "--quiet", tree, ".")
	write(t, w.tree, "cmd/manager/notes.txt~", []byte("not committed, not compiled"))
	write(t, w.tree, ".git/info/exclude", []byte("*~\n"))
	if second := build(); second != first {
		t.Errorf("built twice, got %s and %s", first, second)
	}

	write(t, w.tree, "cmd/manager/main.go", []byte("package main\n\nvar version string\n\nfunc main() { print(version) }\n"))
	if third := build(); third == first {
		t.Error("another source gave the same digest")
	}
}

func TestBuildForThisMachine(t *testing.T) {
	w := newWorkshop(t, smallTree(t))
	image := w.reference("team/operator:1")
	w.make("docker-build", "IMG="+image, "VERSION=1.2.3")
	w.make("docker-push", "IMG="+image)
	pushed, err := remote.Image(w.tag("team/operator:1"))
	if err != nil {
		t.Fatal(err)
	}
	machine := strings.TrimSpace(w.output("go", "env", "GOARCH"))
	operator(w).checkConfig(t, machine, pushed)
	operator(w).checkPrograms(t, machine, pushed)

	// It runs, and it has the version that it was given.
	program := filepath.Join(t.TempDir(), "manager")
	if err := os.WriteFile(program, contents(t, pushed)["/manager"], 0o700); err != nil {
		t.Fatal(err)
	}
	if got := w.output(program); got != "1.2.3\n" {
		t.Errorf("the manager says %q is its version", got)
	}
}

// Only what the builds read gets into the context: tests do not, so a change of them changes no image.
func TestContext(t *testing.T) {
	w := newWorkshop(t, smallTree(t))
	write(t, w.tree, "Dockerfile", []byte("ARG RUNTIME_IMAGE\nFROM ${RUNTIME_IMAGE}\nCOPY . /\n"))
	image := w.reference("team/context:1")
	w.make("docker-build", "IMG="+image)
	w.make("docker-push", "IMG="+image)
	pushed, err := remote.Image(w.tag("team/context:1"))
	if err != nil {
		t.Fatal(err)
	}
	files := contents(t, pushed)
	for path := range files {
		for _, left := range []string{"_test.go", "/testdata/", ".git", "/docs/", "/hack/", "/bin/", "/dist/"} {
			if strings.Contains(path, left) {
				t.Errorf("the context has %s", path)
			}
		}
	}
	if !bytes.Equal(files["/cmd/manager/main.go"], []byte(small["cmd/manager/main.go"])) {
		t.Error("the context lacks cmd/manager/main.go")
	}
}

func TestRefused(t *testing.T) {
	w := newWorkshop(t, smallTree(t))
	tests := map[string]struct {
		target, says string
		variables    []string
	}{
		"a digest to push to":  {"docker-manifest", "give a tag", []string{"IMG=" + w.reference("a@sha256:"+strings.Repeat("0", 64))}},
		"an unknown image":     {"docker-build", "set it to operator, scorecard, bundle or catalog", []string{"IMAGE=website"}},
		"buildx with buildah":  {"docker-buildx", "docker-manifest", nil},
		"an unknown processor": {"docker-manifest", "unsupported GOOS/GOARCH", []string{"PLATFORMS=linux/z80", "IMG=" + w.reference("a:1")}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			out, err := w.tryMake(tt.target, tt.variables...)
			if err == nil || !strings.Contains(out, tt.says) {
				t.Errorf("got %v, want a failure that says %q:\n%s", err, tt.says, out)
			}
		})
	}
}
