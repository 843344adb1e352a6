// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"time"

	"github.com/elasticweb/elasticweb-operator/internal/capacity"
	"github.com/elasticweb/elasticweb-operator/internal/demand"
)

// tries is how often the number may follow, within a period, from where its pods landed.
const tries = 4

// historyStep is how far the numbers of earlier days are apart that the operator asks for.
const historyStep = time.Minute

// epoch is when the traces begin.
var epoch = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

// operator is the decisions of the product.
type operator struct {
	settings demand.Settings
	memory   demand.Memory
	lead     time.Duration
	spread   capacity.Spread
	// planned and expected are what was decided last.
	planned, expected int64
	// observed is every sample until now: the history of the source.
	observed []float64
	// future is the greatest of a time, for one who knows it.
	future func(from, to time.Duration) float64
}

func newOperator(headroom int32, forecast demand.Forecast, s setting) *operator {
	var starts demand.Starts
	starts.Add(s.start)
	return &operator{
		spread:   s.spread,
		settings: demand.Settings{HeadroomPercent: headroom, Stabilization: stabilization, Period: period, Forecast: forecast},
		lead:     starts.LeadTime(),
	}
}

func (o *operator) spreads() capacity.Spread { return o.spread }

func (o *operator) decide(qps float64, c *cluster) {
	now := epoch.Add(c.now)
	o.observed = append(o.observed, qps)
	if o.planned == 0 {
		o.planned = o.spread.Served(c.groups())
	}
	decision := o.memory.Decide(demand.Input{
		Settings: o.settings,
		Samples:  []demand.Sample{{At: now, QPS: qps}},
		LeadTime: o.lead,
		Earlier:  o.earlier(c.now),
		Planned:  o.planned,
	}, now)
	o.planned, o.expected = decision.Planned, decision.Expected
	for range tries {
		slowest, _ := capacity.Slowest(c.groups()) // as the product has it: more land where the last ones did.
		c.scale(int(o.spread.Size(o.planned, 1, slowest.PodQPS, c.groups())))
	}
}

// earlier is what the same time of the earlier days was followed by.
func (o *operator) earlier(since time.Duration) (days []demand.Day) {
	if o.settings.Forecast.GrowthRank == 0 {
		return nil
	}
	if o.future != nil {
		then := o.greatest(max(since-stabilization, period), since)
		return []demand.Day{{Then: then, Ahead: max(then, o.future(since, since+o.settings.Ahead(o.lead)))}}
	}
	for then := since - day; then >= stabilization+historyStep; then -= day {
		found := demand.Day{Then: o.greatest(then-stabilization, then), Ahead: o.greatest(then, then+o.settings.Ahead(o.lead))}
		found.Ahead = max(found.Ahead, found.Then)
		days = append(days, found)
	}
	return days
}

// greatest is the greatest of a time, as a history has it that is asked for in steps.
func (o *operator) greatest(from, to time.Duration) (greatest float64) {
	for at := max(from.Truncate(historyStep), historyStep); at <= to; at += historyStep {
		greatest = max(greatest, o.observed[at/period-1])
	}
	return greatest
}
