// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package benchmark

import (
	"cmp"
	"fmt"
	"maps"
	"strconv"
	"strings"
	"time"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"

	elasticwebv1 "github.com/elasticweb/elasticweb-operator/api/v1"
	"github.com/elasticweb/elasticweb-operator/api/v1alpha1"
)

// What the chart takes for what its values leave out.
const (
	defaultPath            = "/"
	defaultLatencyTarget   = "500ms"
	defaultErrorRateTarget = "1%"
	defaultDuration        = "5m"
	defaultMaxQPS          = 100_000
	startTimeout           = 10 * time.Minute
)

// What a Job has beside the time for the start and the measurement: see the chart's _time.tpl.
const (
	answerWait   = 60 * time.Second
	lastAnswers  = 30 * time.Second
	leastRequest = 10 * time.Second
	toEnd        = 30 * time.Second
)

// Jobs are those that the chart has to make of the run that the status holds, one for each architecture. They have no names: these
// hold a hash that only the chart knows.
func Jobs(b *v1alpha1.ElasticWebBenchmark, proxy []corev1.EnvVar) ([]batchv1.Job, error) {
	spec, err := settled(b)
	if err != nil {
		return nil, err
	}
	spec.Path = cmp.Or(spec.Path, defaultPath)
	spec.LatencyTarget, spec.Duration = cmp.Or(spec.LatencyTarget, defaultLatencyTarget), cmp.Or(spec.Duration, defaultDuration)
	spec.ErrorRateTarget = cmp.Or(spec.ErrorRateTarget, defaultErrorRateTarget)
	spec.MaxQPS = cmp.Or(spec.MaxQPS, ptr.To[int32](defaultMaxQPS))
	spec.Env = withProxy(spec.Env, withoutUserInfo(proxy))
	deadline, err := deadlineSeconds(spec)
	if err != nil {
		return nil, err
	}
	share, err := share(spec.ErrorRateTarget)
	if err != nil {
		return nil, err
	}
	jobs := make([]batchv1.Job, len(spec.Architectures))
	for i, architecture := range spec.Architectures {
		labels := jobLabels(b, string(architecture))
		podLabels := maps.Clone(labels)
		podLabels[elasticwebv1.LabelManagedBy] = managedBy
		jobs[i] = batchv1.Job{
			TypeMeta:   metav1.TypeMeta{APIVersion: batchv1.SchemeGroupVersion.String(), Kind: "Job"},
			ObjectMeta: metav1.ObjectMeta{Namespace: b.Namespace, Labels: labels},
			Spec: batchv1.JobSpec{
				Completions: ptr.To[int32](1), Parallelism: ptr.To[int32](1), BackoffLimit: ptr.To[int32](0),
				PodReplacementPolicy: ptr.To(batchv1.Failed), ActiveDeadlineSeconds: &deadline,
				Template: corev1.PodTemplateSpec{
					ObjectMeta: metav1.ObjectMeta{Labels: podLabels},
					Spec:       podSpec(spec, b.Status.Run, string(architecture), share),
				},
			},
		}
	}
	return jobs, nil
}

func jobLabels(b *v1alpha1.ElasticWebBenchmark, architecture string) map[string]string {
	return map[string]string{
		elasticwebv1.LabelName: v1alpha1.NameValue, elasticwebv1.LabelInstance: b.Name, elasticwebv1.LabelComponent: "benchmark",
		elasticwebv1.LabelManagedBy: "Helm", v1alpha1.LabelRun: b.Status.Run.ID, v1alpha1.LabelArchitecture: architecture,
	}
}

// withProxy are the variables with those of the proxies before them that they do not set themselves.
func withProxy(env, proxy []corev1.EnvVar) []corev1.EnvVar {
	isSet := map[string]bool{}
	for _, variable := range env {
		isSet[variable.Name] = true
	}
	var all []corev1.EnvVar
	for _, variable := range proxy {
		if !isSet[variable.Name] {
			all = append(all, variable)
		}
	}
	return append(all, env...)
}

func deadlineSeconds(spec *v1alpha1.ElasticWebBenchmarkSpec) (int64, error) {
	latency, err := time.ParseDuration(string(spec.LatencyTarget))
	if err != nil {
		return 0, fmt.Errorf("read spec.latencyTarget: %w", err)
	}
	duration, err := time.ParseDuration(string(spec.Duration))
	if err != nil {
		return 0, fmt.Errorf("read spec.duration: %w", err)
	}
	seconds := func(span time.Duration) int64 { return int64((span + time.Second - 1) / time.Second) }
	request := max(2*seconds(latency), seconds(leastRequest))
	return seconds(startTimeout+answerWait+lastAnswers+toEnd) + seconds(duration) + request, nil
}

// share is 0.005 of 0.5%.
func share(percentage string) (string, error) {
	number, err := strconv.ParseFloat(strings.TrimSuffix(percentage, "%"), 64)
	if err != nil {
		return "", fmt.Errorf("read spec.errorRateTarget: %w", err)
	}
	return "0" + strings.TrimSuffix(strings.Trim(strconv.FormatFloat(number/100, 'f', 5, 64), "0"), "."), nil
}
