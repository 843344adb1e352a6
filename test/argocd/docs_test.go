// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package argocd_test

import (
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"sigs.k8s.io/yaml"
)

// TestTheDocsHaveTheScripts holds the ConfigMap of docs/gitops.md against the files: people copy it from there.
func TestTheDocsHaveTheScripts(t *testing.T) {
	page, err := os.ReadFile(filepath.Join(root, "docs/gitops.md"))
	if err != nil {
		t.Fatal(err)
	}
	match := regexp.MustCompile("(?ms)^```yaml\n(apiVersion: v1\nkind: ConfigMap\n.*?)^```$").FindSubmatch(page)
	if match == nil {
		t.Fatal("docs/gitops.md has no ConfigMap")
	}
	var settings struct {
		Metadata struct{ Name string }
		Data     map[string]string
	}
	if err := yaml.Unmarshal(match[1], &settings); err != nil {
		t.Fatal(err)
	}
	if settings.Metadata.Name != "argocd-cm" || len(settings.Data) != 2 {
		t.Errorf("the ConfigMap is %+v", settings)
	}
	for _, kind := range []string{"ElasticWeb", "ElasticWebBenchmark"} {
		script, err := os.ReadFile(filepath.Join(scripts, kind, "health.lua"))
		if err != nil {
			t.Fatal(err)
		}
		if got := settings.Data["resource.customizations.health.elasticweb.example.com_"+kind]; got != string(script) {
			t.Errorf("docs/gitops.md has another script of %s:\n%s\nwant\n%s", kind, got, script)
		}
	}
}
