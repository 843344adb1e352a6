// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"sigs.k8s.io/yaml"
)

// TestManifest holds it to what krew asks of a manifest.
func TestManifest(t *testing.T) {
	folder := t.TempDir()
	for _, platform := range []string{"linux-amd64", "windows-arm64"} {
		if err := os.WriteFile(filepath.Join(folder, "kubectl-elasticweb-1.2.3-"+platform+".tar.gz"), []byte("x"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	text, err := manifest(folder, "1.2.3", "https://example.com/releases")
	if err != nil {
		t.Fatal(err)
	}
	var plugin struct {
		APIVersion, Kind string
		Metadata         struct{ Name string }
		Spec             struct {
			Version, Homepage, ShortDescription, Description string
			Platforms                                        []struct {
				URI, SHA256, Bin string
				Selector         struct{ MatchLabels map[string]string }
			}
		}
	}
	if err := yaml.Unmarshal(text, &plugin); err != nil {
		t.Fatal(err)
	}
	if plugin.APIVersion != "krew.googlecontainertools.github.com/v1alpha2" || plugin.Kind != "Plugin" || plugin.Metadata.Name != "elasticweb" ||
		plugin.Spec.Version != "v1.2.3" || len(plugin.Spec.ShortDescription) > 50 || strings.HasSuffix(plugin.Spec.ShortDescription, ".") || plugin.Spec.Description == "" {
		t.Errorf("%+v", plugin)
	}
	if len(plugin.Spec.Platforms) != 2 {
		t.Fatalf("%+v", plugin.Spec.Platforms)
	}
	const sumOfX = "2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881"
	windows := plugin.Spec.Platforms[1]
	if windows.Bin != "kubectl-elasticweb.exe" || windows.SHA256 != sumOfX || windows.Selector.MatchLabels["os"] != "windows" || windows.Selector.MatchLabels["arch"] != "arm64" ||
		windows.URI != "https://example.com/releases/v1.2.3/kubectl-elasticweb-1.2.3-windows-arm64.tar.gz" || plugin.Spec.Platforms[0].Bin != "kubectl-elasticweb" {
		t.Errorf("%+v", plugin.Spec.Platforms)
	}
	if _, err := manifest(t.TempDir(), "1.2.3", ""); err == nil {
		t.Error("without an archive there is a manifest")
	}
}
