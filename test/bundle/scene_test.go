// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package bundle

import (
	"flag"
	"fmt"
	"io"
	"log"
	"math/rand"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/registry"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/random"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"sigs.k8s.io/yaml"

	"github.com/elasticweb/elasticweb-operator/test/compile"
)

const repository = "../.."

// A bundle elsewhere, such as that of a release, with the registry that holds its images:
//
//	go test ./test/bundle -args -bundle=../../dist -mirror=quay.io/elasticweb=http://127.0.0.1:5000/elasticweb
var (
	bundleRoot = flag.String("bundle", repository, "Folder that holds bundle/ and bundle.Dockerfile.")
	mirrorFlag = flag.String("mirror", "", "PREFIX=URL: where the images whose names begin with PREFIX are looked up. Default: a registry with images made up for the test.")
)

const csvFile = "bundle/manifests/" + packageName + ".clusterserviceversion.yaml"

// TestMain has this very binary be docker, for the validator that asks it: see docker_test.go.
func TestMain(m *testing.M) {
	if filepath.Base(os.Args[0]) == dockerName {
		os.Exit(docker(os.Args[1:]))
	}
	flag.Parse()
	os.Exit(m.Run())
}

// scene is a copy of the bundle, which a test may break, and the registry that holds its images.
type scene struct {
	root, mirror string
}

// newScene copies the bundle.
func newScene(t *testing.T) *scene {
	t.Helper()
	s := &scene{root: t.TempDir(), mirror: *mirrorFlag}
	if err := os.CopyFS(filepath.Join(s.root, "bundle"), os.DirFS(filepath.Join(*bundleRoot, "bundle"))); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(*bundleRoot, "bundle.Dockerfile"))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(s.root, "bundle.Dockerfile"), text, 0o644); err != nil {
		t.Fatal(err)
	}
	return s
}

// serve puts the images into a registry: with the platforms of the Makefile where none are named, if the flag names none.
func (s *scene) serve(t *testing.T, platforms ...string) *scene {
	t.Helper()
	if s.mirror == "" || len(platforms) > 0 {
		s.mirror, _ = serveImages(t, s.load(t).images(), platforms)
	}
	return s
}

func (s *scene) load(t *testing.T) *Bundle {
	t.Helper()
	b, err := Load(s.root)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// edit changes the CSV.
func (s *scene) edit(t *testing.T, change func(csv map[string]any)) {
	t.Helper()
	path := filepath.Join(s.root, csvFile)
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	csv := map[string]any{}
	if err := yaml.Unmarshal(text, &csv); err != nil {
		t.Fatal(err)
	}
	change(csv)
	if text, err = yaml.Marshal(csv); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, text, 0o644); err != nil {
		t.Fatal(err)
	}
}

// at walks into nested maps and lists: a number stands for an element.
func at(value any, path ...any) any {
	for _, step := range path {
		switch step := step.(type) {
		case string:
			value = value.(map[string]any)[step]
		case int:
			value = value.([]any)[step]
		}
	}
	return value
}

// table is the map at the path.
func table(value any, path ...any) map[string]any { return at(value, path...).(map[string]any) }

var platformsLine = regexp.MustCompile(`(?m)^PLATFORMS \?= (.+)$`)

// platformsOfMakefile are those that the images are built for.
func platformsOfMakefile(t *testing.T) []string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(repository, "Makefile"))
	if err != nil {
		t.Fatal(err)
	}
	found := platformsLine.FindSubmatch(text)
	if found == nil {
		t.Fatal("the Makefile does not set PLATFORMS")
	}
	return strings.Split(string(found[1]), ",")
}

// serveImages puts an index of made up images at each name into a registry on loopback, and returns the mirror that leads
// there, and the index's digest.
func serveImages(t *testing.T, images, platforms []string) (mirror, digest string) {
	t.Helper()
	if len(platforms) == 0 {
		platforms = platformsOfMakefile(t)
	}
	server := httptest.NewServer(registry.New(registry.Logger(log.New(io.Discard, "", 0))))
	t.Cleanup(server.Close)
	index := imageIndex(t, platforms)
	host := strings.TrimPrefix(server.URL, "http://")
	for _, image := range images {
		_, path, found := strings.Cut(image, "/")
		if !found {
			t.Fatalf("%s names no registry", image)
		}
		repositoryPath, tag := path, "latest"
		if before, after, hasTag := strings.Cut(path, ":"); hasTag && !strings.Contains(path, "@") {
			repositoryPath, tag = before, after
		} else if before, _, hasDigest := strings.Cut(path, "@"); hasDigest {
			repositoryPath = before
		}
		reference, err := name.NewTag(fmt.Sprintf("%s/%s:%s", host, repositoryPath, tag), name.Insecure)
		if err != nil {
			t.Fatal(err)
		}
		if err := remote.WriteIndex(reference, index); err != nil {
			t.Fatal(err)
		}
	}
	hash, err := index.Digest()
	if err != nil {
		t.Fatal(err)
	}
	registryName, _, _ := strings.Cut(images[0], "/")
	return registryName + "=" + server.URL, hash.String()
}

// imageIndex is the same for the same platforms, so that it has the same digest.
func imageIndex(t *testing.T, platforms []string) v1.ImageIndex {
	t.Helper()
	index := v1.ImageIndex(empty.Index)
	for i, platform := range platforms {
		system, architecture, _ := strings.Cut(platform, "/")
		image, err := random.Image(64, 1, random.WithSource(rand.NewSource(int64(i))))
		if err != nil {
			t.Fatal(err)
		}
		index = mutate.AppendManifests(index, mutate.IndexAddendum{
			Add: image, Descriptor: v1.Descriptor{Platform: &v1.Platform{OS: system, Architecture: architecture}},
		})
	}
	return index
}

// tool is the path of a tool that make builds.
func tool(t *testing.T, name string) string {
	t.Helper()
	if testing.Short() {
		t.Skip("needs " + name)
	}
	path, err := filepath.Abs(filepath.Join(repository, "bin", name))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(path); err != nil {
		t.Fatalf("bin/%s is not built: make bin/%s", name, name)
	}
	return path
}

// build compiles a command of this repository.
func build(t *testing.T, folder string) string {
	t.Helper()
	if testing.Short() {
		t.Skip("compiles " + folder)
	}
	path := filepath.Join(t.TempDir(), filepath.Base(folder))
	if err := compile.Native(t.Context(), folder, path); err != nil {
		t.Fatal(err)
	}
	return path
}
