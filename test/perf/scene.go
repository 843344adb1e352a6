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
	limits   map[string]float64
	idle     memory
	// registry is where the operators that start from now on look up images; "" where they look nothing up.
	registry string
	figures  []figure
}

func (s *scene) note(scenario, name string, value float64) {
	s.figures = append(s.figures, figure{Scenario: scenario, Name: name, Number: s.n, Value: value})
}

// measureOperator goes through all scenarios with n ElasticWebs.
func measureOperator(ctx context.Context, c *cluster.Cluster, settings settings, n int, limits map[string]float64) ([]figure, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	s := &scene{settings: settings, n: n, cluster: c, limits: limits}
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
	if s.idle, err = s.operator.memory(ctx); err != nil {
		return nil, err
	}
	err = s.all(ctx)
	return s.figures, err
}

// scenario is a part of the run. Those that are needed make what the later ones work on, and run where one of them does.
type scenario struct {
	name     string
	run      func(*scene, context.Context) error
	isNeeded bool
}

var scenarioOrder = []scenario{
	{scenarioCreate, (*scene).create, true},
	{scenarioChangeDemand, (*scene).changeDemand, false},
	{scenarioChangeImage, (*scene).changeImage, false},
	{"single change", (*scene).singleChanges, false},
	{"rest", (*scene).atRest, false},
	{"pods", (*scene).addPods, true},
	{"restart", (*scene).restart, false},
	{"memory", (*scene).memory, false},
	{"pod churn", (*scene).podChurn, false},
	{"node heartbeats", (*scene).nodeHeartbeats, false},
	{"node cordons", (*scene).nodeCordons, false},
	{scenarioRegistry, (*scene).lookUps, false},
}

func (s *scene) all(ctx context.Context) error {
	for i, part := range scenarioOrder {
		isLaterChosen := slices.ContainsFunc(scenarioOrder[i+1:], func(later scenario) bool { return s.isChosen(later.name) })
		if !s.isChosen(part.name) && (!part.isNeeded || !isLaterChosen) {
			continue
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
	next, err := startOperator(ctx, s.cluster, s.settings, resync, s.registry)
	if err != nil {
		return err
	}
	s.operator = next
	return nil
}
