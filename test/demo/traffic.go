// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"
)

const (
	// trafficQuery is the only one that is answered.
	trafficQuery = "sum(rate(http_requests_total[5s]))"
	rateOver     = 5 * time.Second
	// The burst: requests per second before it, at its top, and how long it takes to get there and stays.
	baseQPS, topQPS = 2000.0, 6000.0
	rise, top       = 30 * time.Second, 5 * time.Second
)

// traffic is a counter of requests that nobody makes, since simulated pods serve none, and as much of Prometheus' HTTP API as it takes to ask
// for its rate.
type traffic struct {
	server *http.Server
	url    string
	began  time.Time

	mu sync.Mutex
	// burst is when the burst began.
	burst time.Time
}

func startTraffic() (*traffic, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("serve the traffic: %w", err)
	}
	t := &traffic{url: "http://" + listener.Addr().String(), began: time.Now()}
	t.server = &http.Server{Handler: t, ReadHeaderTimeout: time.Minute}
	go func() { _ = t.server.Serve(listener) }()
	return t, nil
}

func (t *traffic) stop() { _ = t.server.Close() }

func (t *traffic) beginBurst() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.burst = time.Now()
}

// qps are the requests per second at a time.
func (t *traffic) qps(at time.Time) float64 {
	t.mu.Lock()
	defer t.mu.Unlock()
	since := at.Sub(t.burst)
	switch {
	case t.burst.IsZero() || since <= 0 || since > rise+top:
		return baseQPS
	case since > rise:
		return topQPS
	}
	return baseQPS + (topQPS-baseQPS)*since.Seconds()/rise.Seconds()
}

// rate is the mean of the last seconds, as a Prometheus has it that scrapes the counter ten times a second.
func (t *traffic) rate(at time.Time) float64 {
	const every = 100 * time.Millisecond
	sum := 0.0
	for ago := time.Duration(0); ago < rateOver; ago += every {
		sum += t.qps(at.Add(-ago))
	}
	return sum / float64(rateOver/every)
}

func (t *traffic) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	if r.FormValue("query") != trafficQuery {
		w.WriteHeader(http.StatusBadRequest)
		fmt.Fprintf(w, `{"status":"error","errorType":"bad_data","error":%q}`, "the demo knows no other query than "+trafficQuery)
		return
	}
	if strings.HasSuffix(r.URL.Path, "/query_range") {
		fmt.Fprintf(w, `{"status":"success","data":{"resultType":"matrix","result":[%s]}}`, t.between(r))
		return
	}
	now := time.Now()
	fmt.Fprintf(w, `{"status":"success","data":{"resultType":"vector","result":[{"metric":{},"value":%s}]}}`, t.sample(now))
}

// between are the samples of a time, of which there are some since the counter began.
func (t *traffic) between(r *http.Request) string {
	from, to, step := parameter(r, "start"), parameter(r, "end"), max(parameter(r, "step"), 1)
	samples := []string{}
	for at := max(from, unix(t.began)); at <= to; at += step {
		samples = append(samples, t.sample(time.UnixMilli(int64(at*1000))))
	}
	if len(samples) == 0 {
		return ""
	}
	return `{"metric":{},"values":[` + strings.Join(samples, ",") + `]}`
}

func (t *traffic) sample(at time.Time) string {
	return fmt.Sprintf(`[%.3f,"%.1f"]`, unix(at), t.rate(at))
}

func unix(at time.Time) float64 { return float64(at.UnixMilli()) / 1000 }

func parameter(r *http.Request, name string) float64 {
	value, _ := strconv.ParseFloat(r.FormValue(name), 64)
	return value
}
