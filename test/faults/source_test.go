// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package faults_test

import (
	"fmt"
	"io"
	"log"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// trafficSource is a Prometheus that tells of the traffic, or does harm.
type trafficSource struct {
	*httptest.Server

	mu  sync.Mutex
	qps float64
	// harm answers in the place of the number; nil does none.
	harm http.HandlerFunc
	done int64
}

func startTrafficSource(t *testing.T) *trafficSource {
	t.Helper()
	s := &trafficSource{}
	s.Server = httptest.NewUnstartedServer(s)
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	s.Start()
	t.Cleanup(func() {
		s.CloseClientConnections()
		go s.Close() // waits for answers that never come.
	})
	return s
}

func (s *trafficSource) set(qps float64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.qps = qps
}

// doHarm begins or, with nil, ends it.
func (s *trafficSource) doHarm(harm http.HandlerFunc) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.harm = harm
}

// harmDone is how many answers did harm.
func (s *trafficSource) harmDone() int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.done
}

func (s *trafficSource) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	qps, harm := s.qps, s.harm
	if harm != nil {
		s.done++
	}
	s.mu.Unlock()
	w.Header().Set("Content-Type", "application/json")
	switch {
	case harm != nil:
		harm(w, r)
	case strings.HasSuffix(r.URL.Path, "/query_range"):
		fmt.Fprintf(w, `{"status":"success","data":{"resultType":"matrix","result":[{"metric":{},"values":[%s]}]}}`, always(r, qps))
	default:
		fmt.Fprintf(w, `{"status":"success","data":{"resultType":"vector","result":[{"metric":{},"value":[%d,"%f"]}]}}`, time.Now().Unix(), qps)
	}
}

// always are samples of a number at all times that are asked for.
func always(r *http.Request, qps float64) string {
	at, _ := strconv.ParseFloat(r.FormValue("start"), 64)
	to, _ := strconv.ParseFloat(r.FormValue("end"), 64)
	step, _ := strconv.ParseFloat(r.FormValue("step"), 64)
	var values []string
	for ; at <= to; at += max(step, 1) {
		values = append(values, fmt.Sprintf(`[%.3f,"%f"]`, at, qps))
	}
	return strings.Join(values, ",")
}

// anyHarm is what a Prometheus may do, but for a number that could be true.
func anyHarm(random *rand.Rand) (what string, harm http.HandlerFunc) {
	says := func(text string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, text) }
	}
	vector := func(series string) http.HandlerFunc {
		return says(`{"status":"success","data":{"resultType":"vector","result":[` + series + `]}}`)
	}
	choices := []struct {
		what string
		harm http.HandlerFunc
	}{
		{"is cut off", func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }},
		{"hangs", func(_ http.ResponseWriter, r *http.Request) { linger(r, time.Minute) }},
		{"fails", func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "no", http.StatusServiceUnavailable) }},
		{"lets nobody in", func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "no", http.StatusUnauthorized) }},
		{"leads elsewhere", func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "http://127.0.0.1:9/", http.StatusFound)
		}},
		{"has nothing", vector("")},
		{"says NaN", vector(`{"metric":{},"value":[1,"NaN"]}`)},
		{"says less than nothing", vector(`{"metric":{},"value":[1,"-7"]}`)},
		{"says infinite", vector(`{"metric":{},"value":[1,"+Inf"]}`)},
		{"has several series", vector(`{"metric":{"a":"1"},"value":[1,"1"]},{"metric":{"a":"2"},"value":[1,"1"]}`)},
		{"says a string", says(`{"status":"success","data":{"resultType":"string","result":[1,"1"]}}`)},
		{"has a part", says(`{"status":"success","warnings":["a store is down"],"data":{"resultType":"vector","result":[{"metric":{},"value":[1,"1"]}]}}`)},
		{"says what is none of it", says(`<html>`)},
		{"says half of it", says(`{"status":"success","data":{"resultType":"vec`)},
		{"is endless", func(w http.ResponseWriter, r *http.Request) {
			for r.Context().Err() == nil {
				if _, err := io.WriteString(w, strings.Repeat(" ", 64<<10)); err != nil {
					return
				}
			}
		}},
	}
	choice := choices[random.IntN(len(choices))]
	return choice.what, choice.harm
}
