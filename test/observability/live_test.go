// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package observability

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/elasticweb/elasticweb-operator/internal/loadtest"
)

// TestAgainstPrometheus has a real Prometheus scrape the real operator: alerts are provoked, fire and end, and every query of alerts and
// dashboards gives data.
func TestAgainstPrometheus(t *testing.T) {
	if testing.Short() {
		t.Skip("needs a control plane")
	}
	s := newStage(t)
	p := startPrometheus(t, s.metrics)
	p.expectFiring(t, "ElasticWebOperatorAbsent")
	s.startOperator(p)
	p.expectFiring(t)

	s.deploy()
	s.endBenchmark()
	eventually(t, "the way in is served by weights", func() error {
		s.gatewaySays("True", 0)
		backends := strings.Fields(s.Kubectl("get", "httproute", "mixed", "-n", "dev", "-o", "jsonpath={.spec.rules[0].backendRefs[*].name}"))
		exposed := s.Kubectl("get", "elasticweb", "mixed", "-n", "dev", "-o", `jsonpath={.status.conditions[?(@.type=="Exposed")].status}`)
		if len(backends) != 2 || exposed != "True" {
			return fmt.Errorf("it leads to %v, Exposed is %q", backends, exposed)
		}
		return nil
	})
	s.gatewaySays("True", 1)
	p.expectFiring(t, "ElasticWebSpilled", "ElasticWebWeightsStale") // it is meant to spill, and the gateway has not heard of the weights.
	s.expectServed(p, "ElasticWebSpilled")
	s.Kubectl("wait", "elasticweb", "--all", "-n", "dev", "--for=condition=Ready", "--timeout=2m")

	s.gatewaySays("False", 0)
	p.expectFiring(t, "ElasticWebNotExposed", "ElasticWebSpilled")
	eventually(t, "the way in is served by weights again", func() error {
		s.gatewaySays("True", 0)
		if number, err := p.series(`elasticweb_way_in_weight{name="mixed"}`); err != nil || number != 2 {
			return fmt.Errorf("%d weights, %w", number, err)
		}
		return nil
	})
	s.expectServed(p, "ElasticWebSpilled")

	s.Kubectl("patch", "elasticweb", "shop", "-n", "dev", "--type=merge", "-p", `{"spec": {"totalQPS": 4000, "maxReplicas": 3}}`)
	p.expectFiring(t, "ElasticWebAtLimit", "ElasticWebCapacityShort", "ElasticWebSpilled")
	s.Kubectl("patch", "elasticweb", "shop", "-n", "dev", "--type=merge", "-p", `{"spec": {"totalQPS": 3000, "maxReplicas": 20}}`)
	s.contest("other")
	p.expectFiring(t, "ElasticWebContested", "ElasticWebSpilled")
	s.Kubectl("patch", "elasticweb", "other", "-n", "dev", "--type=merge", "-p", `{"spec": {"podTemplate": {"spec": {"contaners": []}}}}`)
	p.expectFiring(t, "ElasticWebContested", "ElasticWebInvalidSpec", "ElasticWebSpilled")
	eventually(t, "the benchmark is told of", func() error {
		if number, err := p.series(`elasticweb_benchmark_outdated{name="shop"} == 0`); err != nil || number != 1 {
			return fmt.Errorf("%d, %w", number, err)
		}
		return nil
	})
	p.expectData(t)
	s.Kubectl("delete", "elasticweb", "other", "-n", "dev")
	p.expectFiring(t, "ElasticWebSpilled")

	s.running.Stop()
	p.expectFiring(t, "ElasticWebOperatorAbsent")
	s.startOperator(p)
	p.expectFiring(t, "ElasticWebSpilled")
}

