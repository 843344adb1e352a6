// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package metrics

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
	ctrlmetrics "sigs.k8s.io/controller-runtime/pkg/metrics"

	"github.com/elasticweb/elasticweb-operator/internal/plan"
)

// Passes count what the reconciler of ElasticWebs does: nobody else knows it.
type Passes struct {
	decisions, rebalanced *prometheus.CounterVec
	written, ready        prometheus.Histogram
}

// NewPasses makes counters that nobody reads yet.
func NewPasses() *Passes {
	passes := &Passes{
		decisions: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "elasticweb_decisions_total",
			Help: "Deployments that were written, by what called for it.",
		}, []string{"cause"}),
		rebalanced: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "elasticweb_rebalance_steps_total",
			Help: "Tries to bring pods back to where they are preferred, by what became of them.",
		}, []string{"result"}),
		written: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name:    "elasticweb_change_written_seconds",
			Help:    "Time from the change of a spec to the last write that it called for.",
			Buckets: []float64{0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300},
		}),
		ready: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name:    "elasticweb_change_ready_seconds",
			Help:    "Time from the change of a spec to Ready.",
			Buckets: []float64{1, 2.5, 5, 10, 20, 30, 60, 120, 300, 600, 1800, 3600},
		}),
	}
	for _, cause := range plan.Causes {
		passes.decisions.WithLabelValues(string(cause)) // a rate needs to see it at 0.
	}
	for _, step := range plan.RebalanceSteps {
		passes.rebalanced.WithLabelValues(string(step))
	}
	return passes
}

// Register exposes them.
func (p *Passes) Register(isActive <-chan struct{}) {
	ctrlmetrics.Registry.MustRegister(ofActive{p, isActive})
}

// Decided counts a Deployment that was written.
func (p *Passes) Decided(cause plan.Cause) { p.decisions.WithLabelValues(string(cause)).Inc() }

// Rebalanced counts a try to bring pods back that ended; nil counts nothing.
func (p *Passes) Rebalanced(step plan.RebalanceStep) {
	if p != nil {
		p.rebalanced.WithLabelValues(string(step)).Inc()
	}
}

// Written takes note of how long the writes took that the change of a spec called for.
func (p *Passes) Written(after time.Duration) { p.written.Observe(after.Seconds()) }

// Ready takes note of how long it took until a changed ElasticWeb was Ready.
func (p *Passes) Ready(after time.Duration) { p.ready.Observe(after.Seconds()) }

// Describe implements prometheus.Collector.
func (p *Passes) Describe(descriptions chan<- *prometheus.Desc) {
	p.decisions.Describe(descriptions)
	p.rebalanced.Describe(descriptions)
	p.written.Describe(descriptions)
	p.ready.Describe(descriptions)
}

// Collect implements prometheus.Collector.
func (p *Passes) Collect(metrics chan<- prometheus.Metric) {
	p.decisions.Collect(metrics)
	p.rebalanced.Collect(metrics)
	p.written.Collect(metrics)
	p.ready.Collect(metrics)
}
