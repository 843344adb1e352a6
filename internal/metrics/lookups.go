// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package metrics

import (
	"github.com/prometheus/client_golang/prometheus"
	ctrlmetrics "sigs.k8s.io/controller-runtime/pkg/metrics"

	"github.com/elasticweb/elasticweb-operator/internal/platforms"
)

var (
	lookups = prometheus.NewDesc("elasticweb_image_lookups_total",
		"Look-ups of images by registry and outcome.", []string{"registry", "outcome"}, nil)
	lookupRequests = prometheus.NewDesc("elasticweb_image_lookup_requests_total",
		"HTTP requests to registries and token services.", nil, nil)
	lookupsRunning = prometheus.NewDesc("elasticweb_image_lookups_running",
		"Look-ups of images that are being made.", nil, nil)
	lookupsQueued = prometheus.NewDesc("elasticweb_image_lookups_queued",
		"Look-ups of images that wait for their turn.", nil, nil)
)

// RegisterLookups exposes how looking up images goes.
func RegisterLookups(stats func() platforms.Stats) {
	ctrlmetrics.Registry.MustRegister(imageLookups{stats})
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
	for kind, number := range stats.Lookups {
		metrics <- prometheus.MustNewConstMetric(lookups, prometheus.CounterValue, float64(number), kind.Registry, kind.Outcome)
	}
	metrics <- prometheus.MustNewConstMetric(lookupRequests, prometheus.CounterValue, float64(stats.Requests))
	metrics <- prometheus.MustNewConstMetric(lookupsRunning, prometheus.GaugeValue, float64(stats.Running))
	metrics <- prometheus.MustNewConstMetric(lookupsQueued, prometheus.GaugeValue, float64(stats.Queued))
}
