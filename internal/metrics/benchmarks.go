// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package metrics

import (
	"github.com/prometheus/client_golang/prometheus"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
	ctrlmetrics "sigs.k8s.io/controller-runtime/pkg/metrics"

	elasticwebv1 "github.com/elasticweb/elasticweb-operator/api/v1"
	"github.com/elasticweb/elasticweb-operator/api/v1alpha1"
)

var (
	benchmarkComplete = prometheus.NewDesc("elasticweb_benchmark_complete",
		"1 while the ElasticWebBenchmark is Complete, else 0, with the reason.",
		[]string{"namespace", "name", "reason"}, nil)
	benchmarkQPS = prometheus.NewDesc("elasticweb_benchmark_qps",
		"What the ElasticWebBenchmark found that a pod serves on an architecture, in requests per second; 0 where it found nothing.",
		[]string{"namespace", "name", "architecture"}, nil)
	benchmarkFinished = prometheus.NewDesc("elasticweb_benchmark_finished_timestamp_seconds",
		"When the ElasticWebBenchmark ended on an architecture, in seconds since 1970.",
		[]string{"namespace", "name", "architecture"}, nil)
	benchmarkOutdated = prometheus.NewDesc("elasticweb_benchmark_outdated",
		"1 while an ElasticWeb runs another image than its benchmark measured, else 0; absent where either is not known.",
		[]string{"namespace", "name", "benchmark"}, nil)
)

// RegisterBenchmarks exposes the ElasticWebBenchmarks that the cache holds, and the ElasticWebs that follow them.
func RegisterBenchmarks(cached client.Reader, isActive <-chan struct{}) {
	ctrlmetrics.Registry.MustRegister(ofActive{benchmarks{cached}, isActive})
}

type benchmarks struct{ cached client.Reader }

// Describe implements prometheus.Collector. What both kinds have is described with ElasticWebs.
func (benchmarks) Describe(descriptions chan<- *prometheus.Desc) {
	for _, description := range []*prometheus.Desc{benchmarkComplete, benchmarkQPS, benchmarkFinished, benchmarkOutdated} {
		descriptions <- description
	}
}

// Collect implements prometheus.Collector.
func (c benchmarks) Collect(metrics chan<- prometheus.Metric) {
	list, webs := &v1alpha1.ElasticWebBenchmarkList{}, &elasticwebv1.ElasticWebList{}
	if !listed(c.cached, list) || !listed(c.cached, webs) {
		return
	}
	measured := map[types.NamespacedName]string{}
	for i := range list.Items {
		b := &list.Items[i]
		object{metrics, b.Namespace, b.Name}.collectBenchmark(b)
		measured[client.ObjectKeyFromObject(b)] = measuredDigest(b)
	}
	for i := range webs.Items {
		web := &webs.Items[i]
		if web.Spec.BenchmarkRef == nil || web.Status.Image == nil {
			continue
		}
		name := web.Spec.BenchmarkRef.Name
		if digest := measured[types.NamespacedName{Namespace: web.Namespace, Name: name}]; digest != "" && web.Status.Image.Digest != "" {
			object{metrics, web.Namespace, web.Name}.gauge(benchmarkOutdated, oneIf(digest != web.Status.Image.Digest), name)
		}
	}
}

func (o object) collectBenchmark(b *v1alpha1.ElasticWebBenchmark) {
	if b.UnreadableSpec != "" {
		o.metrics <- prometheus.MustNewConstMetric(unreadable, prometheus.GaugeValue, 1, "ElasticWebBenchmark", o.namespace, o.name)
	}
	if condition := meta.FindStatusCondition(b.Status.Conditions, v1alpha1.ConditionComplete); condition != nil {
		o.gauge(benchmarkComplete, oneIf(condition.Status == metav1.ConditionTrue), condition.Reason)
	}
	for _, result := range b.Status.Results {
		o.gauge(benchmarkQPS, float64(result.QPS), string(result.Architecture))
		if result.FinishedAt != nil {
			o.gauge(benchmarkFinished, float64(result.FinishedAt.Unix()), string(result.Architecture))
		}
	}
}

// measuredDigest is the image that was measured; "" where nothing was, or where nobody knew which image the tag stood for.
func measuredDigest(b *v1alpha1.ElasticWebBenchmark) string {
	for _, result := range b.Status.Results {
		if result.ImageDigest != "" {
			return result.ImageDigest
		}
	}
	return ""
}
