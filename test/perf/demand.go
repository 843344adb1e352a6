// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/wait"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

const scenarioTraffic = "steady traffic"

// steadyTraffic has the traffic of all ElasticWebs read, which stays as it is, and counts what that costs.
func (s *scene) steadyTraffic(ctx context.Context) error {
	if s.rest == 0 {
		return nil
	}
	if err := s.start(ctx, noResync); err != nil {
		return err
	}
	if _, err := s.operator.quiet(ctx, s.n); err != nil {
		return err
	}
	without, err := s.operator.memory(ctx)
	if err != nil {
		return err
	}
	s.operator.stop()
	server := newSteadyPrometheus()
	defer server.Close()
	s.arguments = []string{"--prometheus-url=" + server.URL}
	defer func() { s.arguments = nil }()
	if err := s.followTraffic(ctx); err != nil {
		return err
	}
	return s.measureTraffic(ctx, server, without)
}

// followTraffic returns when the traffic of all was read, and nothing is left to do.
func (s *scene) followTraffic(ctx context.Context) error {
	err := forEach(ctx, span{0, s.n}, s.concurrency, func(ctx context.Context, i int) error {
		patch := fmt.Appendf(nil, `{"spec":{"totalQPS":null,"demand":{"prometheus":{"query":"shop_%d"}}}}`, i)
		return s.api.Patch(ctx, web(i), client.RawPatch(types.MergePatchType, patch))
	})
	if err != nil {
		return err
	}
	if err := s.start(ctx, noResync); err != nil {
		return err
	}
	err = wait.PollUntilContextTimeout(ctx, time.Second, 5*time.Minute, true, func(ctx context.Context) (bool, error) {
		read, err := s.operator.scrape(ctx, "elasticweb_demand_up")
		return int(read) == s.n, err
	})
	if err != nil {
		return fmt.Errorf("wait until the traffic of all is read: %w", err)
	}
	_, err = s.operator.quiet(ctx, s.n)
	return err
}

func (s *scene) measureTraffic(ctx context.Context, server *steadyPrometheus, without memory) error {
	before, err := s.operator.activity(ctx)
	if err != nil {
		return err
	}
	asked, busy, began := server.queries.Load(), time.Duration(0), time.Now()
	if busy, err = processorTime(s.operator.pid); err != nil {
		return err
	}
	if err := sleep(ctx, s.rest); err != nil {
		return err
	}
	after, err := s.operator.activity(ctx)
	if err != nil {
		return err
	}
	busyAfter, err := processorTime(s.operator.pid)
	if err != nil {
		return err
	}
	took := time.Since(began)
	with, err := s.operator.memory(ctx)
	if err != nil {
		return err
	}
	s.note(scenarioTraffic, "CPU, s per minute", (busyAfter-busy).Seconds()/took.Minutes())
	s.note(scenarioTraffic, "queries per second", float64(server.queries.Load()-asked)/took.Seconds())
	s.note(scenarioTraffic, "reads", after.reads-before.reads)
	s.note(scenarioTraffic, "writes", after.writes-before.writes)
	s.note(scenarioTraffic, "reconciles", after.reconciles-before.reconciles)
	s.note(scenarioTraffic, "heap, KiB per ElasticWeb beyond totalQPS", (with.heap-without.heap)/1024/float64(s.n))
	return nil
}

// steadyPrometheus answers every query with the same number, at any time.
type steadyPrometheus struct {
	*httptest.Server
	queries atomic.Int64
}

func newSteadyPrometheus() *steadyPrometheus {
	s := &steadyPrometheus{}
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.queries.Add(1)
		if err := r.ParseForm(); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		if !strings.HasSuffix(r.URL.Path, "/query_range") {
			fmt.Fprintf(w, `{"status":"success","data":{"resultType":"vector","result":[{"metric":{},"value":[%d,"2000"]}]}}`, time.Now().Unix())
			return
		}
		fmt.Fprintf(w, `{"status":"success","data":{"resultType":"matrix","result":[{"metric":{},"values":[%s]}]}}`, steady(r))
	}))
	return s
}

// steady are the values that a range query asks for.
func steady(r *http.Request) string {
	at, to, step := number(r, "start"), number(r, "end"), max(number(r, "step"), 1)
	var values []string
	for ; at <= to; at += step {
		values = append(values, fmt.Sprintf(`[%f,"2000"]`, at))
	}
	return strings.Join(values, ",")
}

func number(r *http.Request, parameter string) float64 {
	value, _ := strconv.ParseFloat(r.Form.Get(parameter), 64)
	return value
}
