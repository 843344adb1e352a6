// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package chart_test

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"

	"helm.sh/helm/v3/pkg/action"
	"helm.sh/helm/v3/pkg/chart"
	"helm.sh/helm/v3/pkg/chart/loader"
	"helm.sh/helm/v3/pkg/chartutil"
	"helm.sh/helm/v3/pkg/release"
	batchv1 "k8s.io/api/batch/v1"
	"k8s.io/apimachinery/pkg/util/yaml"
)

const chartPath = "../../helm-charts/elasticwebbenchmark"

// least is the smallest set of values that the chart accepts.
const least = `
image: registry.example.com/shop:1.4
architectures: [arm64]
generator: {image: registry.example.com/elasticweb-operator:0.1.0}
`

func loadChart(t *testing.T) *chart.Chart {
	t.Helper()
	loaded, err := loader.Load(chartPath)
	if err != nil {
		t.Fatal(err)
	}
	return loaded
}

// values returns those of YAML documents, each over the ones before it.
func values(t *testing.T, documents ...string) map[string]any {
	t.Helper()
	merged := map[string]any{}
	for _, document := range documents {
		read, err := chartutil.ReadValues([]byte(document))
		if err != nil {
			t.Fatal(err)
		}
		merged = chartutil.CoalesceTables(read.AsMap(), merged)
	}
	return merged
}

// render does what helm template does.
func render(c *chart.Chart, name string, given map[string]any) (*release.Release, error) {
	install := action.NewInstall(&action.Configuration{Log: func(string, ...any) {}})
	install.ReleaseName, install.Namespace = name, "dev"
	install.DryRun, install.ClientOnly, install.Replace = true, true, true
	install.KubeVersion = &chartutil.KubeVersion{Version: "v1.29.0", Major: "1", Minor: "29"}
	return install.Run(c, given)
}

// documentsOf splits a chart's manifest.
func documentsOf(manifest string) ([][]byte, error) {
	var documents [][]byte
	for reader := yaml.NewYAMLReader(bufio.NewReader(strings.NewReader(manifest))); ; {
		document, err := reader.Read()
		if errors.Is(err, io.EOF) {
			return documents, nil
		}
		if err != nil {
			return nil, err
		}
		if len(bytes.TrimSpace(document)) > 0 {
			documents = append(documents, document)
		}
	}
}

// jobsOf returns the Jobs of a chart's manifest, strictly read: a field that Kubernetes does not know is an error.
func jobsOf(manifest string) ([]*batchv1.Job, error) {
	documents, err := documentsOf(manifest)
	if err != nil {
		return nil, err
	}
	jobs := make([]*batchv1.Job, len(documents))
	for i, document := range documents {
		jobs[i] = &batchv1.Job{}
		if err := yaml.UnmarshalStrict(document, jobs[i]); err != nil {
			return nil, err
		}
	}
	return jobs, nil
}

// rendered returns the Jobs that the chart makes of values.
func rendered(t *testing.T, name string, given map[string]any) []*batchv1.Job {
	t.Helper()
	made, err := render(loadChart(t), name, given)
	if err != nil {
		t.Fatal(err)
	}
	jobs, err := jobsOf(made.Manifest)
	if err != nil {
		t.Fatalf("%s\n%s", err, made.Manifest)
	}
	return jobs
}
