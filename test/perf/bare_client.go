// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"golang.org/x/sync/errgroup"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	elasticwebv1 "github.com/elasticweb/elasticweb-operator/api/v1"
	"github.com/elasticweb/elasticweb-operator/internal/plan"
	"github.com/elasticweb/elasticweb-operator/internal/resources"
	"github.com/elasticweb/elasticweb-operator/internal/status"
	"github.com/elasticweb/elasticweb-operator/test/cluster"
)

// measureBareClient makes the writes that the operator makes, and nothing else: no watch, no comparison. The harness
// watches as it does beside the operator, so that what that takes counts for both. It gives the seconds that the scenarios took.
func measureBareClient(ctx context.Context, c *cluster.Cluster, s settings, n int) (map[string]float64, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	api, err := newClient(c)
	if err != nil {
		return nil, err
	}
	if err := prepare(ctx, api); err != nil {
		return nil, err
	}
	if _, _, err := watch(ctx, c, api.Scheme()); err != nil {
		return nil, err
	}
	create := func(ctx context.Context, i int) (*elasticwebv1.ElasticWeb, error) {
		w := web(i)
		return w, api.Create(ctx, w)
	}
	all := func(ctx context.Context, w *elasticwebv1.ElasticWeb) error { return writeAll(ctx, api, w) }
	deployment := func(ctx context.Context, w *elasticwebv1.ElasticWeb) error {
		return writeDeploymentAndStatus(ctx, api, w)
	}
	limits := map[string]float64{}
	for _, scenario := range []struct {
		name   string
		change func(context.Context, int) (*elasticwebv1.ElasticWeb, error)
		follow func(context.Context, *elasticwebv1.ElasticWeb) error
	}{
		{scenarioCreate, create, all},
		{scenarioChangeDemand, patching(api, otherDemand), deployment},
		{scenarioChangeImage, patching(api, otherImage), deployment},
	} {
		if scenario.name != scenarioCreate && !s.isChosen(scenario.name) {
			continue
		}
		took, err := pipeline(ctx, s, n, scenario.change, scenario.follow)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", scenario.name, err)
		}
		limits[scenario.name] = took.Seconds()
	}
	return limits, nil
}

// pipeline changes ElasticWebs with one set of workers, and writes what follows with another, as it is with
// an operator.
func pipeline(ctx context.Context, s settings, n int, change func(context.Context, int) (*elasticwebv1.ElasticWeb, error),
	follow func(context.Context, *elasticwebv1.ElasticWeb) error) (time.Duration, error) {
	begin := time.Now()
	changed := make(chan *elasticwebv1.ElasticWeb, n)
	group, ctx := errgroup.WithContext(ctx)
	for range s.concurrency {
		group.Go(func() error {
			for w := range changed {
				if err := follow(ctx, w); err != nil {
					return err
				}
			}
			return nil
		})
	}
	err := forEach(ctx, n, s.concurrency, func(ctx context.Context, i int) error {
		w, err := change(ctx, i)
		changed <- w
		return err
	})
	close(changed)
	if followed := group.Wait(); err == nil {
		err = followed
	}
	return time.Since(begin), err
}

func writeAll(ctx context.Context, api client.Client, w *elasticwebv1.ElasticWeb) error {
	if err := applyBare(ctx, api, &corev1.Service{}, resources.Service(w, false)); err != nil {
		return err
	}
	if err := applyBare(ctx, api, &policyv1.PodDisruptionBudget{}, resources.Budget(w)); err != nil {
		return err
	}
	return writeDeploymentAndStatus(ctx, api, w)
}

func writeDeploymentAndStatus(ctx context.Context, api client.Client, w *elasticwebv1.ElasticWeb) error {
	p := plan.Make(w, plan.Observed{})
	deployment, err := resources.Deployment(w, &p)
	if err != nil {
		return err
	}
	deployment.WithAnnotations(map[string]string{plan.AnnotationRecord: p.Record.String()})
	if err := applyBare(ctx, api, &appsv1.Deployment{}, deployment); err != nil {
		return err
	}
	changed := w.DeepCopy()
	changed.Status = status.Make(status.Input{Web: w, Plan: &p, Now: metav1.Now()})
	return api.Status().Patch(ctx, changed, client.MergeFrom(w))
}

func applyBare(ctx context.Context, api client.Client, into client.Object, configuration any) error {
	body, err := json.Marshal(configuration)
	if err != nil {
		return fmt.Errorf("marshal: %w", err)
	}
	name := metav1.PartialObjectMetadata{}
	if err := json.Unmarshal(body, &name); err != nil {
		return fmt.Errorf("read the name: %w", err)
	}
	into.SetNamespace(name.Namespace)
	into.SetName(name.Name)
	return api.Patch(ctx, into, client.RawPatch(types.ApplyPatchType, body), client.ForceOwnership, client.FieldOwner("bare-client"))
}
