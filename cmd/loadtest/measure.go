// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"log/slog"
	"time"

	"github.com/elasticweb/elasticweb-operator/internal/loadtest"
	"github.com/elasticweb/elasticweb-operator/internal/loadtest/attack"
)

// grace is what the last answers and a busy machine may take beyond the duration before the search is cut off.
const grace = 30 * time.Second

// measure waits for the target, and searches for its rate until that is found, or ctx or the time is over.
func measure(ctx context.Context, o options, log *slog.Logger) loadtest.Result {
	attacker := attack.New(o.target, o.limits.LatencyTarget)
	defer attacker.Close()
	log.Info("wait for the target", "target", o.target, "atMost", o.wait)
	reason, message := attacker.Await(ctx, o.wait)
	search := loadtest.NewSearch(o.limits)
	switch {
	case ctx.Err() != nil:
		search.Interrupt()
	case reason != "":
		result := loadtest.Result{Architecture: o.architecture, Reason: reason, Message: message}
		report(log, result)
		return result
	default:
		explore(ctx, search, attacker, o.limits.Duration+grace, log)
	}
	result := search.Result()
	result.Architecture = o.architecture
	report(log, result)
	return result
}

// explore carries the search's steps out.
func explore(ctx context.Context, search *loadtest.Search, attacker *attack.Attacker, atMost time.Duration, log *slog.Logger) {
	ctx, cancel := context.WithTimeout(ctx, atMost)
	defer cancel()
	for step, more := search.Next(); more; step, more = search.Next() {
		m := attacker.Run(ctx, step)
		if ctx.Err() != nil {
			// The step is not whole: it says nothing.
			search.Interrupt()
			return
		}
		search.Observe(m)
		verdict := "held"
		if steps := search.Steps(); steps[len(steps)-1].Broke != "" {
			verdict = string(steps[len(steps)-1].Broke)
		}
		log.Info("step", "phase", step.Phase, "rate", step.Rate, "sent", m.Sent, "served", m.Served, "p50", m.P50, "p99", m.P99,
			"errorRate", m.ErrorRate, "verdict", verdict, "took", m.Elapsed.Round(time.Millisecond))
	}
}

func report(log *slog.Logger, result loadtest.Result) {
	log.Info("result", "reason", result.Reason, "qps", result.QPS, "atLeast", result.AtLeast, "limitedBy", result.LimitedBy,
		"p99", time.Duration(result.P99Micros)*time.Microsecond, "message", result.Message)
}
