// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package elasticweb

import (
	"context"
	"encoding/json"
	"fmt"

	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	elasticwebv1 "github.com/elasticweb/elasticweb-operator/api/v1"
	"github.com/elasticweb/elasticweb-operator/controllers"
	"github.com/elasticweb/elasticweb-operator/internal/apply"
	"github.com/elasticweb/elasticweb-operator/internal/plan"
)

// seedManager owns spec.replicas of an ElasticWeb that leaves them to an autoscaler, until that writes them.
const seedManager = controllers.FieldManager + "-seed"

// seedReplicas gives the scale subresource a number to begin with: without one it answers with an error.
func (r *Reconciler) seedReplicas(ctx context.Context, web *elasticwebv1.ElasticWeb, p *plan.Plan) error {
	if p.Seed == nil {
		return nil
	}
	body, err := json.Marshal(map[string]any{
		"apiVersion": elasticwebv1.GroupVersion.String(),
		"kind":       Kind,
		"metadata":   map[string]any{"name": web.Name, "namespace": web.Namespace, "resourceVersion": web.ResourceVersion},
		"spec":       map[string]any{"replicas": *p.Seed},
	})
	if err != nil {
		return fmt.Errorf("marshal the first number of replicas: %w", err)
	}
	seeded := &elasticwebv1.ElasticWeb{}
	seeded.Name, seeded.Namespace = web.Name, web.Namespace
	err = r.applier.Try(writeOf(Kind, web, fmt.Sprintf("%d replicas", *p.Seed)), func() error {
		err := r.written.During(Kind, seeded, func() error {
			return r.Writer.Patch(ctx, seeded, client.RawPatch(types.ApplyPatchType, body), client.FieldOwner(seedManager))
		})
		return r.orLookAgain(ctx, web, err)
	})
	if err != nil {
		return err
	}
	r.memory.wrote(web.ResourceVersion, seeded)
	seeded.DeepCopyInto(web)
	r.memory.confirm(web) // the write named the version that it was decided on.
	p.Record.Generation = web.Generation
	return nil
}

// orLookAgain has the next pass look at the ElasticWeb itself where a write of it met another version than it was decided on.
func (r *Reconciler) orLookAgain(ctx context.Context, web *elasticwebv1.ElasticWeb, err error) error {
	if !apply.IsConflict(err) && !apply.IsGone(err) {
		return err
	}
	if err := r.lookAgain(ctx, client.ObjectKeyFromObject(web)); err != nil {
		return err
	}
	return &apply.ChangedError{Kind: Kind, Name: web.Name, Err: err}
}

// writeOf is what is to be written of an object that has the ElasticWeb's name.
func writeOf(kind string, web *elasticwebv1.ElasticWeb, what string) apply.Write {
	return apply.Write{Kind: kind, Namespace: web.Namespace, Name: web.Name, What: what}
}
