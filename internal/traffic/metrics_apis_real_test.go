// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package traffic

import (
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"k8s.io/client-go/rest"

	"github.com/elasticweb/elasticweb-operator/internal/demand"
	"github.com/elasticweb/elasticweb-operator/test/cluster"
)

// account is the operator's, as test/rights knows it, with the role of config/rbac.
const account = `
apiVersion: v1
kind: Namespace
metadata: {name: elasticweb-system}
---
apiVersion: v1
kind: ServiceAccount
metadata: {name: controller-manager, namespace: elasticweb-system}
---
`

const binding = `
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: manager}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: manager-role}
subjects: [{kind: ServiceAccount, name: controller-manager, namespace: elasticweb-system}]
`

// served has the API server pass a group on to this process.
const served = `
apiVersion: v1
kind: Service
metadata: {name: metrics, namespace: elasticweb-system}
spec: {type: ExternalName, externalName: localhost}
---
apiVersion: apiregistration.k8s.io/v1
kind: APIService
metadata: {name: %[2]s.%[1]s}
spec:
  {group: %[1]s, version: %[2]s, groupPriorityMinimum: 100, versionPriority: 100, insecureSkipTLSVerify: true,
   service: {name: metrics, namespace: elasticweb-system, port: %[3]d}}
`

// adapter serves both metrics APIs.
type adapter struct {
	answer atomic.Pointer[http.HandlerFunc]
}

func (a *adapter) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	parts := strings.Split(strings.Trim(r.URL.Path, "/"), "/")
	if len(parts) != 3 {
		(*a.answer.Load())(w, r)
		return
	}
	say(200, fmt.Sprintf(`{"kind":"APIResourceList","apiVersion":"v1","groupVersion":"%s/%s","resources":[{"name":"requests","namespaced":true,`+
		`"kind":"ExternalMetricValueList","verbs":["get"]}]}`, parts[1], parts[2]))(w, r)
}

func (a *adapter) say(answer http.HandlerFunc) { a.answer.Store(&answer) }

func apply(t *testing.T, plane *cluster.Cluster, manifests string) {
	t.Helper()
	if said, err := plane.Kubectl(t.Context(), manifests, "apply", "-f", "-"); err != nil {
		t.Fatalf("%v: %s", err, said)
	}
}

// asOperator are the metrics APIs of a real API server, read with the operator's rights.
func asOperator(t *testing.T) (*cluster.Cluster, source) {
	t.Helper()
	if testing.Short() {
		t.Skip("needs a control plane")
	}
	plane, err := cluster.Start(t.Context(), cluster.Options{Progress: os.Stderr})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := plane.Stop(); err != nil {
			t.Error(err)
		}
	})
	role, err := os.ReadFile("../../config/rbac/role.yaml")
	if err != nil {
		t.Fatal(err)
	}
	apply(t, plane, account+string(role)+binding)
	config, err := plane.ServiceAccountConfig(t.Context(), "elasticweb-system", "controller-manager")
	if err != nil {
		t.Fatal(err)
	}
	return plane, metricsOf(t, config)
}

func metricsOf(t *testing.T, config *rest.Config) source {
	t.Helper()
	m, err := newMetricsAPIs(Options{Period: period, Config: config})
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// TestMetricsAPIsOfARealAPIServer: before there is an adapter, with one, and when it is gone, by the rights of config/rbac alone.
func TestMetricsAPIsOfARealAPIServer(t *testing.T) {
	plane, m := asOperator(t)
	ask := func(q Query) (demand.Sample, *trouble) { return m.now(t.Context(), q.question(), time.Now()) }
	isTroubled := func(q Query, want demand.Reason) func() bool {
		return func() bool {
			_, failed := ask(q)
			return failed != nil && failed.reason == want
		}
	}
	for _, q := range []Query{external("requests"), ofIngress("shop"), of("Namespace", "dev")} {
		_, failed := ask(q)
		expect(t, failed, demand.SourceNotConfigured, "adapter")
	}
	_, failed := ask(of("Node", "one"))
	expect(t, failed, demand.MetricInvalid, "namespace")

	a := &adapter{}
	server := httptest.NewTLSServer(a)
	t.Cleanup(server.Close)
	port := server.Listener.Addr().(*net.TCPAddr).Port
	a.say(func(w http.ResponseWriter, r *http.Request) {
		api := map[bool]string{true: "external", false: "custom"}[strings.HasPrefix(r.URL.Path, "/apis/external")]
		say(200, values(api, value("42500m", time.Second)))(w, r)
	})
	apply(t, plane, fmt.Sprintf(served, "external.metrics.k8s.io", "v1beta1", port))
	apply(t, plane, fmt.Sprintf(served, "custom.metrics.k8s.io", "v1beta2", port))
	for _, q := range []Query{external("requests"), ofIngress("shop"), of("Pod", "shop"), of("Namespace", "dev")} {
		eventually(t, "a number", func() bool {
			sample, failed := ask(q)
			return failed == nil && sample.QPS == 42.5
		})
	}

	a.say(status(404, "NotFound", "no such metric"))
	for _, q := range []Query{external("requests"), ofIngress("shop")} {
		_, failed := ask(q)
		expect(t, failed, demand.MetricMissing, "no such metric")
	}
	a.say(func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "https://example.com", http.StatusFound)
	})
	_, failed = ask(external("requests"))
	expect(t, failed, demand.SourceUnreachable, "")
	a.say(endless)
	_, failed = ask(external("requests"))
	expect(t, failed, demand.MetricInvalid, "longer")

	if _, err := plane.Kubectl(t.Context(), "", "delete", "clusterrolebinding", "manager"); err != nil {
		t.Fatal(err)
	}
	eventually(t, "no right", isTroubled(external("requests"), demand.SourceUnauthorized))
	apply(t, plane, binding)
	server.Close()
	eventually(t, "no adapter", isTroubled(external("requests"), demand.SourceUnreachable))
	eventually(t, "no adapter", isTroubled(ofIngress("shop"), demand.SourceUnreachable))
}
