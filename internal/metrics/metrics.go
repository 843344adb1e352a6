// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

// Package metrics exposes what ElasticWebs ask for and get, what their benchmarks found, and how the operator's own work goes. What the
// cluster knows is read when it is scraped, so that at rest nothing is counted. A manager that waits for the lease tells nothing of that:
// each ElasticWeb would be counted once for each manager.
package metrics

import (
	"context"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"sigs.k8s.io/controller-runtime/pkg/client"
	ctrlmetrics "sigs.k8s.io/controller-runtime/pkg/metrics"
)

var active = prometheus.NewDesc("elasticweb_operator_active",
	"1 for the manager that reconciles, 0 for one that waits for the lease.", nil, nil)

// elected is closed once a manager is the active one.
type elected <-chan struct{}

// RegisterActive exposes whether this manager is the active one.
func RegisterActive(isActive <-chan struct{}) {
	ctrlmetrics.Registry.MustRegister(elected(isActive))
}

// Describe implements prometheus.Collector.
func (elected) Describe(descriptions chan<- *prometheus.Desc) { descriptions <- active }

// Collect implements prometheus.Collector.
func (e elected) Collect(metrics chan<- prometheus.Metric) {
	metrics <- prometheus.MustNewConstMetric(active, prometheus.GaugeValue, oneIf(e.isDone()))
}

func (e elected) isDone() bool {
	select {
	case <-e:
		return true
	default:
		return false
	}
}

// ofActive are metrics that only the active manager has.
type ofActive struct {
	prometheus.Collector
	isActive elected
}

// Collect implements prometheus.Collector.
func (o ofActive) Collect(metrics chan<- prometheus.Metric) {
	if o.isActive.isDone() {
		o.Collector.Collect(metrics)
	}
}

// longestWait is for a cache that is not filled yet: a scrape may not wait until it is.
const longestWait = time.Second

// listed reads a list from the cache. It is false while that is not there yet: an error would take all other metrics from the scrape.
func listed(cached client.Reader, list client.ObjectList) bool {
	ctx, cancel := context.WithTimeout(context.Background(), longestWait)
	defer cancel()
	return cached.List(ctx, list, client.UnsafeDisableDeepCopy) == nil
}

// object makes the metrics of one object.
type object struct {
	metrics         chan<- prometheus.Metric
	namespace, name string
}

func (o object) gauge(description *prometheus.Desc, value float64, labels ...string) {
	o.metrics <- prometheus.MustNewConstMetric(description, prometheus.GaugeValue, value, append([]string{o.namespace, o.name}, labels...)...)
}

func oneIf(is bool) float64 {
	if is {
		return 1
	}
	return 0
}
