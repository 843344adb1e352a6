// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package main

const of = `{OWNER=~"$namespace"}`

var namespaces = variable{name: "namespace", title: "Namespace", metric: "elasticweb_ready", label: owner}

// fleet answers whether all is well, and where to look if not.
func fleet() board {
	return board{
		name: "elasticweb-fleet", title: "ElasticWeb / Fleet", help: "All ElasticWebs: is it enough, and what needs a look.",
		isInConsole: true, variables: []variable{namespaces},
		rows: []row{
			{"Now", []panel{
				count("ElasticWebs", "count(elasticweb_ready"+of+") or vector(0)", false),
				count("Not ready", "count(elasticweb_ready"+of+" == 0) or vector(0)", true),
				count("Stalled", "count(elasticweb_stalled"+of+") or vector(0)", true),
				count("Below their demand", "count(elasticweb_real_qps"+of+" < (elasticweb_total_qps or elasticweb_demand_expected_qps)) or vector(0)", true),
				count("At maxReplicas", "count(elasticweb_at_limit"+of+" == 1) or vector(0)", true),
				count("Invalid", "count(elasticweb_invalid_spec"+of+") or vector(0)", true),
			}},
			{"Capacity", []panel{
				{title: "Demand and capacity", unit: qps, width: 12, queries: []query{
					{"sum(elasticweb_total_qps" + of + " or elasticweb_demand_expected_qps" + of + ")", "demand"},
					{"sum(elasticweb_demand_observed_qps" + of + ")", "traffic"},
					{"sum(elasticweb_real_qps" + of + ")", "capacity"},
				}},
				{title: "Least capacity for its demand", help: "Those whose ready pods serve the smallest part of what they must.", unit: perUnit, width: 12, queries: []query{
					{"bottomk(10, elasticweb_real_qps" + of + " / (elasticweb_total_qps or elasticweb_demand_expected_qps > 0))", "{{OWNER}}/{{name}}"},
				}},
			}},
			{"Pods", []panel{
				{title: "By state", width: 8, isStacked: true, queries: []query{{"sum by (state) (elasticweb_pods_by_state" + of + ")", "{{state}}"}}},
				{title: "By architecture", width: 8, isStacked: true, queries: []query{{"sum by (architecture) (elasticweb_pods" + of + ")", "{{architecture}}"}}},
				{title: "Off their preferred architecture", width: 8, queries: []query{{"sum(elasticweb_spilled_pods" + of + ")", "spilled"}}},
			}},
			{"Ways in", []panel{
				{title: "By state", width: 12, isStacked: true, queries: []query{{"count by (reason) (elasticweb_exposed" + of + ")", "{{reason}}"}}},
				{title: "Weights that are old", help: "Others than the pods call for, or not taken up by the gateway.", width: 12, queries: []query{{"sum(elasticweb_way_in_stale" + of + ") or vector(0)", "stale"}}},
			}},
			{"What needs a look", []panel{
				{title: "Not ready", kind: listing, width: 12, queries: []query{{"elasticweb_ready" + of + " == 0", ""}}},
				{title: "Alerts", kind: listing, width: 12, queries: []query{{`ALERTS{alertname=~"ElasticWeb.+", alertstate="firing"}`, ""}}},
			}},
		},
	}
}

func count(title, expr string, isBad bool) panel {
	return panel{title: title, kind: number, width: 4, isBad: isBad, queries: []query{{expr, ""}}}
}
