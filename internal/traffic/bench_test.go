// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package traffic

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/types"

	"github.com/elasticweb/elasticweb-operator/internal/demand"
)

// BenchmarkThousand reads and decides for a thousand applications for a minute, once they have all that they remember. The server answers
// as Prometheus does, in the process that is measured: half of the processor's time or so is its own.
func BenchmarkThousand(b *testing.B) {
	const keys = 1000
	var requests atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		requests.Add(1)
		answer(w, r)
	}))
	defer server.Close()
	var decided atomic.Int64
	begin := heap()
	memories := make([]demand.Memory, keys)
	r, err := New(Options{Period: period, Prometheus: &PrometheusServer{URL: server.URL}, Deliver: func(name types.NamespacedName, answer Answer) {
		var i int
		fmt.Sscan(name.Name, &i)
		at := answer.Samples[len(answer.Samples)-1].At
		in := demand.Input{
			Settings: demand.Settings{Period: period, Stabilization: window, HeadroomPercent: 20, Forecast: demand.Auto},
			Samples:  answer.Samples, LeadTime: time.Minute, Earlier: answer.History.Days(at, window, time.Minute+period), Planned: 1000,
		}
		memories[i].Decide(in, at)
		decided.Add(1)
	}})
	if err != nil {
		b.Fatal(err)
	}
	for i := range keys {
		namespace := fmt.Sprintf("team-%d", i%100)
		r.Read(key(namespace, fmt.Sprint(i)), promQL(namespace, fmt.Sprintf(`sum(rate(http_requests_total{namespace=%q,service="shop-%d"}[1m]))`, namespace, i)), window)
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

// answer is a number, or one each step of a time.
func answer(w http.ResponseWriter, r *http.Request) {
	parameters := r.URL.Query()
	if !strings.HasSuffix(r.URL.Path, "query_range") {
		say(200, success(one))(w, r)
		return
	}
	var from, to, step float64
	fmt.Sscan(parameters.Get("start")+" "+parameters.Get("end")+" "+parameters.Get("step"), &from, &to, &step)
	var pairs []string
	for at := from; at <= to; at += step {
		pairs = append(pairs, fmt.Sprintf(`[%f,"100"]`, at))
	}
	say(200, success(`{"resultType":"matrix","result":[{"metric":{},"values":[`+strings.Join(pairs, ",")+`]}]}`))(w, r)
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
