// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package docs_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"sigs.k8s.io/yaml"

	"github.com/elasticweb/elasticweb-operator/test/prometheus"
)

// series are what each way in has of the application, and of others. A counter goes up by 10 a second.
var series = map[string]struct{ own, others []string }{
	"OpenShift's router": {
		own: []string{
			`haproxy_backend_http_responses_total{backend="http",code="2xx",exported_namespace="dev",route="shop",namespace="openshift-ingress",pod="router-a"}`,
			`haproxy_backend_http_responses_total{backend="http",code="5xx",exported_namespace="dev",route="shop",namespace="openshift-ingress",pod="router-b"}`,
		},
		others: []string{`haproxy_backend_http_responses_total{backend="http",code="2xx",exported_namespace="prod",route="shop",namespace="openshift-ingress",pod="router-a"}`},
	},
	"ingress-nginx": {
		own: []string{
			`nginx_ingress_controller_requests{exported_namespace="dev",ingress="shop",exported_service="shop",status="200",namespace="ingress-nginx"}`,
			`nginx_ingress_controller_requests{exported_namespace="dev",ingress="shop",exported_service="shop",status="503",namespace="ingress-nginx"}`,
		},
		others: []string{`nginx_ingress_controller_requests{exported_namespace="dev",ingress="cart",exported_service="cart",status="200",namespace="ingress-nginx"}`},
	},
	"Traefik": {
		own: []string{
			`traefik_service_requests_total{service="dev-shop-8080@kubernetes",code="200",method="GET",protocol="http"}`,
			`traefik_service_requests_total{service="dev-shop-8d9001d3-arm64-http@kubernetesgateway",code="200",method="GET",protocol="http"}`,
		},
		others: []string{`traefik_service_requests_total{service="dev-shop-cart-8080@kubernetes",code="200",method="GET",protocol="http"}`},
	},
	"Istio": {
		own: []string{
			`istio_requests_total{reporter="source",destination_service_namespace="dev",destination_service_name="shop",response_code="200"}`,
			`istio_requests_total{reporter="source",destination_service_namespace="dev",destination_service_name="shop-8d9001d3-amd64",response_code="503"}`,
		},
		others: []string{
			`istio_requests_total{reporter="destination",destination_service_namespace="dev",destination_service_name="shop",response_code="200"}`,
			`istio_requests_total{reporter="source",destination_service_namespace="dev",destination_service_name="shop-cart",response_code="200"}`,
		},
	},
	"Linkerd": {
		own: []string{
			`request_total{direction="inbound",namespace="dev",deployment="shop",pod="shop-a"}`,
			`request_total{direction="inbound",namespace="dev",deployment="shop",pod="shop-b"}`,
		},
		others: []string{`request_total{direction="outbound",namespace="dev",deployment="shop",pod="shop-a"}`},
	},
	"Envoy Gateway": {
		own: []string{
			`envoy_cluster_upstream_rq_total{envoy_cluster_name="httproute/dev/shop/rule/0",pod="envoy-a"}`,
			`envoy_cluster_upstream_rq_total{envoy_cluster_name="httproute/dev/shop/rule/1",pod="envoy-a"}`,
		},
		others: []string{`envoy_cluster_upstream_rq_total{envoy_cluster_name="httproute/dev/shop-cart/rule/0",pod="envoy-a"}`},
	},
	"The application's own metrics": {
		own: []string{
			`http_requests_total{namespace="dev",service="shop",job="shop",pod="shop-a",path="/",code="200"}`,
			`http_requests_total{namespace="dev",service="shop-8d9001d3-amd64",job="shop-8d9001d3-amd64",pod="shop-b",path="/cart",code="200"}`,
		},
		others: []string{
			`http_requests_total{namespace="dev",service="shop",job="shop",pod="shop-a",path="/healthz",code="200"}`,
			// The same pod, scraped by another Service that it is in.
			`http_requests_total{namespace="dev",service="shop-8d9001d3-amd64",job="shop-8d9001d3-amd64",pod="shop-a",path="/",code="200"}`,
		},
	},
}

// TestQueries: each comes to what came in for the application, by Prometheus' own engine.
func TestQueries(t *testing.T) {
	if testing.Short() {
		t.Skip("needs bin/promtool")
	}
	page := read(t, "docs/traffic.md")
	block := regexp.MustCompile("(?s)```promql\n(.*?)\n```")
	var tests []any
	found := map[string]bool{}
	for section := range strings.SplitSeq(page, "\n### ") {
		heading, _, _ := strings.Cut(section, "\n")
		for _, match := range block.FindAllStringSubmatch(section, -1) {
			found[heading] = true
			tests = append(tests, evaluation(t, heading, match[1]))
		}
	}
	for heading := range series {
		if !found[heading] {
			t.Errorf("there is no query for %q", heading)
		}
	}
	text, err := yaml.Marshal(map[string]any{"evaluation_interval": "15s", "tests": tests})
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "queries.yml")
	if err := os.WriteFile(file, text, 0o600); err != nil {
		t.Fatal(err)
	}
	if said, err := exec.Command(prometheus.Promtool(), "test", "rules", file).CombinedOutput(); err != nil {
		t.Errorf("with the tool of make bin/promtool: %v\n%s", err, said)
	}
}

// evaluation is one of promtool's.
func evaluation(t *testing.T, heading, query string) map[string]any {
	t.Helper()
	of, isKnown := series[heading]
	if !isKnown {
		t.Errorf("%q: add what its metrics look like", heading)
	}
	const values = "0+150x40" // each 15 s.
	var input []any
	for _, one := range slices.Concat(of.own, of.others) {
		input = append(input, map[string]any{"series": one, "values": values})
	}
	if strings.Contains(query, "histogram_count") {
		for _, path := range []string{"/", "/cart"} {
			input = append(input, map[string]any{
				"series": `http_request_duration_seconds{namespace="dev",service="shop",path="` + path + `"}`,
				"values": "{{schema:0 sum:1 count:150 buckets:[150]}}+{{schema:0 sum:1 count:150 buckets:[150]}}x40",
			})
		}
	}
	return map[string]any{
		"name": heading, "interval": "15s", "input_series": input,
		"promql_expr_test": []any{map[string]any{"expr": "round(" + query + ", 0.001)", "eval_time": "5m", "exp_samples": []any{map[string]any{"value": 20}}}},
	}
}
