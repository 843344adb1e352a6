// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build images

package images

import (
	"archive/tar"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestRelease releases small programs, without bundle and catalog: these come with TestProduct.
func TestRelease(t *testing.T) {
	w := newWorkshop(t, smallTree(t))
	w.release("RELEASE_OLM=false")
	digest, parts := w.index("elasticweb/operator:v1.2.3")
	want := operator(w)
	want.labels["base.name"] = w.baseDigest()
	want.check(t, parts)
	pinned := w.reference("elasticweb/operator@" + digest.String())

	if install := w.dist("install.yaml"); strings.Count(install, "image: "+pinned) != 1 {
		t.Errorf("install.yaml does not install %s", pinned)
	}
	if notes := w.dist("notes.md"); !strings.Contains(notes, "### Added") || !strings.Contains(notes, pinned) {
		t.Errorf("the notes lack the changelog or the image:\n%s", notes)
	}
	w.checkChart(pinned)
	w.checkSums()
	w.checkBoms("manager", "loadtest", "scorecard")
	w.checkProvenance()
	w.checkPlugin()
	w.checkArchive("elasticweb-operator-1.2.3.oci.tar", "/blobs/sha256/"+digest.Hex)
	w.checkArchive("elasticweb-operator-schemas-1.2.3.tar", "/elasticweb.example.com/elasticweb_v1.json")
	if status := run(t, w.tree, "git", "status", "--porcelain"); status != "" {
		t.Errorf("the release changed the checkout:\n%s", status)
	}
}

func TestReleaseRefused(t *testing.T) {
	w := newWorkshop(t, smallTree(t))
	w.prepareRelease()
	tests := map[string]struct{ version, dirt, says string }{
		"no version":                 {version: "v1.2.3", says: "without v"},
		"a version nobody described": {version: "1.2.4", says: "no section ## [1.2.4]"},
		"changes":                    {version: "1.2.3", dirt: "new.txt", says: "commit them"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if tt.dirt != "" {
				write(t, w.tree, tt.dirt, nil)
			}
			out, err := w.tryMake("release", "VERSION="+tt.version, "IMAGE_TAG_BASE="+w.reference("elasticweb/operator"))
			if err == nil || !strings.Contains(out, tt.says) {
				t.Errorf("got %v, want a failure that says %q:\n%s", err, tt.says, out)
			}
		})
	}
}

// prepareRelease builds what the Makefile would build in the tree.
func (w *workshop) prepareRelease() {
	w.t.Helper()
	built := w.t.TempDir()
	run(w.t, repository, "env", "CGO_ENABLED=0", "go", "build", "-o", built, "./hack/inspect", "./hack/jsonschema", "./hack/chart", "./hack/krew")
	w.variables = append(w.variables,
		"INSPECT="+filepath.Join(built, "inspect"), "JSON_SCHEMA="+filepath.Join(built, "jsonschema"), "CHART="+filepath.Join(built, "chart"),
		"KREW="+filepath.Join(built, "krew"))
	lendTools(w.t, w.tree, "crane", "cyclonedx-gomod", "helm", "kustomize")
}

func (w *workshop) release(variables ...string) {
	w.t.Helper()
	w.prepareRelease()
	w.t.Log(w.make("release", append(variables, "VERSION=1.2.3", "IMAGE_TAG_BASE="+w.reference("elasticweb/operator"))...))
}

// baseDigest is the name that a release gives to the base image.
func (w *workshop) baseDigest() string {
	digest, _ := w.index("base/static:nonroot")
	return w.reference("base/static@" + digest.String())
}

func (w *workshop) dist(name string) string {
	w.t.Helper()
	content, err := os.ReadFile(filepath.Join(w.tree, "dist", name))
	w.must(err)
	return string(content)
}

// checkChart pulls the chart as its users do.
func (w *workshop) checkChart(image string) {
	w.t.Helper()
	helm := filepath.Join(w.tree, "bin", "helm")
	name := "oci://" + w.reference("elasticweb/charts/elasticweb-operator")
	if shown := w.output(helm, "show", "chart", "--plain-http", name, "--version", "1.2.3"); !strings.Contains(shown, "appVersion: 1.2.3") {
		w.t.Errorf("the chart is not that of the release:\n%s", shown)
	}
	made := w.output(helm, "template", "elasticweb", name, "--plain-http", "--version", "1.2.3")
	if strings.Count(made, `image: "`+image+`"`) != 2 { // the manager, and the test
		w.t.Errorf("the chart does not install %s", image)
	}
	if text := w.dist("charts.txt"); !strings.Contains(text, w.reference("elasticweb/charts/elasticweb-operator@sha256:")) {
		w.t.Errorf("charts.txt is %s", text)
	}
	if notes := w.dist("notes.md"); !strings.Contains(notes, name) {
		w.t.Errorf("the notes lack the chart:\n%s", notes)
	}
}

