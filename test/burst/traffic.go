// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"
)

const (
	query  = "sum(rate(http_requests_total[1m]))"
	metric = "requests_per_second"
	group  = "external.metrics.k8s.io"
)

// traffic is the counter that Prometheus scrapes.
type traffic struct {
	settings
	began time.Time

	mu    sync.Mutex
	burst time.Time
}

func (t *traffic) beginBurst() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.burst = time.Now()
}

// progress is the part of the burst that is over; below 0 before it.
func (t *traffic) progress(at time.Time) float64 {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.burst.IsZero() {
		return -1
	}
	return at.Sub(t.burst).Seconds() / t.settings.burst.Seconds()
}

const riseEnds, topEnds, fallEnds = 0.2, 0.35, 0.5

func (t *traffic) qps(at time.Time) float64 {
	more := t.top - t.base
	switch done := t.progress(at); {
	case done <= 0 || done >= fallEnds:
		return t.base
	case done < riseEnds:
		return t.base + more*done/riseEnds
	case done < topEnds:
		return t.top
	default:
		return t.base + more*(fallEnds-done)/(fallEnds-topEnds)
	}
}

// counted are the requests until a time.
func (t *traffic) counted(at time.Time) float64 {
	// covered is the burst above the base, in wholes of its length and height.
	covered, done := 0.0, t.progress(at)
	if rise := min(max(done, 0), riseEnds); rise > 0 {
		covered += rise * rise / riseEnds / 2
	}
	covered += min(max(done-riseEnds, 0), topEnds-riseEnds)
	if fall := min(max(done-topEnds, 0), fallEnds-topEnds); fall > 0 {
		covered += fall - fall*fall/(fallEnds-topEnds)/2
	}
	return t.base*at.Sub(t.began).Seconds() + covered*(t.top-t.base)*t.settings.burst.Seconds()
}

func (t *traffic) ServeHTTP(w http.ResponseWriter, _ *http.Request) {
	fmt.Fprintf(w, "# TYPE http_requests_total counter\nhttp_requests_total %.0f\n", t.counted(time.Now()))
}

// adapter serves external.metrics.k8s.io from Prometheus, as prometheus-adapter and KEDA do.
type adapter struct{ prometheus string }

func (a adapter) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	if strings.Trim(r.URL.Path, "/") == "apis/"+group+"/v1beta1" {
		fmt.Fprintf(w, `{"kind":"APIResourceList","apiVersion":"v1","groupVersion":"%s/v1beta1","resources":[{"name":%q,"namespaced":true,`+
			`"kind":"ExternalMetricValueList","verbs":["get"]}]}`, group, metric)
		return
	}
	value, err := a.ask(r.Context())
	if err != nil {
		w.WriteHeader(http.StatusServiceUnavailable)
		fmt.Fprintf(w, `{"kind":"Status","apiVersion":"v1","status":"Failure","reason":"ServiceUnavailable","code":503,"message":%q}`, err.Error())
		return
	}
	fmt.Fprintf(w, `{"kind":"ExternalMetricValueList","apiVersion":"%s/v1beta1","metadata":{},"items":[{"metricName":%q,"metricLabels":{},`+
		`"timestamp":%q,"value":"%dm"}]}`, group, metric, time.Now().UTC().Format(time.RFC3339), int64(math.Round(value*1000)))
}

func (a adapter) ask(ctx context.Context) (float64, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, a.prometheus+"/api/v1/query?query="+url.QueryEscape(query), nil)
	if err != nil {
		return 0, err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return 0, err
	}
	defer response.Body.Close()
	answer := struct {
		Data struct {
			Result []struct{ Value [2]any }
		}
	}{}
	if err := json.NewDecoder(response.Body).Decode(&answer); err != nil {
		return 0, err
	}
	if len(answer.Data.Result) != 1 {
		return 0, fmt.Errorf("%d series", len(answer.Data.Result))
	}
	text, _ := answer.Data.Result[0].Value[1].(string)
	return strconv.ParseFloat(text, 64)
}