// deploy makes what the metrics are to tell of. One ElasticWeb names an image of which no registry knows.
func (s *stage) deploy() {
	s.Helper()
	s.Apply(strings.ReplaceAll(`
apiVersion: v1
kind: Namespace
metadata: {name: dev}
---
apiVersion: elasticweb.example.com/v1
kind: ElasticWeb
metadata: {name: shop, namespace: dev}
spec:
  image: REGISTRY/shop:1
  port: 80
  singlePodsQPS: 500
  totalQPS: 1000
  service: {type: ClusterIP}
  architectures: [{name: arm64, weight: 100}, {name: amd64, weight: 10}]
  benchmarkRef: {name: probe}
---
apiVersion: elasticweb.example.com/v1
kind: ElasticWeb
metadata: {name: other, namespace: dev}
spec: {image: REGISTRY/shop:1, port: 80, singlePodsQPS: 500, replicas: 1, service: {type: ClusterIP}}
---
apiVersion: elasticweb.example.com/v1
kind: ElasticWeb
metadata: {name: busy, namespace: dev}
spec:
  image: REGISTRY/shop:1
  port: 80
  singlePodsQPS: 500
  service: {type: ClusterIP}
  architectures: [{name: amd64}] # the other one has room for shop alone.
  demand: {prometheus: {query: vector(700)}}
---
apiVersion: elasticweb.example.com/v1
kind: ElasticWeb
metadata: {name: mixed, namespace: dev}
spec:
  image: REGISTRY/shop:1
  port: 80
  singlePodsQPS: 500
  totalQPS: 3000
  service: {type: ClusterIP}
  architectures: [{name: arm64, singlePodsQPS: 1000}, {name: amd64}]
  nodeSelector: {pool: mixed}
  tolerations: [{key: pool, operator: Exists}]
  expose: {httpRoute: {parentRefs: [{name: public}], hostnames: [mixed.example.com]}}
---
apiVersion: elasticweb.example.com/v1alpha1
kind: ElasticWebBenchmark
metadata: {name: probe, namespace: dev}
spec: {image: REGISTRY/shop:1, containerPort: 80, duration: 10s}
`, "REGISTRY", s.registry.Host))
}

// contest scales the Deployment of an ElasticWeb of one pod until the operator says that somebody does so.
func (s *stage) contest(name string) {
	s.Helper()
	told := func(kind, path string) string {
		return s.Kubectl("get", kind, name, "-n", "dev", "-o", "jsonpath="+path)
	}
	eventually(s.T, "somebody is said to scale it", func() error {
		if told("elasticweb", `{.status.conditions[?(@.type=="Contested")].reason}`) == "ReplicasContested" {
			return nil
		}
		if told("deployment", "{.spec.replicas}") == "1" {
			s.Kubectl("scale", "deployment", name, "-n", "dev", "--replicas=2")
		}
		return errors.New("it is not")
	})
}

// gatewaySays writes what the controller of a Gateway says of the newest version of an HTTPRoute, or of one that is some versions behind.
func (s *stage) gatewaySays(accepted string, behind int) {
	s.Helper()
	eventually(s.T, "there is a way in", func() error { return s.KubectlCommand("get", "httproute", "mixed", "-n", "dev").Run() })
	generation, err := strconv.Atoi(s.Kubectl("get", "httproute", "mixed", "-n", "dev", "-o", "jsonpath={.metadata.generation}"))
	if err != nil {
		s.Fatal(err)
	}
	condition := func(kind, status string) string {
		return fmt.Sprintf(`{"type": %q, "status": %q, "reason": "Said", "message": "", "observedGeneration": %d, "lastTransitionTime": "2026-01-01T00:00:00Z"}`, kind, status, generation-behind)
	}
	s.Kubectl("patch", "httproute", "mixed", "-n", "dev", "--subresource=status", "--type=merge", "-p", fmt.Sprintf(
		`{"status": {"parents": [{"parentRef": {"name": "public"}, "controllerName": "example.com/gateway", "conditions": [%s, %s]}]}}`,
		condition("Accepted", accepted), condition("ResolvedRefs", "True")))
}

// expectServed has a gateway take up what comes, until these alerts fire, and none of the others.
func (s *stage) expectServed(p server, want ...string) {
	s.Helper()
	eventually(s.T, "the alerts "+strings.Join(want, ", ")+" of a way in that is served", func() error {
		s.gatewaySays("True", 0)
		return p.isFiring(s.T, want...)
	})
}