// checkPlugin looks for the plugin in the archive for each machine, and for the archive in the manifest for krew.
func (w *workshop) checkPlugin() {
	w.t.Helper()
	manifest := w.dist("elasticweb.krew.yaml")
	for _, platform := range []string{"linux-amd64", "linux-arm64", "darwin-amd64", "darwin-arm64", "windows-amd64", "windows-arm64"} {
		name, program := "kubectl-elasticweb-1.2.3-"+platform+".tar.gz", "./kubectl-elasticweb"
		if strings.HasPrefix(platform, "windows") {
			program += ".exe"
		}
		sum := sha256.Sum256([]byte(w.dist(name)))
		if !strings.Contains(manifest, "/v1.2.3/"+name) || !strings.Contains(manifest, hex.EncodeToString(sum[:])) {
			w.t.Errorf("krew would not find %s:\n%s", name, manifest)
		}
		if listed := w.output("tar", "-tzf", filepath.Join(w.tree, "dist", name)); !strings.Contains(listed, program+"\n") || !strings.Contains(listed, "./LICENSE\n") {
			w.t.Errorf("%s holds %s", name, listed)
		}
		if bom := w.dist(strings.TrimSuffix(name, ".tar.gz") + ".cdx.json"); !strings.Contains(bom, `"version": "v1.2.3"`) {
			w.t.Errorf("the bill of materials of %s is %s", name, bom)
		}
	}
}

// checkSums holds SHA256SUMS against the other files.
func (w *workshop) checkSums() {
	w.t.Helper()
	sums := w.dist("SHA256SUMS")
	entries, err := os.ReadDir(filepath.Join(w.tree, "dist"))
	w.must(err)
	if lines := strings.Count(sums, "\n"); lines != len(entries)-1 {
		w.t.Errorf("SHA256SUMS has %d lines for %d files", lines, len(entries)-1)
	}
	for line := range strings.Lines(sums) {
		sum, name, _ := strings.Cut(strings.TrimSpace(line), "  ")
		if got := sha256.Sum256([]byte(w.dist(name))); hex.EncodeToString(got[:]) != sum {
			w.t.Errorf("the sum of %s is wrong", name)
		}
	}
}

// checkBoms looks for a bill of materials of each program on each platform.
func (w *workshop) checkBoms(programs ...string) {
	w.t.Helper()
	for _, program := range programs {
		for _, architecture := range architectures {
			var bom struct {
				BOMFormat string
				Metadata  struct {
					Component struct{ Name, Version string }
				}
				Components []struct{ Name string }
			}
			name := program + "-1.2.3-linux-" + architecture + ".cdx.json"
			w.must(json.Unmarshal([]byte(w.dist(name)), &bom))
			if bom.BOMFormat != "CycloneDX" || bom.Metadata.Component.Version != "v1.2.3" || len(bom.Components) == 0 || bom.Components[0].Name != "std" {
				w.t.Errorf("%s is not that of the release: %+v", name, bom)
			}
		}
	}
}

// checkProvenance holds provenance.json against the commit and the base images.
func (w *workshop) checkProvenance() {
	w.t.Helper()
	var predicate struct {
		BuildDefinition struct {
			BuildType            string
			ExternalParameters   map[string]string
			ResolvedDependencies []struct {
				URI    string
				Digest map[string]string
			}
		}
		RunDetails struct{ Builder struct{ ID string } }
	}
	w.must(json.Unmarshal([]byte(w.dist("provenance.json")), &predicate))
	definition := predicate.BuildDefinition
	if definition.BuildType == "" || definition.ExternalParameters["version"] != "1.2.3" || predicate.RunDetails.Builder.ID == "" {
		w.t.Errorf("provenance.json says %+v", predicate)
	}
	bases := strings.Count(w.dist("base-images.txt"), "\n")
	if len(definition.ResolvedDependencies) != 1+bases || bases == 0 {
		w.t.Fatalf("made from %+v, and %d base images", definition.ResolvedDependencies, bases)
	}
	if commit := strings.TrimSpace(run(w.t, w.tree, "git", "rev-parse", "HEAD")); definition.ResolvedDependencies[0].Digest["gitCommit"] != commit {
		w.t.Errorf("made from %+v, want the commit %s", definition.ResolvedDependencies[0], commit)
	}
	for _, base := range definition.ResolvedDependencies[1:] {
		name, digest := strings.TrimPrefix(base.URI, "docker://"), base.Digest["sha256"]
		if len(digest) != 64 || !strings.Contains(w.dist("base-images.txt"), name+"@sha256:"+digest) {
			w.t.Errorf("made from %+v, which is none of the base images", base)
		}
	}
}

// checkArchive looks for a file in an archive, by the end of its path.
func (w *workshop) checkArchive(name, path string) {
	w.t.Helper()
	archive := tar.NewReader(bytes.NewReader([]byte(w.dist(name))))
	for {
		header, err := archive.Next()
		if err != nil {
			w.t.Errorf("%s does not hold %s: %v", name, path, err)
			return
		}
		if strings.HasSuffix(header.Name, path) {
			return
		}
	}
}
