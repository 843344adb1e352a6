// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package traffic

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/rest"

	"github.com/elasticweb/elasticweb-operator/internal/demand"
)

// asAPIServer are the metrics APIs of a server that answers so, but for what it serves.
func asAPIServer(t *testing.T, answer http.HandlerFunc) source {
	t.Helper()
	mux := http.NewServeMux()
	mux.HandleFunc("/apis", say(200, `{"kind":"APIGroupList","apiVersion":"v1","groups":[{"name":"custom.metrics.k8s.io","versions":[{"groupVersion":`+
		`"custom.metrics.k8s.io/v1beta2","version":"v1beta2"}],"preferredVersion":{"groupVersion":"custom.metrics.k8s.io/v1beta2","version":"v1beta2"}}]}`))
	mux.HandleFunc("/api", say(200, `{"kind":"APIVersions","versions":["v1"]}`))
	mux.HandleFunc("/api/v1", say(200, `{"kind":"APIResourceList","apiVersion":"v1","groupVersion":"v1","resources":[{"name":"nodes","kind":"Node","namespaced":false}]}`))
	mux.HandleFunc("/apis/networking.k8s.io/v1", say(200, `{"kind":"APIResourceList","apiVersion":"v1","groupVersion":"networking.k8s.io/v1","resources":[`+
		`{"name":"ingresses/status","kind":"Ingress","namespaced":true},{"name":"ingresses","kind":"Ingress","namespaced":true}]}`))
	mux.HandleFunc("/", answer)
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	m, err := newMetricsAPIs(Options{Period: 2 * time.Second, Config: &rest.Config{Host: server.URL, BearerToken: secret}})
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func external(name string) Query {
	return Query{Namespace: "dev", External: &ExternalMetric{Name: name, Selector: &metav1.LabelSelector{MatchLabels: map[string]string{"app": "shop"}}}}
}

func ofIngress(name string) Query {
	return Query{Namespace: "dev", Object: &ObjectMetric{APIVersion: "networking.k8s.io/v1", Kind: "Ingress", Name: name, Metric: "requests"}}
}

func of(kind, name string) Query {
	return Query{Namespace: "dev", Object: &ObjectMetric{APIVersion: "v1", Kind: kind, Name: name, Metric: "requests"}}
}

// values are the items of both APIs' lists.
func values(api string, items ...string) string {
	kinds := map[string]string{"external": "ExternalMetricValueList", "custom": "MetricValueList"}
	versions := map[string]string{"external": "v1beta1", "custom": "v1beta2"}
	return fmt.Sprintf(`{"kind":%q,"apiVersion":"%s.metrics.k8s.io/%s","items":[%s]}`, kinds[api], api, versions[api], strings.Join(items, ","))
}

func value(quantity string, age time.Duration) string {
	return fmt.Sprintf(`{"metricName":"requests","metric":{"name":"requests"},"timestamp":%q,"value":%q}`, time.Now().Add(-age).UTC().Format(time.RFC3339), quantity)
}

func status(code int, reason, message string) http.HandlerFunc {
	return say(code, fmt.Sprintf(`{"kind":"Status","apiVersion":"v1","status":"Failure","reason":%q,"code":%d,"message":%q}`, reason, code, message))
}

func TestWhatTheMetricsAPIsMaySay(t *testing.T) {
	for name, tc := range map[string]struct {
		query  Query
		answer http.HandlerFunc
		qps    float64
		want   demand.Reason
		words  string
	}{
		"a number":           {external("requests"), say(200, values("external", value("42500m", 0))), 42.5, "", ""},
		"several are summed": {external("requests"), say(200, values("external", value("40", 0), value("2", time.Minute))), 42, "", ""},
		"none":               {external("requests"), say(200, values("external")), 0, demand.MetricMissing, "selector"},
		"hours old":          {external("requests"), say(200, values("external", value("40", 3*time.Hour))), 0, demand.MetricMissing, "scraped"},
		"negative":           {external("requests"), say(200, values("external", value("-1", 0))), 0, demand.MetricInvalid, "negative"},
		"far too much":       {external("requests"), say(200, values("external", value("40T", 0))), 0, demand.MetricInvalid, "2147483647"},
		"no quantity":        {external("requests"), say(200, values("external", value("many", 0))), 0, demand.SourceUnreachable, "adapter"},
		"not known":          {external("requests"), status(404, "NotFound", "no metric requests"), 0, demand.MetricMissing, "no metric requests"},
		"not served":         {external("requests"), http.NotFound, 0, demand.SourceNotConfigured, "adapter"},
		"forbidden":          {external("requests"), status(403, "Forbidden", "no"), 0, demand.SourceUnauthorized, "grants"},
		"unknown":            {external("requests"), status(401, "Unauthorized", "who"), 0, demand.SourceUnauthorized, "grants"},
		"refused":            {external("requests"), status(400, "BadRequest", "no such label"), 0, demand.MetricInvalid, "no such label"},
		"an adapter is down": {external("requests"), status(503, "ServiceUnavailable", "no endpoints"), 0, demand.SourceUnreachable, "adapter"},
		"endless":            {external("requests"), endless, 0, demand.MetricInvalid, "longer"},
		"it redirects": {external("requests"), func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "http://example.com", http.StatusFound)
		}, 0, demand.SourceUnreachable, "redirects"},
		"it never answers":      {external("requests"), func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }, 0, demand.SourceUnreachable, "too long"},
		"a bad name":            {external("../../../api/v1/secrets"), say(200, values("external")), 0, demand.MetricInvalid, "may not contain"},
		"of an object":          {ofIngress("shop"), say(200, values("custom", value("42500m", 0))), 42.5, "", ""},
		"of no object":          {ofIngress("shop"), say(200, values("custom")), 0, demand.SourceUnreachable, "0 results"},
		"of several objects":    {ofIngress("shop"), say(200, values("custom", value("1", 0), value("1", 0))), 0, demand.SourceUnreachable, "2 results"},
		"of an object, old":     {ofIngress("shop"), say(200, values("custom", value("1", time.Hour))), 0, demand.MetricMissing, "scraped"},
		"of the namespace":      {of("Namespace", "dev"), say(200, values("custom", value("42500m", 0))), 42.5, "", ""},
		"of another namespace":  {of("Namespace", "prod"), say(200, values("custom", value("42500m", 0))), 0, demand.MetricInvalid, "kind"},
		"of a node":             {of("Node", "one"), say(200, values("custom", value("42500m", 0))), 0, demand.MetricInvalid, "namespace"},
		"of nobody knows what":  {of("Table", "one"), say(200, values("custom", value("42500m", 0))), 0, demand.MetricInvalid, "kind"},
		"of what has no name":   {ofIngress("a/b"), say(200, values("custom", value("42500m", 0))), 0, demand.MetricInvalid, "may not contain"},
		"a selector like noise": {Query{Namespace: "dev", External: &ExternalMetric{Name: "requests", Selector: &metav1.LabelSelector{MatchExpressions: []metav1.LabelSelectorRequirement{{Key: "a", Operator: "Like"}}}}}, say(200, values("external")), 0, demand.MetricInvalid, "selector"},
	} {
		t.Run(name, func(t *testing.T) {
			m, at := asAPIServer(t, tc.answer), time.Now()
			f := &flight{feed: &feed{question: tc.query.question(), outlet: &outlet{m, newTurns()}}, at: at, period: period, timeout: period}
			answer, failed := f.number(t.Context())
			if tc.want != "" {
				expect(t, failed, tc.want, tc.words)
				return
			}
			if diff := cmp.Diff([]demand.Sample{{At: at, QPS: tc.qps}}, answer.Samples); diff != "" || failed != nil {
				t.Errorf("%v (-want +got)\n%s", failed, diff)
			}
		})
	}
}

