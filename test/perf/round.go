// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/elasticweb/elasticweb-operator/test/cluster"
)

// measure gives the medians of all rounds; with an error, of those before it.
func measure(ctx context.Context, s settings) ([]figure, error) {
	var all []figure
	for range s.rounds {
		for _, n := range s.numbers {
			figures, err := round(ctx, s, n)
			if err != nil {
				return medians(all), fmt.Errorf("with %d ElasticWebs: %w", n, err)
			}
			all = append(all, figures...)
		}
	}
	return medians(all), nil
}

// round measures the operator and the bare client, each on a control plane of its own, and the peer after them.
func round(ctx context.Context, s settings, n int) (figures []figure, err error) {
	var bare *bareClient
	if s.isChosen(scenarioCreate) || s.isChosen(scenarioChangeDemand) || s.isChosen(scenarioChangeImage) {
		if bare, err = startBareClient(ctx, s); err != nil {
			return nil, fmt.Errorf("bare client: %w", err)
		}
	}
	defer func() { err = errors.Join(err, bare.stop()) }()
	err = onControlPlane(ctx, func(c *cluster.Cluster) (err error) {
		figures, err = measureOperator(ctx, c, s, n, bare)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("operator: %w", err)
	}
	if !s.isChosen(scenarioPeer) {
		return figures, nil
	}
	if err := bare.stop(); err != nil {
		return nil, err
	}
	err = onControlPlane(ctx, func(c *cluster.Cluster) error {
		measured, err := measurePeer(ctx, c, s, n)
		figures = append(figures, measured...)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("peer: %w", err)
	}
	return figures, nil
}

func onControlPlane(ctx context.Context, measure func(*cluster.Cluster) error) (err error) {
	c, err := startControlPlane(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, c.Stop()) }()
	return measure(c)
}

// startControlPlane starts an API server with nothing beside it that makes pods.
func startControlPlane(ctx context.Context) (*cluster.Cluster, error) {
	c, err := cluster.Start(ctx, cluster.Options{NodePortRange: fmt.Sprintf("%d-%d", firstPort, lastPort), Progress: os.Stderr})
	if err != nil {
		return nil, err
	}
	for _, component := range []cluster.Component{cluster.ControllerManager, cluster.Scheduler, cluster.Kwok} {
		if err := c.StopComponent(component); err != nil {
			return nil, errors.Join(err, c.Stop())
		}
	}
	return c, nil
}
