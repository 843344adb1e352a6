// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package traffic

import (
	"context"
	"fmt"
	"runtime"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/types"

	"github.com/elasticweb/elasticweb-operator/internal/demand"
	promtest "github.com/elasticweb/elasticweb-operator/test/prometheus"
)

// BenchmarkThousand reads a real Prometheus and decides for a thousand applications for a minute, once they have all that they remember.
func BenchmarkThousand(b *testing.B) {
	const keys = 1000
	server, err := promtest.Start(context.Background(), promtest.Options{Dir: b.TempDir(), Interval: time.Minute})
	if err != nil {
		b.Fatal(err)
	}
	defer server.Stop()
	var requests, decided atomic.Int64
	begin := heap()
	memories := map[types.NamespacedName]*demand.Memory{}
	r, err := New(Options{Period: period, Prometheus: &PrometheusServer{URL: server.URL()}, Deliver: func(name types.NamespacedName, answer Answer) {
		at := answer.Samples[len(answer.Samples)-1].At
		in := demand.Input{
			Settings: demand.Settings{Period: period, Stabilization: window, HeadroomPercent: 20, Forecast: demand.Auto},
			Samples:  answer.Samples, LeadTime: time.Minute, Earlier: answer.History.Days(at, window, demand.Settings{Period: period}.Ahead(time.Minute)), Planned: 1000,
		}
		memories[name].Decide(in, at)
		decided.Add(1)
		if answer.Message != "" {
			b.Error(answer.Message)
		}
	}})
	if err != nil {
		b.Fatal(err)
	}
	counted := r.outlet
	r.outlet = func(q question) *outlet { return &outlet{counter{counted(q).source, &requests}, counted(q).turns} }
	for i := range keys {
		name := key(fmt.Sprintf("team-%d", i%100), fmt.Sprint(i))
		memories[name] = &demand.Memory{}
		// As long as a usual one, and it has a number at any time.
		query := fmt.Sprintf(`vector(%d) or sum(rate(http_requests_total{namespace=%q,service="shop-%d"}[1m]))`, 100+i, name.Namespace, i)
		r.Read(name, promQL(name.Namespace, query), window, true)
	}
	ctx, stop := context.WithCancel(b.Context())
	ended := make(chan error, 1)
	go func() { ended <- r.Start(ctx) }()
	time.Sleep((days + 3) * period) // the window, and the earlier days.
	memory := heap() - begin
	requests.Store(0)
	decided.Store(0)
	used := processor()
	for b.Loop() {
		time.Sleep(time.Minute)
	}
	b.ReportMetric((processor()-used).Seconds()/float64(b.N), "cpu-s/min")
	b.ReportMetric(float64(requests.Load())/float64(b.N)/60, "requests/s")
	b.ReportMetric(float64(decided.Load())/float64(b.N)/60, "decisions/s")
	b.ReportMetric(float64(memory)/keys, "B/key")
	stop()
	if err := <-ended; err != nil {
		b.Error(err)
	}
	runtime.KeepAlive(memories)
}

// counter counts the requests of a source.
type counter struct {
	source
	requests *atomic.Int64
}

func (c counter) now(ctx context.Context, q question, at time.Time) (demand.Sample, *trouble) {
	c.requests.Add(1)
	return c.source.now(ctx, q, at)
}

func (c counter) between(ctx context.Context, q question, from, to time.Time, step time.Duration) ([]demand.Sample, *trouble) {
	c.requests.Add(1)
	return c.source.between(ctx, q, from, to, step)
}

func heap() uint64 {
	runtime.GC()
	runtime.GC()
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return stats.HeapAlloc
}

func processor() time.Duration {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		panic(err)
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}
