// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"slices"
	"time"

	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/elasticweb/elasticweb-operator/test/cluster"
)

// noResync is longer than any run, and what the operator has by default.
const noResync = 10 * time.Hour

// scene is the operator on a control plane.
type scene struct {
	settings
	n        int
	cluster  *cluster.Cluster
	api      client.Client
	reports  *reports
	writes   *deploymentWrites
	operator *operator
	bare     *bareClient
	idle     memory
	// registry is where the operators that start from now on look up images; "" where they look nothing up.
	registry string
	// arguments are further ones of the operators that start from now on.
	arguments []string
	figures   []figure
}

func (s *scene) note(scenario, name string, value float64) {
	s.figures = append(s.figures, figure{Scenario: scenario, Name: name, Number: s.n, Value: value})
}

// measureOperator goes through all scenarios with n ElasticWebs.
func measureOperator(ctx context.Context, c *cluster.Cluster, settings settings, n int, bare *bareClient) ([]figure, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	s := &scene{settings: settings, n: n, cluster: c, bare: bare}
	var err error
	if s.api, err = newClient(c); err != nil {
		return nil, err
	}
	if err := prepare(ctx, s.api); err != nil {
		return nil, err
	}
	if s.reports, s.writes, err = watch(ctx, c, s.api.Scheme()); err != nil {
		return nil, err
	}
	if err := s.start(ctx, noResync); err != nil {
		return nil, err
	}
	defer func() { s.operator.stop() }()
	if err := started(ctx, c); err != nil {
		return nil, err
	}
	if bare != nil {
		if err := started(ctx, bare.cluster); err != nil {
			return nil, err
		}
	}
	if s.idle, err = s.operator.memory(ctx); err != nil {
		return nil, err
	}
	err = s.all(ctx)
	return s.figures, err
}

// scenario is a part of the run. Those that are needed make what the later ones work on, and run where one of them does.
// Those that are compared come first: nothing else runs beside the others.
type scenario struct {
	name                 string
	run                  func(*scene, context.Context) error
	isNeeded, isCompared bool
}

var scenarioOrder = []scenario{
	{name: scenarioCreate, run: (*scene).create, isNeeded: true, isCompared: true},
	{name: scenarioChangeDemand, run: (*scene).changeDemand, isCompared: true},
	{name: scenarioChangeImage, run: (*scene).changeImage, isCompared: true},
	{name: "single change", run: (*scene).singleChanges},
	{name: "rest", run: (*scene).atRest},
	{name: "pods", run: (*scene).addPods, isNeeded: true},
	{name: "restart", run: (*scene).restart},
	{name: "memory", run: (*scene).memory},
	{name: "pod churn", run: (*scene).podChurn},
	{name: "node heartbeats", run: (*scene).nodeHeartbeats},
	{name: "node cordons", run: (*scene).nodeCordons},
	{name: scenarioTraffic, run: (*scene).steadyTraffic},
	{name: scenarioRegistry, run: (*scene).lookUps},
}

func (s *scene) all(ctx context.Context) error {
	for i, part := range scenarioOrder {
		isLaterChosen := slices.ContainsFunc(scenarioOrder[i+1:], func(later scenario) bool { return s.isChosen(later.name) })
		if !s.isChosen(part.name) && (!part.isNeeded || !isLaterChosen) {
			continue
		}
		if !part.isCompared {
			if err := s.bare.stop(); err != nil {
				return err
			}
		}
		if err := part.run(s, ctx); err != nil {
			return fmt.Errorf("%s: %w", part.name, err)
		}
	}
	return nil
}

// start replaces the operator by a new process.
func (s *scene) start(ctx context.Context, resync time.Duration) error {
	if s.operator != nil {
		s.operator.stop()
	}
	next, err := startOperator(ctx, s.cluster, s.settings, resync, s.registry, s.arguments...)
	if err != nil {
		return err
	}
	s.operator = next
	return nil
}
