// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package benchmark

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/utils/ptr"

	"github.com/elasticweb/elasticweb-operator/api/v1alpha1"
	"github.com/elasticweb/elasticweb-operator/internal/resources"
)

// managedBy is the value of the label app.kubernetes.io/managed-by of what the operator has Helm make.
const managedBy = "elasticweb-operator"

// Values are those of the chart for the run that the status holds: the words of the spec, with what was fixed when the
// run began. proxy are environment variables for the measured container. It fails where no run was begun.
func Values(b *v1alpha1.ElasticWebBenchmark, proxy []corev1.EnvVar) (map[string]any, error) {
	spec, err := settled(b)
	if err != nil {
		return nil, err
	}
	values, err := toMap(spec)
	if err != nil {
		return nil, err
	}
	values["run"] = b.Status.Run.ID
	values["managedBy"] = managedBy
	values["generator"] = map[string]any{"image": b.Status.Run.GeneratorImage}
	if proxy = withoutUserInfo(proxy); len(proxy) > 0 {
		list, err := toList(proxy)
		if err != nil {
			return nil, err
		}
		values["proxy"] = list
	}
	return values, nil
}

// settled is the spec with what was fixed when the run began, and with time spans that are read alike by all who read them.
func settled(b *v1alpha1.ElasticWebBenchmark) (*v1alpha1.ElasticWebBenchmarkSpec, error) {
	run := b.Status.Run
	if run == nil || len(run.Architectures) == 0 {
		return nil, errors.New("no run was begun")
	}
	spec := b.Spec.DeepCopy()
	spec.Image, spec.ContainerPort = run.Image, ptr.To(run.Port)
	spec.Architectures = nil
	for _, name := range Measured(run) {
		spec.Architectures = append(spec.Architectures, v1alpha1.Architecture(name))
	}
	for name, span := range map[string]*v1alpha1.Duration{"latencyTarget": &spec.LatencyTarget, "duration": &spec.Duration} {
		if *span == "" {
			continue
		}
		parsed, err := time.ParseDuration(string(*span))
		if err != nil {
			return nil, fmt.Errorf("read spec.%s: %w", name, err)
		}
		*span = v1alpha1.Duration(parsed.String())
	}
	restrict(spec, run)
	return spec, nil
}

// restrict gives the containers of an image with a numeric user the security context that an ElasticWeb gives it.
func restrict(spec *v1alpha1.ElasticWebBenchmarkSpec, run *v1alpha1.BenchmarkRun) {
	if !resources.IsNonRoot(run.User) {
		return
	}
	if spec.PodSecurityContext == nil {
		spec.PodSecurityContext = resources.RestrictedPodSecurityContext()
	}
	if spec.SecurityContext == nil {
		spec.SecurityContext = resources.RestrictedSecurityContext()
	}
}

func toMap(object any) (map[string]any, error) {
	result := map[string]any{}
	return result, convert(object, &result)
}

func toList(object any) ([]any, error) {
	var result []any
	return result, convert(object, &result)
}

func convert(from, to any) error {
	text, err := json.Marshal(from)
	if err == nil {
		err = json.Unmarshal(text, to)
	}
	if err != nil {
		return fmt.Errorf("make the values of the chart: %w", err)
	}
	return nil
}
