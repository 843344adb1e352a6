// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package resources

import (
	"reflect"

	corev1ac "k8s.io/client-go/applyconfigurations/core/v1"

	elasticwebv1 "github.com/elasticweb/elasticweb-operator/api/v1"
	"github.com/elasticweb/elasticweb-operator/internal/plan"
)

// Awaits is what waits for the user's next rollout, in words; none where a rollout would give the pods the template that they have.
func Awaits(web *elasticwebv1.ElasticWeb, observed plan.Observed, planned *plan.Plan) (what []string) {
	if observed.Deployment == nil || observed.KeepsTemplate {
		return nil
	}
	observed.TakesUp = &plan.TakenUp{}
	taken, _ := PlanFor(web, &observed)
	if taken.WaitsForImage || taken.Placement.Contradiction != "" {
		return nil
	}
	was, err := podTemplate(web, planned)
	if err != nil {
		return nil // it is told of when it is written.
	}
	is, err := podTemplate(web, &taken)
	if err != nil {
		return nil
	}
	for _, part := range []struct {
		words string
		of    func(*corev1ac.PodTemplateSpecApplyConfiguration) []any
	}{
		{"how the pods are placed", placementOf},
		{"what the registry says of the image", func(template *corev1ac.PodTemplateSpecApplyConfiguration) []any {
			return []any{template.Spec.Containers, template.Spec.SecurityContext}
		}},
		{"labels of the pods", func(template *corev1ac.PodTemplateSpecApplyConfiguration) []any { return []any{template.Labels} }},
	} {
		if !reflect.DeepEqual(part.of(was), part.of(is)) {
			what = append(what, part.words)
		}
	}
	return what
}

func placementOf(template *corev1ac.PodTemplateSpecApplyConfiguration) []any {
	spec := template.Spec
	return []any{spec.NodeSelector, spec.Affinity, spec.Tolerations, spec.TopologySpreadConstraints}
}