// TestWhatTheMetricsAPIsAreAsked: no more than one request for a number, in the application's own namespace.
func TestWhatTheMetricsAPIsAreAsked(t *testing.T) {
	for want, query := range map[string]Query{
		"/apis/external.metrics.k8s.io/v1beta1/namespaces/dev/requests?labelSelector=app%3Dshop":              external("requests"),
		"/apis/external.metrics.k8s.io/v1beta1/namespaces/dev/a%3Fb=c&d%23e%7Cf@g:h?labelSelector=app%3Dshop": external("a?b=c&d#e|f@g:h"),
		"/apis/custom.metrics.k8s.io/v1beta2/namespaces/dev/ingresses.networking.k8s.io/shop/requests":        ofIngress("shop"),
		"/apis/custom.metrics.k8s.io/v1beta2/namespaces/dev/metrics/requests":                                 of("Namespace", "dev"),
	} {
		var asked []string
		api := map[bool]string{true: "external", false: "custom"}[query.External != nil]
		m := asAPIServer(t, func(w http.ResponseWriter, r *http.Request) {
			parameters := r.URL.Query()
			parameters.Del("timeout")
			r.URL.RawQuery = parameters.Encode()
			asked = append(asked, r.URL.String())
			say(200, values(api, value("1", 0)))(w, r)
		})
		for range 3 {
			if _, failed := m.now(t.Context(), query.question(), time.Now()); failed != nil {
				t.Fatal(failed)
			}
		}
		if diff := cmp.Diff([]string{want, want, want}, asked); diff != "" {
			t.Errorf("(-want +got)\n%s", diff)
		}
	}
}

