// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package elasticweb

import (
	"context"
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
	body := fmt.Appendf(nil, `{"apiVersion":%q,"kind":%q,"metadata":{"name":%q,"namespace":%q,"resourceVersion":%q},"spec":{"replicas":%d}}`,
		elasticwebv1.GroupVersion, Kind, web.Name, web.Namespace, web.ResourceVersion, *p.Seed)
	seeded := &elasticwebv1.ElasticWeb{}
	seeded.Name, seeded.Namespace = web.Name, web.Namespace
	err := r.applier.Try(writeOf(Kind, web, fmt.Sprintf("%d replicas", *p.Seed)), func() error {
		err := r.written.During(Kind, seeded, func() error {
			return r.Writer.Patch(ctx, seeded, client.RawPatch(types.ApplyPatchType, body), client.FieldOwner(seedManager))
		})
		return r.orLookAgain(ctx, web, err)
	})
	if err != nil {
		return err
	}
	r.memory.wrote(web.ResourceVersion, seeded)
	pods := web.Spec.PodSettings // as they were resolved.
	seeded.DeepCopyInto(web)
	web.Spec.PodSettings = pods
	r.memory.confirm(web) // the write named the version that it was decided on.
	p.Record.Generation = web.Generation
	return nil
}

// writeOf is what is to be written of an object that has the ElasticWeb's name.
func writeOf(kind string, web *elasticwebv1.ElasticWeb, what string) apply.Write {
	return apply.Write{Kind: kind, Namespace: web.Namespace, Name: web.Name, What: what}
}
