// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package main

const one = `{OWNER=~"$namespace", name=~"$name"}`

// elasticWeb answers for one ElasticWeb whether it is enough, where it runs, and what keeps it.
func elasticWeb() board {
	return board{
		name: "elasticweb", title: "ElasticWeb / One ElasticWeb", help: "One ElasticWeb: demand and capacity, pods, what they serve.",
		isInConsole: true,
		variables: []variable{
			{name: "namespace", title: "Namespace", metric: "elasticweb_ready", label: owner, isSingle: true},
			{name: "name", title: "ElasticWeb", metric: `elasticweb_ready{OWNER="$namespace"}`, label: "name", isSingle: true},
		},
		rows: []row{
			{"Now", []panel{
				{title: "Ready", kind: number, width: 4, queries: []query{{"max(elasticweb_ready" + one + ")", ""}}},
				{title: "Pods", kind: number, width: 4, queries: []query{{`sum(elasticweb_pods_by_state{OWNER=~"$namespace", name=~"$name", state!="terminating"})`, ""}}},
				{title: "Capacity", kind: number, unit: qps, width: 4, queries: []query{{"sum(elasticweb_real_qps" + one + ")", ""}}},
				{title: "Capacity for its demand", kind: number, unit: perUnit, width: 4, queries: []query{
					{"sum(elasticweb_real_qps" + one + ") / sum(elasticweb_total_qps" + one + " or elasticweb_demand_expected_qps" + one + ")", ""},
				}},
				{title: "At maxReplicas", kind: number, width: 4, isBad: true, queries: []query{{"max(elasticweb_at_limit" + one + ")", ""}}},
				{title: "Spilled", help: "Pods off the architecture that is preferred most.", kind: number, width: 4, queries: []query{{"sum(elasticweb_spilled_pods" + one + ") or vector(0)", ""}}},
			}},
			{"Demand and capacity", []panel{
				{title: "Requests per second", unit: qps, width: 24, queries: []query{
					{"elasticweb_total_qps" + one, "totalQPS"},
					{"elasticweb_demand_observed_qps" + one, "traffic"},
					{"elasticweb_demand_expected_qps" + one, "expected"},
					{"elasticweb_demand_planned_qps" + one, "planned"},
					{"elasticweb_real_qps" + one, "capacity (realQPS)"},
				}},
			}},
			{"Pods", []panel{
				{title: "By state", width: 12, isStacked: true, queries: []query{{"sum by (state) (elasticweb_pods_by_state" + one + ")", "{{state}}"}}},
				{title: "By architecture", width: 12, isStacked: true, queries: []query{{"elasticweb_pods" + one, "{{architecture}}"}}},
			}},
			{"Requests", []panel{
				{title: "Weights of the way in", width: 12, help: "Of the Services by architecture, while spec.expose leads there by weights.", queries: []query{
					{"elasticweb_way_in_weight" + one, "{{architecture}}"},
				}},
				{title: "Ready and without requests", width: 12, help: "Pods with which the Service would serve hardly more, or less.", queries: []query{{"elasticweb_unjoined_pods" + one, "{{architecture}}"}}},
			}},
			{"Why", []panel{
				{title: "Reason of Ready", width: 6, help: "1 while it is Ready.", queries: []query{{"elasticweb_ready" + one, "{{reason}}"}}},
				{title: "Way in", width: 6, help: "1 while it is served.", queries: []query{{"elasticweb_exposed" + one, "{{reason}}"}}},
				{title: "Source of the traffic", width: 6, help: "1 while there is a number.", queries: []query{{"elasticweb_demand_up" + one, "{{reason}}"}}},
				{title: "Lead time", width: 6, unit: seconds, help: "How long pods take to start, which is how far ahead the demand is planned.", queries: []query{
					{"elasticweb_demand_lead_time_seconds" + one, "lead time"},
				}},
			}},
			{"Benchmarks of the namespace", []panel{
				{title: "Measured", unit: qps, width: 12, queries: []query{{`elasticweb_benchmark_qps{OWNER=~"$namespace"}`, "{{name}} on {{architecture}}"}}},
				{title: "Age", unit: seconds, width: 12, queries: []query{
					{`time() - elasticweb_benchmark_finished_timestamp_seconds{OWNER=~"$namespace"}`, "{{name}} on {{architecture}}"},
				}},
			}},
		},
	}
}
