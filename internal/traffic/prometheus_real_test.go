// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package traffic

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	promclient "github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/wait"

	"github.com/elasticweb/elasticweb-operator/internal/demand"
	promtest "github.com/elasticweb/elasticweb-operator/test/prometheus"
)

const (
	scraped  = 100 * time.Millisecond
	patience = 2 * time.Minute
)

// shop is a target with metrics as applications have them.
type shop struct {
	registry atomic.Pointer[promclient.Registry]
	requests atomic.Pointer[promclient.CounterVec]
	took     atomic.Pointer[promclient.Histogram]
}

func (s *shop) reset() {
	registry := promclient.NewRegistry()
	requests := promclient.NewCounterVec(promclient.CounterOpts{Name: "http_requests_total"}, []string{"service"})
	took := promclient.NewHistogram(promclient.HistogramOpts{Name: "took_seconds", NativeHistogramBucketFactor: 1.5})
	registry.MustRegister(requests, took)
	s.registry.Store(registry)
	s.requests.Store(requests)
	s.took.Store(&took)
	s.serve()
}

// cartsShare is what the one service has for each request of the other.
const cartsShare = 1e6

// serve counts a request.
func (s *shop) serve() {
	s.requests.Load().WithLabelValues("shop").Inc()
	s.requests.Load().WithLabelValues("cart").Add(cartsShare)
	(*s.took.Load()).Observe(0.1)
}

func (s *shop) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.serve()
	promhttp.HandlerFor(s.registry.Load(), promhttp.HandlerOpts{}).ServeHTTP(w, r)
}

// withPrometheus is a real one that scrapes a shop, and has done so for a while.
func withPrometheus(t *testing.T) (*promtest.Server, *shop) {
	t.Helper()
	if testing.Short() {
		t.Skip("needs bin/prometheus")
	}
	target := &shop{}
	target.reset()
	server := httptest.NewServer(target)
	t.Cleanup(server.Close)
	p, err := promtest.Start(context.Background(), promtest.Options{
		Dir: t.TempDir(), Interval: scraped, Scrape: map[string]any{"scrape_native_histograms": true}, Targets: []string{strings.TrimPrefix(server.URL, "http://")},
		Arguments: []string{"--query.max-samples=200000"},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Stop)
	source := newPrometheus(Options{Period: period, Prometheus: &PrometheusServer{URL: p.URL()}})
	eventually(t, "scrapes", func() bool {
		sample, failed := source.now(t.Context(), question{promQL: "sum(count_over_time(http_requests_total[1m]))"}, time.Now())
		return failed == nil && sample.QPS > 20
	})
	return p, target
}

func eventually(t *testing.T, what string, isTrue func() bool) {
	t.Helper()
	if err := wait.PollUntilContextTimeout(t.Context(), scraped, patience, true, func(context.Context) (bool, error) { return isTrue(), nil }); err != nil {
		t.Fatalf("%s: %v", what, err)
	}
}

// TestWhatPrometheusSays of each query that a user can write.
func TestWhatPrometheusSays(t *testing.T) {
	p, _ := withPrometheus(t)
	source := newPrometheus(Options{Period: period, Prometheus: &PrometheusServer{URL: p.URL()}})
	for query, tc := range map[string]struct {
		want  demand.Reason
		words string
	}{
		`sum(rate(http_requests_total{service="shop"}[1m]))`: {},
		`rate(http_requests_total{service="shop"}[1m])`:      {},
		`http_requests_total{service="shop"} # a comment`:    {},
		`42`:                            {},
		`vector(0)`:                     {},
		`scalar(up)`:                    {},
		`up == 2`:                       {demand.MetricMissing, "no result"},
		`http_requests_total{a="b"}`:    {demand.MetricMissing, "no result"},
		`http_requests_total offset 1h`: {demand.MetricMissing, "no result"},
		`scalar(http_requests_total)`:   {demand.MetricInvalid, "NaN"},
		`vector(0) / 0`:                 {demand.MetricInvalid, "NaN"},
		`vector(1) / 0`:                 {demand.MetricInvalid, "infinite"},
		`-1`:                            {demand.MetricInvalid, "negative"},
		`1e10`:                          {demand.MetricInvalid, "2147483647"},
		`rate(http_requests_total[1m])`: {demand.MetricInvalid, "sum()"},
		`http_requests_total[1m]`:       {demand.MetricInvalid, "rate()"},
		`"many"`:                        {demand.MetricInvalid, "string"},
		`rate(took_seconds[1m])`:        {demand.MetricInvalid, "histogram_count()"},
		`sum(rate(`:                     {demand.MetricInvalid, "parse error"},
		``:                              {demand.MetricInvalid, "refuses"},
		`http_requests_total * on(job) http_requests_total`: {demand.MetricInvalid, "refuses"},
		`sum_over_time(vector(1)[30d:1s])`:                  {demand.MetricInvalid, "too many samples"},
		`{__name__=~".+", service="shop"} or up`:            {demand.MetricInvalid, "sum()"},
	} {
		t.Run(query, func(t *testing.T) {
			sample, failed := source.now(t.Context(), question{promQL: query}, time.Now())
			if tc.want != "" {
				expect(t, failed, tc.want, tc.words)
			} else if failed != nil || sample.Trouble != "" {
				t.Errorf("%+v, %v", sample, failed)
			}
		})
	}
}

// TestTenantsSeeTheirOwnAlone, whatever they ask for, where a proxy keeps them apart by the parameter. Here the label that tells whose series one is, is
// the service.
func TestTenantsSeeTheirOwnAlone(t *testing.T) {
	p, _ := withPrometheus(t)
	url, stop, err := p.Tenants(context.Background(), "service")
	if err != nil {
		t.Fatal(err)
	}
	defer stop()
	source := newPrometheus(Options{Period: period, Prometheus: &PrometheusServer{URL: url, TenantParameter: "service"}})
	ask := func(namespace, query string) (demand.Sample, *trouble) {
		return source.now(t.Context(), promQL(namespace, query).question(), time.Now())
	}
	for _, tenant := range []string{"shop", "cart"} {
		if sample, failed := ask(tenant, "count(http_requests_total)"); failed != nil || sample.QPS != 1 {
			t.Errorf("%s: %+v, %v", tenant, sample, failed)
		}
	}
	if sample, failed := ask("cart", "http_requests_total"); failed != nil || sample.QPS < cartsShare {
		t.Errorf("cart: %+v, %v", sample, failed)
	}
	for _, query := range []string{
		`http_requests_total{service="cart"}`, `sum(http_requests_total{service=~"cart|x"})`, `http_requests_total{service="cart"} or http_requests_total{service!="shop"}`,
		`http_requests_total{service="cart"}&service=cart`, `count({__name__=~".+",service="cart"})`,
	} {
		// The proxy puts the one tenant in the place of the other.
		if sample, failed := ask("shop", query); failed == nil && sample.QPS >= cartsShare {
			t.Errorf("shop sees by %s: %+v", query, sample)
		}
	}
	if _, failed := ask("nobody", "count(http_requests_total)"); failed == nil || failed.reason != demand.MetricMissing {
		t.Errorf("%+v", failed)
	}
}

// deliveries are the answers of a Reader that runs.
type deliveries chan Answer

// startReader reads a query of a Prometheus until it is stopped.
func startReader(t *testing.T, p *promtest.Server, query string, window time.Duration) (answers deliveries, stop func()) {
	t.Helper()
	answers = make(deliveries, 10000)
	r, err := New(Options{Period: 5 * scraped, Prometheus: &PrometheusServer{URL: p.URL()}, Deliver: func(_ types.NamespacedName, answer Answer) { answers <- answer }})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- r.Start(ctx) }()
	r.Read(key("dev", "shop"), promQL("dev", query), window, true)
	return answers, func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	}
}