// endBenchmark has the load generators end, each with the rate that the spec of the ElasticWeb has.
func (s *stage) endBenchmark() {
	s.Helper()
	eventually(s.T, "the benchmark ends", func() error {
		for pod := range strings.FieldsSeq(s.Kubectl("get", "pods", "-n", "dev", "-l", "app.kubernetes.io/name=elasticwebbenchmark", "-o",
			`jsonpath={range .items[*]}{.metadata.name}={.metadata.labels.elasticweb\.example\.com/architecture}{"\n"}{end}`)) {
			name, architecture, _ := strings.Cut(pod, "=")
			message, err := loadtest.Result{
				Architecture: architecture, QPS: 500, P50Micros: 1500, P99Micros: 20_000,
				Reason: loadtest.ReasonMeasured, LimitedBy: loadtest.ReasonTooSlow,
			}.Encode()
			if err != nil {
				return err
			}
			s.Kubectl("annotate", "pod", name, "-n", "dev", "--overwrite", "elasticweb.test/ends-after=0", "elasticweb.test/termination-message="+string(message))
		}
		if s.Kubectl("get", "elasticwebbenchmark", "probe", "-n", "dev", "-o", `jsonpath={.status.conditions[?(@.type=="Complete")].status}`) != "True" {
			return errors.New("it is not Complete")
		}
		return nil
	})
}

// metricNames are those of a query, be they of the operator or of what it is made of.
var metricNames = regexp.MustCompile(`\b(elasticweb|controller_runtime|workqueue|rest_client|process|go)_\w+`)

// expectData sends every query of alerts and dashboards. Those of dashboards give data, and so do the metrics that alerts are about.
func (p server) expectData(t *testing.T) {
	t.Helper()
	queries := map[string]string{}
	for _, alert := range readRules(t).alerts() {
		if _, err := p.series(alert.Expr); err != nil {
			t.Errorf("%s: %v", alert.Alert, err)
		}
		for _, name := range metricNames.FindAllString(alert.Expr, -1) {
			queries["last_over_time("+name+"[1h])"] = alert.Alert
		}
	}
	for _, folder := range []string{"grafana", "console"} {
		boards, err := filepath.Glob(filepath.Join(root, "config/observability", folder, "*.json"))
		if err != nil || len(boards) < 2 {
			t.Fatalf("%d dashboards, %v", len(boards), err)
		}
		for _, board := range boards {
			for _, query := range queriesOf(t, board) {
				queries[query] = filepath.Base(board) + " for " + folder
			}
		}
	}
	t.Logf("%d queries", len(queries))
	if len(queries) < 80 {
		t.Error("these are too few")
	}
	eventually(t, "every query gives data", func() (all error) {
		for query, from := range queries {
			found, err := p.series(query)
			if err == nil && found == 0 {
				err = errors.New("it gives nothing")
			}
			if err != nil {
				all = errors.Join(all, fmt.Errorf("%s: %s: %w", from, query, err))
			}
		}
		return all
	})
}

var labelValues = regexp.MustCompile(`^label_values\((.+), (\w+)\)$`)

// queriesOf are all of a dashboard, those of its variables included, with every choice made.
func queriesOf(t *testing.T, path string) (queries []string) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var content any
	if err := json.Unmarshal(text, &content); err != nil {
		t.Fatal(err)
	}
	var walk func(any)
	walk = func(value any) {
		switch value := value.(type) {
		case []any:
			for _, inner := range value {
				walk(inner)
			}
		case map[string]any:
			for key, inner := range value {
				query, isText := inner.(string)
				switch {
				case isText && key == "expr":
					queries = append(queries, query)
				case isText && key == "query" && labelValues.MatchString(query):
					queries = append(queries, labelValues.ReplaceAllString(query, "$1"))
				}
				walk(inner)
			}
		}
	}
	walk(content)
	for i := range queries {
		queries[i] = strings.NewReplacer(`="$namespace"`, `=~".*"`, "$namespace", ".*", "$name", ".*").Replace(queries[i])
	}
	return queries
}
