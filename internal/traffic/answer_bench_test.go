// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package traffic

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/api"
)

// canned answers without a network: what is left is what the operator does for each answer.
type canned string

func (c canned) RoundTrip(r *http.Request) (*http.Response, error) {
	return &http.Response{
		StatusCode: http.StatusOK, Header: http.Header{"Content-Type": {"application/json"}}, Body: io.NopCloser(strings.NewReader(string(c))), Request: r,
	}, nil
}

// BenchmarkNow asks for the number of the moment.
func BenchmarkNow(b *testing.B) {
	p, q := benchmarked(b, `{"status":"success","data":{"resultType":"vector","result":[{"metric":{},"value":[1764446400.123,"2000.25"]}]}}`)
	b.ReportAllocs()
	for b.Loop() {
		if _, failed := p.now(b.Context(), q, time.Now()); failed != nil {
			b.Fatal(failed)
		}
	}
}

// BenchmarkBetween asks for an earlier day.
func BenchmarkBetween(b *testing.B) {
	var values []string
	for i := range 60 {
		values = append(values, fmt.Sprintf(`[%d,"2000.25"]`, 1764446400+60*i))
	}
	p, q := benchmarked(b, `{"status":"success","data":{"resultType":"matrix","result":[{"metric":{},"values":[`+strings.Join(values, ",")+`]}]}}`)
	b.ReportAllocs()
	for b.Loop() {
		if _, failed := p.between(b.Context(), q, time.Now().Add(-time.Hour), time.Now(), time.Minute); failed != nil {
			b.Fatal(failed)
		}
	}
}

func benchmarked(b *testing.B, answer string) (source, question) {
	b.Helper()
	p := newPrometheus(Options{Period: period, Prometheus: &PrometheusServer{URL: "http://127.0.0.1:9090"}}).(*prometheus)
	if err := p.connection.refresh(); err != nil {
		b.Fatal(err)
	}
	client, err := api.NewClient(api.Config{Address: p.connection.server.URL, RoundTripper: guard{bearer{p.connection.server, canned(answer)}}})
	if err != nil {
		b.Fatal(err)
	}
	p.connection.client = client
	return p, promQL("team-1", `sum(rate(http_requests_total{namespace="team-1",service="shop"}[1m]))`).question()
}