// next is the next answer with the reason.
func (d deliveries) next(t *testing.T, want demand.Reason) Answer {
	t.Helper()
	var answer Answer
	for end := time.After(patience); ; {
		select {
		case answer = <-d:
			if answer.Samples[len(answer.Samples)-1].Trouble == want {
				return answer
			}
		case <-end:
			t.Fatalf("no answer %q; the last is %+v", want, answer)
		}
	}
}

const rate = `sum(rate(http_requests_total{service="shop"}[1s]))`

// TestPrometheusIsKilledAndComesBack: also as one that does not answer.
func TestPrometheusIsKilledAndComesBack(t *testing.T) {
	p, _ := withPrometheus(t)
	answers, stop := startReader(t, p, rate, time.Second)
	defer stop()
	if answer := answers.next(t, ""); answer.Message != "" {
		t.Errorf("%+v", answer)
	}
	p.Kill()
	if answer := answers.next(t, demand.SourceUnreachable); !strings.Contains(answer.Message, "cannot be reached") {
		t.Errorf("%+v", answer)
	}
	if err := p.Restart(context.Background()); err != nil {
		t.Fatal(err)
	}
	answers.next(t, "")
	if err := p.Pause(); err != nil {
		t.Fatal(err)
	}
	if answer := answers.next(t, demand.SourceUnreachable); !strings.Contains(answer.Message, "too long") && !strings.Contains(answer.Message, "whole period") {
		t.Errorf("%+v", answer)
	}
	if err := p.Resume(); err != nil {
		t.Fatal(err)
	}
	answers.next(t, "")
}

// TestTheWindowIsReadBack by a Reader that starts anew, and by one that could not reach Prometheus for a while.
func TestTheWindowIsReadBack(t *testing.T) {
	p, _ := withPrometheus(t)
	const window = 2 * time.Second
	for range 2 {
		var first Answer
		eventually(t, "a history", func() bool {
			answers, stop := startReader(t, p, rate, window)
			defer stop()
			first = answers.next(t, "")
			reach := first.Samples[len(first.Samples)-1].At.Sub(first.Samples[0].At)
			return reach >= window && len(first.Samples) >= int(window/(5*scraped))
		})
		for i := range first.Samples[1:] {
			if !first.Samples[i+1].At.After(first.Samples[i].At) || first.Samples[i].QPS <= 0 {
				t.Errorf("%d: %+v", i, first.Samples)
			}
		}
	}
}

// TestACounterThatIsReset makes no negative number, and no jump.
func TestACounterThatIsReset(t *testing.T) {
	p, target := withPrometheus(t)
	for range 50 {
		target.serve()
	}
	answers, stop := startReader(t, p, `sum(increase(http_requests_total{service="shop"}[1h]))`, 0)
	defer stop()
	var before float64
	eventually(t, "the requests", func() bool {
		answer := answers.next(t, "")
		before = answer.Samples[len(answer.Samples)-1].QPS
		return before > 50
	})
	target.reset()
	for range 5 {
		answer := answers.next(t, "")
		if after := answer.Samples[len(answer.Samples)-1].QPS; after < before/2 || after > 10*before {
			t.Errorf("%v after %v", after, before)
		}
	}
}
