// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package chart_test

import (
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"

	"helm.sh/helm/v3/pkg/chartutil"
	"helm.sh/helm/v3/pkg/lint"
	"helm.sh/helm/v3/pkg/lint/support"
)

// What helm lint --strict says.
func TestLinterHasNothingToSay(t *testing.T) {
	version := &chartutil.KubeVersion{Version: "v1.35.0", Major: "1", Minor: "35"}
	linter := lint.AllWithKubeVersion(chartPath, values(t, least), "dev", version)
	for _, message := range linter.Messages {
		if message.Severity > support.InfoSev {
			t.Error(message)
		}
	}
	if len(linter.Messages) == 0 {
		t.Error("not even the missing icon was noted: was anything linted?")
	}
}

func TestOlderKubernetesIsRefused(t *testing.T) {
	for version, accepted := range map[string]bool{"v1.28.15": false, "v1.29.0": true, "v1.29.4-gke.100": true, "v1.37.0": true} {
		if got := chartutil.IsCompatibleRange(loadChart(t).Metadata.KubeVersion, version); got != accepted {
			t.Errorf("accepted %s: %t", version, got)
		}
	}
}

// A value that is not explained in values.yaml is one that nobody finds.
func TestEveryValueIsExplained(t *testing.T) {
	explained, err := os.ReadFile(chartPath + "/values.yaml")
	if err != nil {
		t.Fatal(err)
	}
	for _, key := range schemaKeys(t) {
		if key != "global" && !regexp.MustCompile(`(?m)^(# )?`+key+`:`).Match(explained) {
			t.Errorf("values.yaml does not mention %s", key)
		}
	}
}

func TestTheLoadGeneratorHasTheFlags(t *testing.T) {
	if testing.Short() {
		t.Skip("builds the load generator")
	}
	usage, err := exec.CommandContext(t.Context(), "go", "run", "../../cmd/loadtest", "-help").CombinedOutput()
	if err == nil || !strings.Contains(string(usage), "-target") {
		t.Fatalf("usage: %v\n%s", err, usage)
	}
	for name := range flagsOf(t, rendered(t, "shop", values(t, least))[0].Spec.Template.Spec.Containers[0].Args) {
		if !regexp.MustCompile(`(?m)^  -` + name + `\b`).Match(usage) {
			t.Errorf("the load generator has no flag %s:\n%s", name, usage)
		}
	}
}
