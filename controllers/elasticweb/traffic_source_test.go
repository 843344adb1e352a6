// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package elasticweb_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	elasticwebv1 "github.com/elasticweb/elasticweb-operator/api/v1"
	"github.com/elasticweb/elasticweb-operator/internal/demand"
	"github.com/elasticweb/elasticweb-operator/internal/traffic"
)

const demandPeriod = 15 * time.Second

// aheadClock is ahead of the real one, and goes on with it.
type aheadClock struct{ ahead atomic.Int64 }

func (c *aheadClock) Now() time.Time { return time.Now().Add(time.Duration(c.ahead.Load())) }

func (c *aheadClock) Since(at time.Time) time.Duration { return c.Now().Sub(at) }

// trafficSource stands in for the Reader, so that a spec says what comes in, and when: no window has to be waited for.
type trafficSource struct {
	clock *aheadClock

	mu      sync.Mutex
	asked   map[types.NamespacedName]traffic.Query
	deliver func(types.NamespacedName, traffic.Answer)
	// always is what is answered at once to whoever asks; nil is nothing.
	always *float64
}

func newTrafficSource() *trafficSource {
	return &trafficSource{clock: &aheadClock{}, asked: map[types.NamespacedName]traffic.Query{}}
}

func (s *trafficSource) Read(key types.NamespacedName, query traffic.Query, _ time.Duration, _ bool) {
	s.mu.Lock()
	_, isKnown := s.asked[key]
	s.asked[key] = query
	s.mu.Unlock()
	if s.always != nil && !isKnown {
		go s.deliver(key, s.number(*s.always))
	}
}

func (s *trafficSource) Forget(key types.NamespacedName) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.asked, key)
}

func (s *trafficSource) query(web *elasticwebv1.ElasticWeb) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.asked[client.ObjectKeyFromObject(web)].Prometheus
}

func (s *trafficSource) number(qps float64) traffic.Answer {
	return traffic.Answer{Samples: []demand.Sample{{At: s.clock.Now(), QPS: qps}}}
}

// sees has a number come in, one period after the last for each time.
func (s *trafficSource) sees(web *elasticwebv1.ElasticWeb, qps float64, times int) {
	GinkgoHelper()
	for range times {
		s.clock.ahead.Add(int64(demandPeriod))
		s.seesNow(web, qps)
	}
}

// seesNow has a number come in at the time of the last one, for another ElasticWeb.
func (s *trafficSource) seesNow(web *elasticwebv1.ElasticWeb, qps float64) {
	GinkgoHelper()
	Eventually(func() string { return s.query(web) }).ShouldNot(BeEmpty())
	s.deliver(client.ObjectKeyFromObject(web), s.number(qps))
}

// lacks has no number come in.
func (s *trafficSource) lacks(web *elasticwebv1.ElasticWeb, trouble demand.Reason, times int) {
	GinkgoHelper()
	Eventually(func() string { return s.query(web) }).ShouldNot(BeEmpty())
	for range times {
		s.clock.ahead.Add(int64(demandPeriod))
		s.deliver(client.ObjectKeyFromObject(web), traffic.Answer{
			Samples: []demand.Sample{{At: s.clock.Now(), Trouble: trouble}}, Message: "look at " + string(trouble),
		})
	}
}

// byTraffic has the traffic read; what is observed is planned for, so that a spec knows what to expect.
func byTraffic(changes ...func(*elasticwebv1.DemandSpec)) func(*elasticwebv1.ElasticWeb) {
	return func(web *elasticwebv1.ElasticWeb) {
		web.Spec.TotalQPS, web.Spec.Demand = nil, &elasticwebv1.DemandSpec{
			Prometheus: &elasticwebv1.PrometheusDemand{Query: "sum(rate(requests[1m]))"}, Forecast: elasticwebv1.ForecastOff,
		}
		web.Spec.TerminationGracePeriodSeconds = ptr.To[int64](1)
		for _, change := range changes {
			change(web.Spec.Demand)
		}
	}
}

// prometheusServer speaks as much of Prometheus' API as the Reader asks for, and every word of it may be changed.
type prometheusServer struct {
	*httptest.Server

	mu sync.Mutex
	// answer is the result of a query.
	answer http.HandlerFunc
}

func newPrometheusServer() *prometheusServer {
	s := &prometheusServer{}
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "/query_range") { // it has no history.
			fmt.Fprint(w, `{"status":"success","data":{"resultType":"matrix","result":[]}}`)
			return
		}
		s.mu.Lock()
		answer := s.answer
		s.mu.Unlock()
		answer(w, r)
	}))
	DeferCleanup(s.CloseClientConnections)
	DeferCleanup(s.Server.Close)
	return s
}

func (s *prometheusServer) set(answer http.HandlerFunc) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.answer = answer
}

func vector(values ...string) http.HandlerFunc {
	var series []string
	for i, value := range values {
		series = append(series, fmt.Sprintf(`{"metric":{"i":"%d"},"value":[%d,%q]}`, i, time.Now().Unix(), value))
	}
	return func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprintf(w, `{"status":"success","data":{"resultType":"vector","result":[%s]}}`, strings.Join(series, ","))
	}
}

func refusing(code int) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "no", code) }
}

// silent answers when nobody waits any more.
func silent(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }

// addReader has a real Reader ask the server.
func addReader(ctx context.Context, options operatorOptions, deliver func(types.NamespacedName, traffic.Answer)) *traffic.Reader {
	GinkgoHelper()
	reader, err := traffic.New(traffic.Options{Period: options.period, Prometheus: &traffic.PrometheusServer{URL: options.prometheus}, Deliver: deliver})
	Expect(err).NotTo(HaveOccurred())
	go func() {
		defer GinkgoRecover()
		Expect(reader.Start(ctx)).To(Succeed())
	}()
	return reader
}
