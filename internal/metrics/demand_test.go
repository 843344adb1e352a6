// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package metrics

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
)

func TestDemands(t *testing.T) {
	registry := prometheus.NewPedanticRegistry()
	registry.MustRegister(demands{func() []Demand {
		return []Demand{
			{Namespace: "dev", Name: "shop", Reason: "Observed", IsObserved: true, ObservedQPS: 5210, ExpectedQPS: 6100, PlannedQPS: 7320, LeadTime: 25 * time.Second},
			{Namespace: "dev", Name: "till", Reason: "SourceUnreachable", ObservedQPS: 1, ExpectedQPS: 2, PlannedQPS: 3, LeadTime: time.Minute},
		}
	}})
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, family := range families {
		for _, metric := range family.Metric {
			line := family.GetName()
			for _, label := range metric.Label {
				line += " " + label.GetValue()
			}
			got = append(got, fmt.Sprint(line, " ", metric.Gauge.GetValue()))
		}
	}
	slices.Sort(got)
	want := []string{
		"elasticweb_demand_expected_qps shop dev 6100",
		"elasticweb_demand_lead_time_seconds shop dev 25",
		"elasticweb_demand_lead_time_seconds till dev 60",
		"elasticweb_demand_observed_qps shop dev 5210",
		"elasticweb_demand_planned_qps shop dev 7320",
		"elasticweb_demand_planned_qps till dev 3",
		"elasticweb_demand_up shop dev Observed 1",
		"elasticweb_demand_up till dev SourceUnreachable 0",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
