// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

// Package observability holds the alerts and the dashboards of config/observability against Prometheus itself.
package observability

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"sigs.k8s.io/yaml"

	"github.com/elasticweb/elasticweb-operator/test/prometheus"
)

const root = "../.."

type alert struct {
	Alert       string            `json:"alert"`
	Expr        string            `json:"expr"`
	For         string            `json:"for"`
	Labels      map[string]string `json:"labels"`
	Annotations map[string]string `json:"annotations"`
}

type group struct {
	Name  string  `json:"name"`
	Rules []alert `json:"rules"`
}

// rules are what Prometheus reads of a PrometheusRule.
type rules struct {
	Groups []group `json:"groups"`
}

// readRules are the alerts as they are delivered.
func readRules(t *testing.T) rules {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, "config/observability/alerts/rules.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	manifest := struct {
		Spec rules `json:"spec"`
	}{}
	if err := yaml.Unmarshal(text, &manifest); err != nil {
		t.Fatal(err)
	}
	if len(manifest.Spec.Groups) == 0 {
		t.Fatal("there are no rules")
	}
	return manifest.Spec
}

func (r rules) alerts() (all []alert) {
	for _, group := range r.Groups {
		all = append(all, group.Rules...)
	}
	return all
}

// changed are the rules, changed, as Prometheus reads them.
func (r rules) changed(t *testing.T, change func(*alert)) []byte {
	t.Helper()
	for _, group := range r.Groups {
		for i := range group.Rules {
			change(&group.Rules[i])
		}
	}
	text, err := yaml.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// write puts them into a file.
func (r rules) write(t *testing.T, folder string, change func(*alert)) string {
	t.Helper()
	path := filepath.Join(folder, "rules.yaml")
	if err := os.WriteFile(path, r.changed(t, change), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func promtool(t *testing.T, arguments ...string) {
	t.Helper()
	if testing.Short() {
		t.Skip("needs bin/promtool")
	}
	if text, err := exec.CommandContext(t.Context(), prometheus.Promtool(), arguments...).CombinedOutput(); err != nil {
		t.Errorf("promtool %s, built by make bin/promtool: %v\n%s", strings.Join(arguments, " "), err, text)
	}
}

func TestAlertsFireAndEnd(t *testing.T) {
	folder := t.TempDir()
	readRules(t).write(t, folder, func(a *alert) {
		delete(a.Annotations, "description")
		delete(a.Annotations, "runbook_url")
	})
	tests, err := os.ReadFile("alerts_test.yaml")
	if err != nil {
		t.Fatal(err)
	}
	for _, alert := range readRules(t).alerts() {
		if !strings.Contains(string(tests), "alertname: "+alert.Alert+"\n") {
			t.Errorf("no test of the alert %s", alert.Alert)
		}
	}
	path := filepath.Join(folder, "alerts_test.yaml")
	if err := os.WriteFile(path, tests, 0o600); err != nil {
		t.Fatal(err)
	}
	promtool(t, "test", "rules", path)
}

func TestRulesKeepToConventions(t *testing.T) {
	promtool(t, "check", "rules", "--lint=all", "--lint-fatal", readRules(t).write(t, t.TempDir(), func(*alert) {}))
	for _, alert := range readRules(t).alerts() {
		if !slices.Contains([]string{"info", "warning", "critical"}, alert.Labels["severity"]) || alert.For == "" {
			t.Errorf("%s: severity %q, for %q", alert.Alert, alert.Labels["severity"], alert.For)
		}
		for _, annotation := range []string{"summary", "description", "runbook_url"} {
			if alert.Annotations[annotation] == "" {
				t.Errorf("%s has no %s", alert.Alert, annotation)
			}
		}
	}
}

// TestRunbooks looks for the page of every alert, and for the alert of every page.
func TestRunbooks(t *testing.T) {
	var names []string
	page := regexp.MustCompile(`/blob/main/(docs/runbooks/(\w+)\.md)$`)
	for _, alert := range readRules(t).alerts() {
		names = append(names, alert.Alert+".md")
		match := page.FindStringSubmatch(alert.Annotations["runbook_url"])
		if match == nil || match[2] != alert.Alert {
			t.Errorf("%s has the runbook %q", alert.Alert, alert.Annotations["runbook_url"])
			continue
		}
		text, err := os.ReadFile(filepath.Join(root, match[1]))
		if err != nil {
			t.Error(err)
			continue
		}
		last := -1
		for _, heading := range []string{"# " + alert.Alert, "## Meaning", "## Impact", "## Diagnosis", "## Mitigation"} {
			at := strings.Index("\n"+string(text), "\n"+heading+"\n")
			if at <= last {
				t.Errorf("%s has no %q in its place", match[1], heading)
			}
			last = at
		}
		if diagnosis, _, _ := strings.Cut(string(text), "## Mitigation"); !strings.Contains(diagnosis, "```sh\n") {
			t.Errorf("%s names no command that finds the cause", match[1])
		}
	}
	pages, err := os.ReadDir(filepath.Join(root, "docs/runbooks"))
	if err != nil {
		t.Fatal(err)
	}
	for _, page := range pages {
		if page.Name() != "README.md" && !slices.Contains(names, page.Name()) {
			t.Errorf("docs/runbooks/%s is about no alert", page.Name())
		}
	}
}
