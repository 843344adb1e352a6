// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"time"
)

// The scenarios that a bare client goes through, too.
const (
	scenarioCreate       = "create"
	scenarioChangeDemand = "change totalQPS"
	scenarioChangeImage  = "change image"
)

func (s *scene) create(ctx context.Context) error {
	return s.timed(ctx, scenarioCreate, func(ctx context.Context, i int) error { return s.api.Create(ctx, web(i)) })
}

func (s *scene) changeDemand(ctx context.Context) error {
	return s.changeAll(ctx, scenarioChangeDemand, otherDemand)
}

func (s *scene) changeImage(ctx context.Context) error {
	return s.changeAll(ctx, scenarioChangeImage, otherImage)
}

func (s *scene) changeAll(ctx context.Context, scenario, patch string) error {
	change := s.change(patch)
	if err := s.timed(ctx, scenario, change); err != nil {
		return err
	}
	s.noteLatency(scenario)
	return nil
}

func (s *scene) change(patch string) func(context.Context, int) error {
	patched := patching(s.api, patch)
	return func(ctx context.Context, i int) error {
		s.writes.begin(web(i).Name)
		_, err := patched(ctx, i)
		return err
	}
}

func (s *scene) noteLatency(scenario string) {
	took := s.writes.take()
	s.note(scenario, "p50, ms to the Deployment's write", quantile(took, 0.5))
	s.note(scenario, "p99, ms to the Deployment's write", quantile(took, 0.99))
}

// timed changes all ElasticWebs as fast as it goes, and waits until the status of each speaks of the change:
// the operator writes it last.
func (s *scene) timed(ctx context.Context, scenario string, change func(context.Context, int) error) error {
	before, err := s.cost(ctx)
	if err != nil {
		return err
	}
	var operator, bare effort
	err = s.profiled(ctx, scenario, func(ctx context.Context) (err error) {
		operator, bare, err = s.inTurns(ctx, scenario, change)
		return err
	})
	if err != nil {
		return err
	}
	each := func(total time.Duration) float64 { return total.Seconds() * 1000 / float64(s.n) }
	s.note(scenario, "operator, s", operator.took.Seconds())
	if bare.took > 0 {
		s.note(scenario, "bare client, s", bare.took.Seconds())
		s.note(scenario, "ratio", operator.took.Seconds()/bare.took.Seconds())
		s.note(scenario, "API server's CPU beside the bare client, ms per ElasticWeb", each(bare.apiServer))
	}
	s.note(scenario, "API server's CPU, ms per ElasticWeb", each(operator.apiServer))
	s.note(scenario, "operator, ms per ElasticWeb", each(operator.took))
	if err := s.operator.idle(ctx); err != nil {
		return err
	}
	after, err := s.cost(ctx)
	if err != nil {
		return err
	}
	s.noteCost(scenario, "ElasticWeb", s.n, before, after)
	return nil
}

func (s *scene) untilReported(ctx context.Context, n int, change func() error) error {
	all := s.reports.next(n)
	if err := change(); err != nil {
		return err
	}
	select {
	case <-all:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Single changes come so far apart that none waits for another.
const (
	singleChanges = 200
	singleRate    = 20.0
)

func (s *scene) singleChanges(ctx context.Context) error {
	const scenario = "single change"
	n := min(s.n, singleChanges)
	patch := firstDemand
	if !s.isChosen(scenarioChangeDemand) {
		patch = otherDemand // a patch that changes nothing would be waited for in vain.
	}
	change := s.change(patch)
	err := s.untilReported(ctx, n, func() error {
		return atRate(ctx, singleRate, n, change)
	})
	if err != nil {
		return err
	}
	s.noteLatency(scenario)
	return nil
}
