// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package benchmark

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"maps"
	"reflect"
	"regexp"
	"slices"
	"strings"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/yaml"

	"github.com/elasticweb/elasticweb-operator/api/v1alpha1"
	"github.com/elasticweb/elasticweb-operator/internal/quote"
)

// Rendered are the Jobs of the run, with the names that the rendered chart gives them. It fails where the chart holds anything but
// these: a chart is text, and text can be made to say more than its author meant.
func Rendered(manifest []byte, b *v1alpha1.ElasticWebBenchmark, proxy []corev1.EnvVar) ([]batchv1.Job, error) {
	wanted, err := Jobs(b, proxy)
	if err != nil {
		return nil, err
	}
	found, err := decodeJobs(manifest)
	if err != nil {
		return nil, fmt.Errorf("the rendered chart holds what is no Job of this run, so nothing of it is applied: %s", quote.Said(err.Error()))
	}
	if len(found) != len(wanted) {
		return nil, fmt.Errorf("the rendered chart holds %d Jobs, and the run has %d, so none is applied", len(found), len(wanted))
	}
	for i := range wanted {
		if isNameOf(found[i].Name, b.Name, wanted[i].Labels[v1alpha1.LabelArchitecture]) {
			wanted[i].Name = found[i].Name
		}
		field, err := firstDifference(&wanted[i], &found[i])
		if err != nil {
			return nil, err
		}
		if field != "" {
			return nil, fmt.Errorf("the rendered chart has another %s for %s than the spec says, so no Job is applied",
				quote.Said(field), wanted[i].Labels[v1alpha1.LabelArchitecture])
		}
	}
	return wanted, nil
}

// decodeJobs reads the Jobs of a manifest, in which there must be no other object and no field that Jobs do not have.
func decodeJobs(manifest []byte) ([]batchv1.Job, error) {
	var jobs []batchv1.Job
	for reader := yaml.NewYAMLReader(bufio.NewReader(bytes.NewReader(manifest))); ; {
		document, err := reader.Read()
		if errors.Is(err, io.EOF) {
			return jobs, nil
		}
		if err != nil {
			return nil, err
		}
		if len(bytes.TrimSpace(document)) == 0 {
			continue
		}
		job := batchv1.Job{}
		if err := yaml.UnmarshalStrict(document, &job); err != nil {
			return nil, err
		}
		if job.GroupVersionKind() != batchv1.SchemeGroupVersion.WithKind("Job") {
			return nil, fmt.Errorf("it holds a %s of %s", job.Kind, job.APIVersion)
		}
		jobs = append(jobs, job)
	}
}

// isNameOf reports whether the chart may name the Job of an architecture so. The release is that of the benchmark's name.
func isNameOf(name, release, architecture string) bool {
	stem := strings.ReplaceAll(release, ".", "-")
	stem = stem[:min(len(stem), 36)]
	return regexp.MustCompile("^" + regexp.QuoteMeta(stem+"-"+architecture) + "-[0-9a-f]{8}$").MatchString(name)
}

// firstDifference is the path of a field that is not the same in both, "" where they are equal.
func firstDifference(wanted, found *batchv1.Job) (string, error) {
	a, err := runtime.DefaultUnstructuredConverter.ToUnstructured(wanted)
	if err != nil {
		return "", fmt.Errorf("convert the Job: %w", err)
	}
	b, err := runtime.DefaultUnstructuredConverter.ToUnstructured(found)
	if err != nil {
		return "", fmt.Errorf("convert the Job: %w", err)
	}
	return differs(a, b, "Job"), nil
}

func differs(a, b any, path string) string {
	if reflect.DeepEqual(a, b) {
		return ""
	}
	switch a := a.(type) {
	case map[string]any:
		b, isMap := b.(map[string]any)
		if !isMap {
			return path
		}
		keys := maps.Clone(a)
		maps.Copy(keys, b)
		for _, key := range slices.Sorted(maps.Keys(keys)) {
			if found := differs(a[key], b[key], path+"."+key); found != "" {
				return found
			}
		}
	case []any:
		b, isList := b.([]any)
		if !isList || len(a) != len(b) {
			return path
		}
		for i := range a {
			if found := differs(a[i], b[i], fmt.Sprintf("%s[%d]", path, i)); found != "" {
				return found
			}
		}
	}
	return path
}
