// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package metrics

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
	ctrlmetrics "sigs.k8s.io/controller-runtime/pkg/metrics"
)

var (
	observedQPS = prometheus.NewDesc("elasticweb_demand_observed_qps",
		"What came in for the ElasticWeb at the last sample, in requests per second; absent where there is no number.",
		[]string{"namespace", "name"}, nil)
	expectedQPS = prometheus.NewDesc("elasticweb_demand_expected_qps",
		"The greatest that is expected until pods that are asked for now are ready, in requests per second; absent where there is no number.",
		[]string{"namespace", "name"}, nil)
	plannedQPS = prometheus.NewDesc("elasticweb_demand_planned_qps",
		"What the pods of the ElasticWeb have to serve by its traffic, in requests per second, headroom included.",
		[]string{"namespace", "name"}, nil)
	leadTime = prometheus.NewDesc("elasticweb_demand_lead_time_seconds",
		"How long a pod of the ElasticWeb takes to be ready, as nine in ten of the last 20 did.",
		[]string{"namespace", "name"}, nil)
	demandUp = prometheus.NewDesc("elasticweb_demand_up",
		"1 while the traffic of the ElasticWeb is read, else 0, with the reason.",
		[]string{"namespace", "name", "reason"}, nil)
)

// Demand is what is known of the traffic of one ElasticWeb.
type Demand struct {
	Namespace, Name string
	// Reason of DemandObserved, at the last sample.
	Reason string
	// IsObserved is true where that has a number.
	IsObserved bool
	// In requests per second; PlannedQPS includes the headroom.
	ObservedQPS, ExpectedQPS, PlannedQPS int64
	LeadTime                             time.Duration
}

// RegisterDemands exposes the traffic that is read.
func RegisterDemands(read func() []Demand) { ctrlmetrics.Registry.MustRegister(demands{read}) }

type demands struct{ read func() []Demand }

// Describe implements prometheus.Collector.
func (demands) Describe(descriptions chan<- *prometheus.Desc) {
	for _, description := range []*prometheus.Desc{observedQPS, expectedQPS, plannedQPS, leadTime, demandUp} {
		descriptions <- description
	}
}

// Collect implements prometheus.Collector.
func (c demands) Collect(metrics chan<- prometheus.Metric) {
	for _, demand := range c.read() {
		o := object{metrics, demand.Namespace, demand.Name}
		o.gauge(plannedQPS, float64(demand.PlannedQPS))
		o.gauge(leadTime, demand.LeadTime.Seconds())
		if !demand.IsObserved {
			o.gauge(demandUp, 0, demand.Reason)
			continue
		}
		o.gauge(demandUp, 1, demand.Reason)
		o.gauge(observedQPS, float64(demand.ObservedQPS))
		o.gauge(expectedQPS, float64(demand.ExpectedQPS))
	}
}
