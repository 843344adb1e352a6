// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"time"

	"golang.org/x/sync/errgroup"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// podChurn has the pods of a few ElasticWebs become unready and ready again.
func (s *scene) podChurn(ctx context.Context) error {
	pods := min(s.n, s.flapping) * podsEach
	return s.underChurn(ctx, "pod churn", func(ctx context.Context, i int) error {
		return s.setReady(ctx, i%pods, i/pods%2 == 1)
	})
}

// nodeHeartbeats has the nodes report that they are as they were.
func (s *scene) nodeHeartbeats(ctx context.Context) error {
	return s.underChurn(ctx, "node heartbeats", func(ctx context.Context, i int) error {
		patch := fmt.Appendf(nil, `{"status":{"conditions":[{"type":"Ready","status":"True","message":"heartbeat %d","lastHeartbeatTime":%q}]}}`,
			i, time.Now().UTC().Format(time.RFC3339))
		return s.api.Status().Patch(ctx, node(i%s.nodes), client.RawPatch(types.StrategicMergePatchType, patch))
	})
}

// nodeCordons has the nodes cordoned and uncordoned, one after the other.
func (s *scene) nodeCordons(ctx context.Context) error {
	return s.underChurn(ctx, "node cordons", func(ctx context.Context, i int) error {
		patch := fmt.Appendf(nil, `{"spec":{"unschedulable":%t}}`, i%2 == 0)
		return s.api.Patch(ctx, node(i/2%s.nodes), client.RawPatch(types.MergePatchType, patch))
	})
}

// underChurn makes events at a rate, and counts what they cost the operator.
func (s *scene) underChurn(ctx context.Context, scenario string, event func(context.Context, int) error) error {
	events := int(s.churn.Seconds() * s.rate)
	if events == 0 {
		return nil
	}
	before, err := s.cost(ctx)
	if err != nil {
		return err
	}
	if before.cpu, err = processorTime(s.operator.pid); err != nil { // without that of the scrape.
		return err
	}
	var took time.Duration
	err = s.profiled(ctx, scenario, func(ctx context.Context) error {
		begin := time.Now()
		err := atRate(ctx, s.rate, events, event)
		took = time.Since(begin)
		return err
	})
	if err != nil {
		return err
	}
	if err := s.untilSettled(ctx); err != nil {
		return err
	}
	after, err := s.cost(ctx)
	if err != nil {
		return err
	}
	statusWrites := float64(after.statusWrites - before.statusWrites)
	s.note(scenario, "events per second", float64(events)/took.Seconds())
	s.note(scenario, "status writes per event", statusWrites/float64(events))
	s.note(scenario, "status writes per second", statusWrites/took.Seconds())
	s.noteCost(scenario, "event", events, before, after)
	return nil
}

// cost is what the operator has cost so far.
type cost struct {
	activity
	statusWrites int
	cpu          time.Duration
}

func (s *scene) cost(ctx context.Context) (c cost, err error) {
	// First, since what follows costs processor time by itself.
	if c.cpu, err = processorTime(s.operator.pid); err != nil {
		return cost{}, err
	}
	c.statusWrites = s.reports.changes()
	c.activity, err = s.operator.activity(ctx)
	return c, err
}

// noteCost notes what each of so many things of a name cost the operator.
func (s *scene) noteCost(scenario, thing string, count int, before, after cost) {
	note := func(name string, total float64) { s.note(scenario, name+" per "+thing, total/float64(count)) }
	note("reconciles", after.reconciles-before.reconciles)
	note("reads", after.reads-before.reads)
	note("writes", after.writes-before.writes)
	note("CPU, ms", (after.cpu-before.cpu).Seconds()*1000)
}

// untilSettled waits until no status is written any more: the operator holds one back for a second at most. It asks the
// operator nothing: to answer costs it processor time.
func (s *scene) untilSettled(ctx context.Context) error {
	for before := -1; before != s.reports.changes(); {
		before = s.reports.changes()
		if err := sleep(ctx, quietFor); err != nil {
			return err
		}
	}
	return nil
}

// atRate calls do for every number below n, so many a second, each without waiting for the one before.
func atRate(ctx context.Context, rate float64, n int, do func(context.Context, int) error) error {
	ticker := time.NewTicker(time.Duration(float64(time.Second) / rate))
	defer ticker.Stop()
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(100)
	for i := range n {
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return group.Wait()
		}
		group.Go(func() error { return do(ctx, i) })
	}
	return group.Wait()
}
