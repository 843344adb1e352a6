// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package main

const controllers = `{controller=~"elasticweb(benchmark(-release)?)?"}`

// operator answers how the operator itself does.
func operator() board {
	return board{
		name: "elasticweb-operator", title: "ElasticWeb / Operator", help: "The operator: how fast changes are carried out, what it decides, registries, its own work.",
		rows: []row{
			{"Now", []panel{
				{title: "Active managers", kind: number, width: 6, queries: []query{{"sum(elasticweb_operator_active)", ""}}},
				{title: "Managers", kind: number, width: 6, queries: []query{{"count(elasticweb_operator_active)", ""}}},
				{title: "Waiting for a node port", kind: number, width: 6, isBad: true, queries: []query{{"sum(elasticweb_node_ports_awaited)", ""}}},
				{title: "Look-ups that wait", kind: number, width: 6, queries: []query{{"sum(elasticweb_image_lookups_queued)", ""}}},
			}},
			{"Changes", []panel{
				{title: "From a change to the last write", unit: seconds, width: 8, queries: quantiles("elasticweb_change_written_seconds_bucket", "")},
				{title: "From a change to Ready", unit: seconds, width: 8, queries: quantiles("elasticweb_change_ready_seconds_bucket", "")},
				{title: "Decisions by cause", unit: "ops", width: 8, isStacked: true, queries: []query{{"sum by (cause) (rate(elasticweb_decisions_total[5m]))", "{{cause}}"}}},
			}},
			{"Reconciles", []panel{
				{title: "Rate", unit: "ops", width: 8, queries: []query{{"sum by (controller, result) (rate(controller_runtime_reconcile_total" + controllers + "[5m]))", "{{controller}} {{result}}"}}},
				{title: "Errors", unit: "ops", width: 8, queries: []query{{"sum by (controller) (rate(controller_runtime_reconcile_errors_total" + controllers + "[5m]))", "{{controller}}"}}},
				{title: "Duration", unit: seconds, width: 8, queries: quantiles("controller_runtime_reconcile_time_seconds_bucket", controllers)},
				{title: "Queued", width: 12, queries: []query{{"sum by (controller) (workqueue_depth" + controllers + ")", "{{controller}}"}}},
				{title: "Requests to the API server", unit: "reqps", width: 12, queries: []query{
					{"sum by (method, code) (rate(rest_client_requests_total[5m]) and on (instance) elasticweb_operator_active)", "{{method}} {{code}}"},
				}},
			}},
			{"Registries", []panel{
				{title: "Look-ups", unit: "ops", width: 12, queries: []query{{"sum by (registry, outcome) (rate(elasticweb_image_lookups_total[5m]))", "{{registry}} {{outcome}}"}}},
				{title: "Requests", unit: "reqps", width: 6, queries: []query{{"sum(rate(elasticweb_image_lookup_requests_total[5m]))", "requests"}}},
				{title: "Under way", width: 6, queries: []query{{"sum(elasticweb_image_lookups_running)", "running"}, {"sum(elasticweb_image_lookups_queued)", "queued"}}},
			}},
			{"Resources", []panel{
				{title: "Memory", unit: memory, width: 8, queries: []query{{"process_resident_memory_bytes and on (instance) elasticweb_operator_active", "{{instance}}"}}},
				{title: "Processors", width: 8, queries: []query{{"rate(process_cpu_seconds_total[5m]) and on (instance) elasticweb_operator_active", "{{instance}}"}}},
				{title: "Goroutines", width: 8, queries: []query{{"go_goroutines and on (instance) elasticweb_operator_active", "{{instance}}"}}},
			}},
		},
	}
}

func quantiles(histogram, selector string) (queries []query) {
	for _, part := range []string{"0.5", "0.95"} {
		queries = append(queries, query{"histogram_quantile(" + part + ", sum by (le) (rate(" + histogram + selector + "[5m])))", part})
	}
	return queries
}
