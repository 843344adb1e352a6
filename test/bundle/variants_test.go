// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package bundle

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// makeBundle makes a bundle as make bundle does, into the folder.
func makeBundle(t *testing.T, command, folder string, arguments ...string) error {
	t.Helper()
	output, err := exec.Command(command, append([]string{
		"-source", repository, "-kustomize", tool(t, "kustomize"), "-operator-sdk", tool(t, "operator-sdk"), "-output", folder,
	}, arguments...)...).CombinedOutput()
	if err != nil {
		t.Logf("%s", output)
	}
	return err
}

const releasedImage = "quay.io/elasticweb/elasticweb-operator:v0.2.0"

// newRelease makes the bundle of a release that upgrades another one, with its image given by digest.
func newRelease(t *testing.T) (s *scene, digest string) {
	t.Helper()
	command := build(t, "hack/bundle")
	s = &scene{root: t.TempDir()}
	s.mirror, digest = serveImages(t, []string{releasedImage}, nil)
	if err := makeBundle(t, command, s.root, "-version=0.2.0", "-replaces=0.1.0", "-image="+releasedImage, "-digest="+digest,
		"-created=2027-01-02T15:04:05Z"); err != nil {
		t.Fatal(err)
	}
	return s, digest
}

func TestReleases(t *testing.T) {
	s, digest := newRelease(t)
	b := s.load(t)
	for _, gate := range Gates {
		for _, mistake := range gate.Check(b) {
			t.Errorf("%s: %s", gate.Name, mistake)
		}
	}
	pinned := "quay.io/elasticweb/elasticweb-operator@" + digest
	if got := b.images(); !slices.Equal(got, []string{pinned}) {
		t.Errorf("the images are %q, want %q alone", got, pinned)
	}
	for name, values := range map[string][2]string{
		"replaces":       {b.CSV.Spec.Replaces, "elasticweb-operator.v0.1.0"},
		"skipRange":      {b.CSV.Annotations["olm.skipRange"], ">=0.1.0 <0.2.0"},
		"containerImage": {b.CSV.Annotations["containerImage"], releasedImage},
		"createdAt":      {b.CSV.Annotations["createdAt"], "2027-01-02T15:04:05Z"},
		"disconnected":   {b.CSV.Annotations[featurePrefix+"disconnected"], "true"},
	} {
		if values[0] != values[1] {
			t.Errorf("%s is %q, want %q", name, values[0], values[1])
		}
	}
	for _, mistake := range slices.Concat(multiarch(t, s), validate(t, s, suites["operatorframework"], nil)) {
		t.Error(mistake)
	}
	t.Run("an image that is not pinned is found", func(t *testing.T) {
		s.edit(t, func(csv map[string]any) { table(csv, "spec", "relatedImages", 0)["image"] = releasedImage })
		expect(t, s, "related images", "disconnected")
	})
}

// TestBundleIsReproducible makes the committed bundle twice.
func TestBundleIsReproducible(t *testing.T) {
	command := build(t, "hack/bundle")
	var made []string
	for range 2 {
		folder := t.TempDir()
		if err := makeBundle(t, command, folder, "-version=0.1.0", "-image=quay.io/elasticweb/elasticweb-operator:v0.1.0"); err != nil {
			t.Fatal(err)
		}
		text, err := os.ReadFile(filepath.Join(folder, csvFile))
		if err != nil {
			t.Fatal(err)
		}
		made = append(made, string(text))
	}
	if made[0] != made[1] {
		t.Error("two runs differ")
	}
}

func TestMistakesOfReleasesAreNamed(t *testing.T) {
	command := build(t, "hack/bundle")
	for name, given := range map[string]struct {
		arguments []string
		says      string
	}{
		"no version":              {[]string{"-image=" + releasedImage}, "-version is missing"},
		"a version with v":        {[]string{"-version=v0.2.0", "-image=" + releasedImage}, "leave out the v"},
		"an image without a tag":  {[]string{"-version=0.2.0", "-image=localhost:5000/operator"}, "it takes a name with a tag"},
		"half a digest":           {[]string{"-version=0.2.0", "-image=" + releasedImage, "-digest=sha256:12"}, "64 hex digits"},
		"a newer one is replaced": {[]string{"-version=0.2.0", "-image=" + releasedImage, "-replaces=0.3.0"}, "before 0.2.0"},
	} {
		t.Run(name, func(t *testing.T) {
			output, err := exec.Command(command, given.arguments...).CombinedOutput()
			if err == nil || !strings.Contains(string(output), given.says) {
				t.Errorf("%v: %s, want %q", err, output, given.says)
			}
		})
	}
}
