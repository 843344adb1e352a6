// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package chart_test

import (
	"encoding/json"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	batchv1 "k8s.io/api/batch/v1"
	"k8s.io/apimachinery/pkg/util/validation"
)

var allArchitectures = []string{"amd64", "arm64", "ppc64le", "s390x", "riscv64", "loong64", "mips64le", "arm", "386"}

func TestNamesFitWhateverTheRelease(t *testing.T) {
	everywhere := values(t, least, "architectures: ["+strings.Join(quoted(allArchitectures), ",")+"]")
	for _, release := range []string{
		"a", "shop", strings.Repeat("a", 53), strings.Repeat("a", 35) + "-b",
		strings.Repeat("a", 30) + strings.Repeat("-", 20) + "b", "shop.v1.4", strings.Repeat("a", 35) + ".b", "1",
	} {
		t.Run(release, func(t *testing.T) {
			jobs := rendered(t, release, everywhere)
			if len(jobs) != len(allArchitectures) {
				t.Fatalf("%d Jobs for %d architectures", len(jobs), len(allArchitectures))
			}
			for i, job := range jobs {
				if problems := validation.IsDNS1123Label(job.Name); problems != nil {
					t.Errorf("name %q: %v", job.Name, problems)
				}
				if !regexp.MustCompile(`-` + allArchitectures[i] + `-[0-9a-f]{8}$`).MatchString(job.Name) {
					t.Errorf("name %q does not end in %s and a hash", job.Name, allArchitectures[i])
				}
				for _, labels := range []map[string]string{job.Labels, job.Spec.Template.Labels} {
					if labels["app.kubernetes.io/instance"] != release {
						t.Errorf("the labels do not name the release: %v", labels)
					}
					for key, value := range labels {
						if problems := validation.IsValidLabelValue(value); problems != nil {
							t.Errorf("label %s=%q: %v", key, value, problems)
						}
					}
				}
			}
		})
	}
}

// Names that are cut must still differ: another release's Jobs would be taken for one's own.
func TestReleasesDoNotShareNames(t *testing.T) {
	long := strings.Repeat("a", 45)
	taken := map[string]string{}
	for _, release := range []string{long + "-one", long + "-two", "shop.v1", "shop-v1"} {
		name := rendered(t, release, values(t, least))[0].Name
		if other, is := taken[name]; is {
			t.Errorf("%s and %s both make %s", release, other, name)
		}
		taken[name] = release
	}
}

// changes has another value for each of the chart's values.
var changes = map[string]string{
	"image": "image: registry.example.com/shop:1.5", "containerPort": "containerPort: 81", "path": "path: /x",
	"architectures": "architectures: [arm64, amd64]", "latencyTarget": "latencyTarget: 501ms", "errorRateTarget": "errorRateTarget: 2%",
	"duration": "duration: 6m", "maxQPS": "maxQPS: 1", "startTimeout": "startTimeout: 11m", "resources": "resources: {}",
	"env": "env: [{name: A, value: b}]", "envFrom": "envFrom: [{secretRef: {name: a}}]", "command": "command: [a]", "args": "args: [a]",
	"imagePullPolicy": "imagePullPolicy: Always", "imagePullSecrets": "imagePullSecrets: [{name: a}]",
	"serviceAccountName": "serviceAccountName: a", "automountServiceAccountToken": "automountServiceAccountToken: true",
	"startupProbe":    "startupProbe: {exec: {command: [a]}}",
	"securityContext": "securityContext: {privileged: false}", "podSecurityContext": "podSecurityContext: {}",
	"volumes": "volumes: [{name: a, emptyDir: {}}]", "volumeMounts": "volumeMounts: [{name: a, mountPath: /a}]",
	"nodeSelector": "nodeSelector: {a: b}", "tolerations": "tolerations: [{operator: Exists}]", "priorityClassName": "priorityClassName: a",
	"podLabels": "podLabels: {a: b}", "podAnnotations": "podAnnotations: {a: b}", "proxy": "proxy: [{name: A, value: b}]",
	"generator": "generator: {imagePullPolicy: Always}", "run": "run: again", "managedBy": "managedBy: me", "global": "global: {a: b}",
}

// The API server refuses a change of a Job's pods: whatever changes them must make another Job.
func TestAChangedValueMakesAnotherJob(t *testing.T) {
	before := rendered(t, "shop", values(t, least))[0]
	for _, key := range schemaKeys(t) {
		t.Run(key, func(t *testing.T) {
			change, known := changes[key]
			if !known {
				t.Fatal("the schema has a value that this test does not change")
			}
			after := rendered(t, "shop", values(t, least, change))[0]
			if after.Name == before.Name {
				t.Errorf("the Job is still named %s", after.Name)
			}
			// architectures make other Jobs; global is Helm's.
			if key != "architectures" && key != "global" && sameButForTheRun(t, before, after) {
				t.Errorf("%s has no effect", change)
			}
		})
	}
}

func TestAChangedChartMakesAnotherJob(t *testing.T) {
	changed := loadChart(t)
	changed.Metadata.Version = "99.0.0"
	made, err := render(changed, "shop", values(t, least))
	if err != nil {
		t.Fatal(err)
	}
	jobs, err := jobsOf(made.Manifest)
	if err != nil {
		t.Fatal(err)
	}
	if before := rendered(t, "shop", values(t, least))[0].Name; jobs[0].Name == before {
		t.Errorf("the Job is still named %s", before)
	}
}

// What is no value must not make another Job, or it would measure again: the operator's version, the cluster's, and whether a
// number was read from YAML or from an object of the API.
func TestNothingElseMakesAnotherJob(t *testing.T) {
	before := rendered(t, "shop", values(t, least, "containerPort: 81", "maxQPS: 2000000"))[0]
	other := loadChart(t)
	other.Metadata.AppVersion = "99.0.0"
	given := values(t, least)
	given["containerPort"], given["maxQPS"] = int64(81), float64(2_000_000)
	made, err := render(other, "shop", given)
	if err != nil {
		t.Fatal(err)
	}
	jobs, err := jobsOf(made.Manifest)
	if err != nil {
		t.Fatal(err)
	}
	if text(t, jobs[0]) != text(t, before) {
		t.Errorf("%s became %s", text(t, before), text(t, jobs[0]))
	}
}

func sameButForTheRun(t *testing.T, a, b *batchv1.Job) bool {
	t.Helper()
	const run = "elasticweb.example.com/run"
	a, b = a.DeepCopy(), b.DeepCopy()
	if a.Spec.Template.Labels[run] == b.Spec.Template.Labels[run] {
		t.Error("the label of the run is the same")
	}
	isRun := b.Spec.Template.Labels[run] == "again"
	for _, job := range []*batchv1.Job{a, b} {
		job.Name, job.Labels[run], job.Spec.Template.Labels[run] = "", "", ""
	}
	return text(t, a) == text(t, b) && !isRun
}

func text(t *testing.T, job *batchv1.Job) string {
	t.Helper()
	encoded, err := json.Marshal(job)
	if err != nil {
		t.Fatal(err)
	}
	return string(encoded)
}

func quoted(words []string) []string {
	all := slices.Clone(words)
	for i := range all {
		all[i] = `"` + all[i] + `"`
	}
	return all
}

// schemaKeys are the names of all values.
func schemaKeys(t *testing.T) []string {
	t.Helper()
	encoded, err := os.ReadFile(chartPath + "/values.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	var schema struct {
		Properties map[string]any `json:"properties"`
	}
	if err := json.Unmarshal(encoded, &schema); err != nil {
		t.Fatal(err)
	}
	return slices.Sorted(maps.Keys(schema.Properties))
}
