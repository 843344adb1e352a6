// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

// Package metrics exposes what ElasticWebs ask for and get, and how looking up images goes. Everything is
// read when it is scraped, so that at rest nothing is counted.
package metrics

import (
	"context"

	"github.com/prometheus/client_golang/prometheus"
	"k8s.io/apimachinery/pkg/api/meta"
	"sigs.k8s.io/controller-runtime/pkg/client"
	ctrlmetrics "sigs.k8s.io/controller-runtime/pkg/metrics"

	elasticwebv1 "github.com/elasticweb/elasticweb-operator/api/v1"
	"github.com/elasticweb/elasticweb-operator/api/v1alpha1"
	"github.com/elasticweb/elasticweb-operator/internal/platforms"
)

var (
	totalQPS = prometheus.NewDesc("elasticweb_total_qps",
		"What the ElasticWeb must serve, in requests per second; absent where it is scaled by replicas or by its traffic.",
		[]string{"namespace", "name"}, nil)
	realQPS = prometheus.NewDesc("elasticweb_real_qps",
		"What the ready pods of the ElasticWeb serve, in requests per second.",
		[]string{"namespace", "name"}, nil)
	pods = prometheus.NewDesc("elasticweb_pods",
		"Pods of the ElasticWeb by architecture.",
		[]string{"namespace", "name", "architecture"}, nil)
	ready = prometheus.NewDesc("elasticweb_ready",
		"1 while the ElasticWeb is Ready, else 0, with the reason.",
		[]string{"namespace", "name", "reason"}, nil)
	unreadable = prometheus.NewDesc("elasticweb_invalid_spec",
		"1 for each ElasticWeb and ElasticWebBenchmark whose spec cannot be decoded, or whose podTemplate is refused.",
		[]string{"kind", "namespace", "name"}, nil)
	lookups = prometheus.NewDesc("elasticweb_image_lookups_total",
		"Look-ups of images by outcome.", []string{"outcome"}, nil)
	lookupRequests = prometheus.NewDesc("elasticweb_image_lookup_requests_total",
		"HTTP requests to registries and token services.", nil, nil)
	lookupsRunning = prometheus.NewDesc("elasticweb_image_lookups_running",
		"Look-ups of images that are being made.", nil, nil)
	lookupsQueued = prometheus.NewDesc("elasticweb_image_lookups_queued",
		"Look-ups of images that wait for their turn.", nil, nil)
)

// RegisterElasticWebs exposes the ElasticWebs that the cache holds.
func RegisterElasticWebs(cached client.Reader) {
	ctrlmetrics.Registry.MustRegister(elasticWebs{cached})
}

// RegisterBenchmarks exposes the ElasticWebBenchmarks that the cache holds.
func RegisterBenchmarks(cached client.Reader) {
	ctrlmetrics.Registry.MustRegister(benchmarks{cached})
}

// RegisterLookups exposes how looking up images goes.
func RegisterLookups(stats func() platforms.Stats) {
	ctrlmetrics.Registry.MustRegister(imageLookups{stats})
}

type elasticWebs struct{ cached client.Reader }

// Describe implements prometheus.Collector.
func (elasticWebs) Describe(descriptions chan<- *prometheus.Desc) {
	for _, description := range []*prometheus.Desc{totalQPS, realQPS, pods, ready, unreadable} {
		descriptions <- description
	}
}

// Collect implements prometheus.Collector.
func (c elasticWebs) Collect(metrics chan<- prometheus.Metric) {
	list := &elasticwebv1.ElasticWebList{}
	if err := c.cached.List(context.Background(), list, client.UnsafeDisableDeepCopy); err != nil {
		metrics <- prometheus.NewInvalidMetric(realQPS, err)
		return
	}
	for i := range list.Items {
		collect(metrics, &list.Items[i])
	}
}

func collect(metrics chan<- prometheus.Metric, web *elasticwebv1.ElasticWeb) {
	gauge := func(description *prometheus.Desc, value float64, labels ...string) {
		metrics <- prometheus.MustNewConstMetric(description, prometheus.GaugeValue, value,
			append([]string{web.Namespace, web.Name}, labels...)...)
	}
	if isInvalid(web) {
		metrics <- prometheus.MustNewConstMetric(unreadable, prometheus.GaugeValue, 1, "ElasticWeb", web.Namespace, web.Name)
	}
	if web.Spec.TotalQPS != nil {
		gauge(totalQPS, float64(*web.Spec.TotalQPS))
	}
	if web.Status.RealQPS != nil {
		gauge(realQPS, float64(*web.Status.RealQPS))
	}
	for _, architecture := range web.Status.Architectures {
		gauge(pods, float64(architecture.Pods), architecture.Name)
	}
	if condition := meta.FindStatusCondition(web.Status.Conditions, elasticwebv1.ConditionReady); condition != nil {
		value := 0.0
		if meta.IsStatusConditionTrue(web.Status.Conditions, elasticwebv1.ConditionReady) {
			value = 1
		}
		gauge(ready, value, condition.Reason)
	}
}

// isInvalid reports whether a spec cannot be made anything of. What its podTemplate says wrongly, the status tells.
func isInvalid(web *elasticwebv1.ElasticWeb) bool {
	ready := meta.FindStatusCondition(web.Status.Conditions, elasticwebv1.ConditionReady)
	return web.UnreadableSpec != "" || ready != nil && ready.Reason == elasticwebv1.ReasonInvalidSpec
}

type benchmarks struct{ cached client.Reader }

// Describe implements prometheus.Collector. It describes nothing: the one metric is described with those of ElasticWebs.
func (benchmarks) Describe(chan<- *prometheus.Desc) {}

// Collect implements prometheus.Collector.
func (c benchmarks) Collect(metrics chan<- prometheus.Metric) {
	list := &v1alpha1.ElasticWebBenchmarkList{}
	if err := c.cached.List(context.Background(), list, client.UnsafeDisableDeepCopy); err != nil {
		metrics <- prometheus.NewInvalidMetric(unreadable, err)
		return
	}
	for i := range list.Items {
		if b := &list.Items[i]; b.UnreadableSpec != "" {
			metrics <- prometheus.MustNewConstMetric(unreadable, prometheus.GaugeValue, 1, "ElasticWebBenchmark", b.Namespace, b.Name)
		}
	}
}

type imageLookups struct{ stats func() platforms.Stats }

// Describe implements prometheus.Collector.
func (imageLookups) Describe(descriptions chan<- *prometheus.Desc) {
	for _, description := range []*prometheus.Desc{lookups, lookupRequests, lookupsRunning, lookupsQueued} {
		descriptions <- description
	}
}

// Collect implements prometheus.Collector.
func (c imageLookups) Collect(metrics chan<- prometheus.Metric) {
	stats := c.stats()
	for outcome, number := range stats.Lookups {
		metrics <- prometheus.MustNewConstMetric(lookups, prometheus.CounterValue, float64(number), outcome)
	}
	metrics <- prometheus.MustNewConstMetric(lookupRequests, prometheus.CounterValue, float64(stats.Requests))
	metrics <- prometheus.MustNewConstMetric(lookupsRunning, prometheus.GaugeValue, float64(stats.Running))
	metrics <- prometheus.MustNewConstMetric(lookupsQueued, prometheus.GaugeValue, float64(stats.Queued))
}