// TestUnknownKindsAreAskedForSeldom: once for an API version, whoever asks; and one that hangs ends.
func TestUnknownKindsAreAskedForSeldom(t *testing.T) {
	var mu sync.Mutex // what hangs is given up, and goes on beside the next.
	var asked []string
	m := asAPIServer(t, func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		asked = append(asked, r.URL.Path)
		mu.Unlock()
		if strings.Contains(r.URL.Path, "hangs") {
			<-r.Context().Done()
			return
		}
		status(404, "NotFound", "the server could not find the requested resource")(w, r)
	})
	of := func(apiVersion string) question {
		return Query{Namespace: "dev", Object: &ObjectMetric{APIVersion: apiVersion, Kind: "Table", Name: "one", Metric: "requests"}}.question()
	}
	at := time.Now()
	for range 3 {
		_, failed := m.now(t.Context(), of("nobody.example.com/v1"), at)
		expect(t, failed, demand.MetricInvalid, "kind")
		_, failed = m.now(t.Context(), of("networking.k8s.io/v1"), at)
		expect(t, failed, demand.MetricInvalid, "kind")
	}
	_, failed := m.now(t.Context(), of("hangs.example.com/v1"), at)
	expect(t, failed, demand.SourceUnreachable, "too long")
	_, failed = m.now(t.Context(), of("nobody.example.com/v1"), at.Add(kindsKept+time.Second))
	expect(t, failed, demand.MetricInvalid, "kind")
	const nobody = "/apis/nobody.example.com/v1"
	mu.Lock()
	defer mu.Unlock()
	if diff := cmp.Diff([]string{nobody, "/apis/hangs.example.com/v1", nobody}, asked); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if kept := m.(*metricsAPIs).kinds.known; len(kept) != 1 {
		t.Errorf("what nobody asks for is kept: %v", kept)
	}
}

// A user who invents API versions costs neither memory without end, nor others what is known of theirs.
func TestInventedAPIVersionsAreForgotten(t *testing.T) {
	served, asked := schema.GroupVersion{Group: "example.com", Version: "v1"}, 0
	k := &kinds{known: map[schema.GroupVersion]servedKinds{}, ask: func(version string) (*metav1.APIResourceList, error) {
		if version != served.String() {
			return nil, apierrors.NewNotFound(schema.GroupResource{}, version)
		}
		asked++
		return &metav1.APIResourceList{APIResources: []metav1.APIResource{{Name: "tables", Kind: "Table"}}}, nil
	}}
	at := time.Now()
	for i := range 10 * mostKinds {
		for _, version := range []schema.GroupVersion{served, {Group: fmt.Sprintf("x%d.example.com", i), Version: "v1"}} {
			if found, err := k.find(version.WithKind("Table"), at); err != nil || (found != nil) != (version == served) {
				t.Fatalf("%s: %v, %v", version, found, err)
			}
		}
	}
	if len(k.known) > mostKinds || asked != 1 {
		t.Errorf("%d are kept, and what there is was asked for %d times", len(k.known), asked)
	}
}

func TestWithoutAnAPIServer(t *testing.T) {
	m, err := newMetricsAPIs(Options{})
	if err != nil {
		t.Fatal(err)
	}
	_, failed := m.now(t.Context(), external("requests").question(), time.Now())
	expect(t, failed, demand.SourceNotConfigured, "API server")
}
