// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

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

// bareClient makes the writes that the operator makes, and nothing else: no watch, no comparison. The harness
// watches as it does beside the operator, so that what that takes counts for both.
type bareClient struct {
	api client.Client
	// validation is what its applies ask for.
	validation client.FieldValidation
	cluster    *cluster.Cluster
	unwatch    func()
}

// startBareClient starts a control plane for it alone.
func startBareClient(ctx context.Context, s settings) (*bareClient, error) {
	c, err := startControlPlane(ctx)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(ctx)
	b := &bareClient{validation: client.FieldValidation(s.validation), cluster: c, unwatch: cancel}
	if b.api, err = newClient(c); err == nil {
		err = prepare(ctx, b.api)
	}
	if err == nil {
		_, _, err = watch(ctx, c, b.api.Scheme())
	}
	if err != nil {
		return nil, errors.Join(err, b.stop())
	}
	return b, nil
}

// stop ends the control plane. It may be called more than once, and without a client.
func (b *bareClient) stop() error {
	if b == nil || b.cluster == nil {
		return nil
	}
	b.unwatch()
	c := b.cluster
	b.cluster = nil
	return c.Stop()
}

// do makes a part of a scenario: changes ElasticWebs, and writes what follows.
func (b *bareClient) do(ctx context.Context, scenario string, concurrency int, part span) error {
	switch scenario {
	case scenarioCreate:
		create := func(ctx context.Context, i int) (*elasticwebv1.ElasticWeb, error) {
			w := web(i)
			return w, b.api.Create(ctx, w)
		}
		return pipeline(ctx, part, concurrency, create, b.writeAll)
	case scenarioChangeDemand:
		return pipeline(ctx, part, concurrency, patching(b.api, otherDemand), b.writeDeploymentAndStatus)
	case scenarioChangeImage:
		return pipeline(ctx, part, concurrency, patching(b.api, otherImage), b.writeDeploymentAndStatus)
	default:
		return fmt.Errorf("the bare client knows no scenario %q", scenario)
	}
}

// pipeline changes ElasticWebs with one set of workers, and writes what follows with another, as it is with
// an operator.
func pipeline(ctx context.Context, part span, concurrency int, change func(context.Context, int) (*elasticwebv1.ElasticWeb, error),
	follow func(context.Context, *elasticwebv1.ElasticWeb) error) error {
	changed := make(chan *elasticwebv1.ElasticWeb, part.len())
	group, ctx := errgroup.WithContext(ctx)
	for range concurrency {
		group.Go(func() error {
			for w := range changed {
				if err := follow(ctx, w); err != nil {
					return err
				}
			}
			return nil
		})
	}
	err := forEach(ctx, part, concurrency, func(ctx context.Context, i int) error {
		w, err := change(ctx, i)
		changed <- w
		return err
	})
	close(changed)
	if followed := group.Wait(); err == nil {
		err = followed
	}
	return err
}

func (b *bareClient) writeAll(ctx context.Context, w *elasticwebv1.ElasticWeb) error {
	p := plan.Make(w, plan.Observed{})
	if err := b.apply(ctx, &corev1.Service{}, resources.Service(w, &p, nil)); err != nil {
		return err
	}
	if err := b.apply(ctx, &policyv1.PodDisruptionBudget{}, resources.Budget(w)); err != nil {
		return err
	}
	return b.writeDeploymentAndStatus(ctx, w)
}

func (b *bareClient) writeDeploymentAndStatus(ctx context.Context, w *elasticwebv1.ElasticWeb) error {
	p := plan.Make(w, plan.Observed{})
	deployment, err := resources.Deployment(w, &p)
	if err != nil {
		return err
	}
	deployment.WithAnnotations(map[string]string{plan.AnnotationRecord: p.Record.String()})
	if err := b.apply(ctx, &appsv1.Deployment{}, deployment); err != nil {
		return err
	}
	changed := w.DeepCopy()
	changed.Status, _ = status.Make(status.Input{Web: w, Plan: &p, Now: metav1.Now()})
	return b.api.Status().Patch(ctx, changed, client.MergeFrom(w))
}

func (b *bareClient) apply(ctx context.Context, into client.Object, configuration any) error {
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
	return b.api.Patch(ctx, into, client.RawPatch(types.ApplyPatchType, body),
		client.ForceOwnership, client.FieldOwner("bare-client"), b.validation)
}
