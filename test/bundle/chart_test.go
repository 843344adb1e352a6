// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package bundle

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/yaml"
)

const chartFolder = repository + "/helm-charts/elasticwebbenchmark"

// chartValues are those that have no default.
func chartValues(architectures []string) string {
	return fmt.Sprintf("image: registry.example.com/shop:1.4\narchitectures: [%s]\ngenerator: {image: registry.example.com/generator:1.0}\n",
		strings.Join(architectures, ", "))
}

// helm runs the command with the values; what it writes is part of an error.
func helm(t *testing.T, values string, arguments ...string) (string, error) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "values.yaml")
	if err := os.WriteFile(path, []byte(values), 0o644); err != nil {
		t.Fatal(err)
	}
	output, err := exec.Command(tool(t, "helm"), append(arguments, "--values", path)...).CombinedOutput()
	if err != nil {
		err = fmt.Errorf("helm: %w: %s", err, output)
	}
	return string(output), err
}

func TestChartIsLinted(t *testing.T) {
	values := chartValues([]string{"amd64", "arm64"})
	output, err := helm(t, values, "lint", "--strict", chartFolder)
	if err != nil || strings.Contains(output, "[WARNING]") {
		t.Errorf("%v\n%s", err, output)
	}
	folder := filepath.Join(t.TempDir(), filepath.Base(chartFolder))
	if err := os.CopyFS(folder, os.DirFS(chartFolder)); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(folder, "Chart.yaml"), []byte("apiVersion: v2\nname: elasticwebbenchmark\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := helm(t, values, "lint", "--strict", folder); err == nil {
		t.Error("a chart without a version passes")
	}
}

// jobsOfChart are those that the chart makes.
func jobsOfChart(t *testing.T, folder string, architectures []string) []batchv1.Job {
	t.Helper()
	output, err := helm(t, chartValues(architectures), "template", "capacity", folder)
	if err != nil {
		t.Fatal(err)
	}
	var jobs []batchv1.Job
	decoder := yaml.NewYAMLOrJSONDecoder(bytes.NewReader([]byte(output)), 4096)
	for {
		job := batchv1.Job{}
		if err := decoder.Decode(&job); err != nil {
			break
		}
		if job.Kind != "" {
			jobs = append(jobs, job)
		}
	}
	return jobs
}

// operandMistakes wants each Job pinned to one of the architectures, on Linux, in one required term, and all of the
// architectures to be there.
func operandMistakes(jobs []batchv1.Job, architectures []string) []string {
	var mistakes, found []string
	for _, job := range jobs {
		if job.Kind != "Job" {
			mistakes = append(mistakes, "the chart makes a "+job.Kind)
			continue
		}
		architecture, mistake := pinnedTo(job.Spec.Template.Spec)
		if mistake != "" {
			mistakes = append(mistakes, job.Name+": "+mistake)
		}
		found = append(found, architecture)
	}
	slices.Sort(found)
	if !slices.Equal(found, architectures) {
		mistakes = append(mistakes, fmt.Sprintf("the chart's Jobs are for %q, and the labels of the CSV for %q", found, architectures))
	}
	return mistakes
}

func pinnedTo(pod corev1.PodSpec) (architecture, mistake string) {
	if pod.Affinity == nil || pod.Affinity.NodeAffinity == nil || pod.Affinity.NodeAffinity.RequiredDuringSchedulingIgnoredDuringExecution == nil {
		return "", "it requires no node"
	}
	terms := pod.Affinity.NodeAffinity.RequiredDuringSchedulingIgnoredDuringExecution.NodeSelectorTerms
	if len(terms) != 1 {
		return "", fmt.Sprintf("it has %d required terms, want 1", len(terms))
	}
	values := map[string][]string{}
	for _, requirement := range terms[0].MatchExpressions {
		if requirement.Operator == corev1.NodeSelectorOpIn {
			values[requirement.Key] = requirement.Values
		}
	}
	if !slices.Equal(values[corev1.LabelOSStable], []string{"linux"}) {
		mistake = fmt.Sprintf("it requires the systems %q, want linux", values[corev1.LabelOSStable])
	}
	if len(values[corev1.LabelArchStable]) != 1 {
		return "", fmt.Sprintf("it requires the architectures %q, want one", values[corev1.LabelArchStable])
	}
	return values[corev1.LabelArchStable][0], mistake
}

// claimed are the architectures that the labels of the CSV name.
func claimed(b *Bundle) []string {
	var result []string
	for key, value := range b.CSV.Labels {
		if architecture, found := strings.CutPrefix(key, "operatorframework.io/arch."); found && value == "supported" {
			result = append(result, architecture)
		}
	}
	slices.Sort(result)
	return result
}

func TestOperandsOfTheChartAgree(t *testing.T) {
	architectures := claimed(newScene(t).load(t))
	for _, mistake := range operandMistakes(jobsOfChart(t, chartFolder, architectures), architectures) {
		t.Error(mistake)
	}
}

func TestOperandsThatDisagreeAreFound(t *testing.T) {
	architectures := claimed(newScene(t).load(t))
	for name, given := range map[string]struct{ from, to, says string }{
		"no system":       {"kubernetes.io/os", "example.com/os", "want linux"},
		"no architecture": {"- key: kubernetes.io/arch", "- key: example.com/arch", "want one"},
	} {
		t.Run(name, func(t *testing.T) {
			folder := filepath.Join(t.TempDir(), filepath.Base(chartFolder))
			if err := os.CopyFS(folder, os.DirFS(chartFolder)); err != nil {
				t.Fatal(err)
			}
			path := filepath.Join(folder, "templates/_pod.tpl")
			text, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if !strings.Contains(string(text), given.from) {
				t.Fatalf("%s does not hold %q", path, given.from)
			}
			if err := os.WriteFile(path, []byte(strings.Replace(string(text), given.from, given.to, 1)), 0o644); err != nil {
				t.Fatal(err)
			}
			expectMistake(t, operandMistakes(jobsOfChart(t, folder, architectures), architectures), given.says)
		})
	}
	t.Run("an architecture less", func(t *testing.T) {
		expectMistake(t, operandMistakes(jobsOfChart(t, chartFolder, architectures[1:]), architectures), "labels of the CSV")
	})
}
