// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package plan

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/utils/ptr"

	elasticwebv1 "github.com/elasticweb/elasticweb-operator/api/v1"
	"github.com/elasticweb/elasticweb-operator/internal/placement"
)

// How pods are spread changes with a rollout of the user's alone.
func TestSpreadingWaitsForARollout(t *testing.T) {
	older, newer, karpenter := placement.Spreading{Host: 7}, placement.Spreading{Host: 5, Whole: 1}, placement.Spreading{Host: 110, Whole: 1}
	takesUp := func(_ *elasticwebv1.ElasticWeb, o *Observed) { o.TakesUp = &TakenUp{} }
	nodes := func(arm64 int) *Nodes {
		return &Nodes{Schedulable: map[string]int{"arm64": arm64, "amd64": 3}}
	}
	for name, tc := range map[string]struct {
		inUse placement.Spreading
		event func(*elasticwebv1.ElasticWeb, *Observed)
		want  placement.Spreading
	}{
		"nothing":               {older, func(*elasticwebv1.ElasticWeb, *Observed) {}, older},
		"another demand":        {older, func(web *elasticwebv1.ElasticWeb, _ *Observed) { web.Spec.TotalQPS = ptr.To[int32](80_000) }, older},
		"nodes":                 {older, func(_ *elasticwebv1.ElasticWeb, o *Observed) { o.Nodes = nodes(1) }, older},
		"Karpenter comes":       {newer, func(_ *elasticwebv1.ElasticWeb, o *Observed) { o.HasKarpenter = true }, newer},
		"another image":         {older, func(web *elasticwebv1.ElasticWeb, _ *Observed) { web.Spec.Image += "1" }, newer},
		"one best node is left": {newer, func(web *elasticwebv1.ElasticWeb, o *Observed) { web.Spec.Image += "1"; o.Nodes = nodes(1) }, placement.Spreading{Host: 5, Whole: 10_000}},
		"another image, with Karpenter": {older, func(web *elasticwebv1.ElasticWeb, o *Observed) { web.Spec.Image += "1"; o.HasKarpenter = true },
			placement.Spreading{Host: 110, Whole: 1}},
		"a restart by kubectl": {older, func(_ *elasticwebv1.ElasticWeb, o *Observed) {
			o.Deployment.Spec.Template.Annotations = map[string]string{restartedAt: "2026-01-01T00:00:00Z"}
			o.Image.State = ImageResolved
		}, newer},
		"a restart that the registry was not asked about yet": {older, func(_ *elasticwebv1.ElasticWeb, o *Observed) {
			o.Deployment.Spec.Template.Annotations = map[string]string{restartedAt: "2026-01-01T00:00:00Z"}
			o.Image.State = ImagePending
		}, older},
		"taken up":                            {older, takesUp, newer},
		"taken up, one best node is left":     {newer, func(web *elasticwebv1.ElasticWeb, o *Observed) { takesUp(web, o); o.Nodes = nodes(1) }, placement.Spreading{Host: 5, Whole: 10_000}},
		"taken up, Karpenter made nodes":      {newer, func(web *elasticwebv1.ElasticWeb, o *Observed) { takesUp(web, o); o.HasKarpenter = true }, karpenter},
		"taken up, its pools are at zero":     {karpenter, takesUp, karpenter},
		"taken up from an older one of 110":   {placement.Spreading{Host: 110}, takesUp, newer},
		"another image, Karpenter is no more": {karpenter, func(web *elasticwebv1.ElasticWeb, _ *Observed) { web.Spec.Image += "1" }, newer},
		"the image lost an architecture": {older, func(_ *elasticwebv1.ElasticWeb, o *Observed) {
			o.Image = Image{State: ImageResolved, Facts: &ImageFacts{Reference: o.Image.Facts.Reference, Platforms: []string{"linux/amd64", "linux/arm64"}}}
		}, older},
	} {
		t.Run(name, func(t *testing.T) {
			web, observed, first := live(t)
			first.Record.spreadsAs(tc.inUse)
			observed.Deployment = deploymentOf(first)
			observed.Nodes, observed.Image.Facts = nodes(3), first.Facts
			tc.event(web, &observed)
			got := Make(web, observed).Record
			if diff := cmp.Diff(tc.want, got.spreading()); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// A lost record is read from the template, be it an older operator's, and where the user's own constraints are all that it has, from the
// weights.
func TestALostRecordOfAnOlderOperatorRestartsNothing(t *testing.T) {
	for name, own := range map[string]bool{"derived constraints": false, "the user's own": true} {
		for _, inUse := range []placement.Spreading{{Host: 7}, {Host: 5, Whole: 1}, {Host: 110, Whole: 10_000}} {
			web, observed, first := live(t)
			if own {
				web.Spec.TopologySpreadConstraints = []corev1.TopologySpreadConstraint{{MaxSkew: 1, TopologyKey: corev1.LabelTopologyZone, WhenUnsatisfiable: corev1.ScheduleAnyway}}
				first = Make(web, Observed{Image: Image{State: ImageResolved, Facts: first.Facts}})
			}
			first.Record.spreadsAs(inUse)
			observed.Deployment = deploymentOf(first)
			before := Make(web, observed).Placement
			templated(observed.Deployment, before)
			delete(observed.Deployment.Annotations, AnnotationRecord)
			if diff := cmp.Diff(before, Make(web, observed).Placement); diff != "" {
				t.Errorf("%s, %+v: the placement changed (-before +after):\n%s", name, inUse, diff)
			}
		}
	}
}
