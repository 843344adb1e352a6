// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package bundle

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/util/yaml"
)

// catalogFolder holds the catalog as it is committed.
const catalogFolder = repository + "/catalog"

// opm runs opm validate, which says what is wrong on its standard error.
func opm(t *testing.T, folder string) error {
	t.Helper()
	output, err := exec.Command(tool(t, "opm"), "validate", folder).CombinedOutput()
	if err != nil || strings.Contains(string(output), "level=warning") {
		return fmt.Errorf("opm validate: %w: %s", err, output)
	}
	return nil
}

func TestOPMValidates(t *testing.T) {
	if err := opm(t, catalogFolder); err != nil {
		t.Error(err)
	}
}

func TestOPMFinds(t *testing.T) {
	for name, given := range map[string]struct{ from, to string }{
		"a channel without a bundle": {"schema: olm.bundle", "schema: olm.other"},
		"no default channel":         {"defaultChannel: stable", "defaultChannel: fast"},
		"a bundle without an image":  {"image: quay.io/elasticweb/elasticweb-operator-bundle", "other: quay.io/elasticweb/elasticweb-operator-bundle"},
	} {
		t.Run(name, func(t *testing.T) {
			text, err := os.ReadFile(filepath.Join(catalogFolder, packageName, "catalog.yaml"))
			if err != nil {
				t.Fatal(err)
			}
			broken := strings.Replace(string(text), given.from, given.to, 1)
			if broken == string(text) {
				t.Fatalf("the catalog does not hold %q", given.from)
			}
			folder := t.TempDir()
			if err := os.WriteFile(filepath.Join(folder, "catalog.yaml"), []byte(broken), 0o644); err != nil {
				t.Fatal(err)
			}
			if err := opm(t, folder); err == nil {
				t.Error("opm takes it")
			}
		})
	}
}

// channelEntry is what a channel says of a bundle.
type channelEntry struct{ Name, Replaces, SkipRange string }

// readCatalog returns the entries of the channels, and the default channel.
func readCatalog(t *testing.T, text []byte) (channels map[string][]channelEntry, byDefault string) {
	t.Helper()
	channels = map[string][]channelEntry{}
	decoder := yaml.NewYAMLOrJSONDecoder(bytes.NewReader(text), 4096)
	for {
		var part struct {
			Schema, Name, DefaultChannel string
			Entries                      []channelEntry
		}
		if err := decoder.Decode(&part); err != nil {
			break
		}
		switch part.Schema {
		case "olm.package":
			byDefault = part.DefaultChannel
		case "olm.channel":
			channels[part.Name] = part.Entries
		}
	}
	return channels, byDefault
}

// catalogMistakes compares the catalog with the bundle: its channels, its version, its edges.
func catalogMistakes(t *testing.T, b *Bundle, text []byte) []string {
	t.Helper()
	const prefix = "operators.operatorframework.io.bundle."
	channels, byDefault := readCatalog(t, text)
	var mistakes []string
	if want := b.annotations[prefix+"channel.default.v1"]; byDefault != want {
		mistakes = append(mistakes, fmt.Sprintf("the default channel is %q, and %q in the bundle", byDefault, want))
	}
	for channel := range strings.SplitSeq(b.annotations[prefix+"channels.v1"], ",") {
		want := channelEntry{b.CSV.Name, b.CSV.Spec.Replaces, b.CSV.Annotations["olm.skipRange"]}
		found := false
		for _, entry := range channels[channel] {
			found = found || entry == want
		}
		if !found {
			mistakes = append(mistakes, fmt.Sprintf("the channel %s has no entry %+v, as the CSV has it, but %+v", channel, want, channels[channel]))
		}
	}
	return mistakes
}

func TestCatalogAgreesWithTheBundle(t *testing.T) {
	if *bundleRoot != repository {
		t.Skip("the bundle is not that of the catalog")
	}
	text, err := os.ReadFile(filepath.Join(catalogFolder, packageName, "catalog.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	s := newScene(t)
	for _, mistake := range catalogMistakes(t, s.load(t), text) {
		t.Error(mistake)
	}
	s.edit(t, edges("0.0.9", ">=0.0.9 <0.1.0"))
	expectMistake(t, catalogMistakes(t, s.load(t), text), "Replaces:elasticweb-operator.v0.0.9")
	broken := bytes.Replace(text, []byte("name: stable"), []byte("name: fast"), 1)
	expectMistake(t, catalogMistakes(t, newScene(t).load(t), broken), "the channel stable")
}

// TestCatalogOfAnotherRegistry renders the committed template for images that somebody pushed elsewhere.
func TestCatalogOfAnotherRegistry(t *testing.T) {
	const image = "registry.example.com:5000/team/elasticweb-operator-bundle:v0.1.0"
	command, output := build(t, "hack/catalog"), filepath.Join(t.TempDir(), packageName, "catalog.yaml")
	arguments := []string{
		"-template", repository + "/config/catalog/template.yaml", "-bundle", repository + "/bundle", "-opm", tool(t, "opm"), "-output", output,
	}
	if text, err := exec.Command(command, append(arguments, "-image", image)...).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	text, err := os.ReadFile(output)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(text), "\nimage: "+image+"\n") || strings.Contains(string(text), "127.0.0.1") {
		t.Errorf("the catalog does not name the bundle %s alone", image)
	}
	if err := opm(t, filepath.Dir(output)); err != nil {
		t.Error(err)
	}
	for name, given := range map[string]struct{ from, to, says string }{
		"two bundles without a digest": {"- schema: olm.bundle", "- schema: olm.bundle\n  image: quay.io/elasticweb/other:v1\n- schema: olm.bundle", "name earlier releases by digest"},
		"no entry for this version":    {"name: elasticweb-operator.v0.1.0", "name: elasticweb-operator.v0.0.9", "has no entry for elasticweb-operator.v0.1.0"},
	} {
		t.Run(name, func(t *testing.T) {
			template, err := os.ReadFile(repository + "/config/catalog/template.yaml")
			if err != nil {
				t.Fatal(err)
			}
			path := filepath.Join(t.TempDir(), "template.yaml")
			if err := os.WriteFile(path, bytes.ReplaceAll(template, []byte(given.from), []byte(given.to)), 0o644); err != nil {
				t.Fatal(err)
			}
			text, err := exec.Command(command, append(arguments, "-image", image, "-template", path)...).CombinedOutput()
			if err == nil || !strings.Contains(string(text), given.says) {
				t.Errorf("%v: %s, want %q", err, text, given.says)
			}
		})
	}
}
