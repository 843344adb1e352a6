// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package resources

import (
	"errors"

	elasticwebv1 "github.com/elasticweb/elasticweb-operator/api/v1"
	"github.com/elasticweb/elasticweb-operator/internal/plan"
	"github.com/elasticweb/elasticweb-operator/internal/podtemplate"
)

// PlanFor is the plan, and what the pods that it makes lack for the podTemplate, if anything. Where that is refused, for itself or for them, or no
// node can match what is asked for, observed says so, and the plan is that of the template that there is: a mistake in a template must not cost
// capacity.
func PlanFor(web *elasticwebv1.ElasticWeb, observed *plan.Observed) (planned plan.Plan, unfit error) {
	observed.KeepsTemplate = observed.KeepsTemplate && !observed.Contradicts // which is decided anew.
	planned = plan.Make(web, *observed)
	contradiction := planned.Placement.Contradiction
	observed.Contradicts = contradiction != "" && planned.Replicas > 0 && observed.Deployment != nil && !observed.KeepsTemplate
	if observed.Contradicts {
		facts := planned.Facts
		observed.KeepsTemplate = true
		planned = plan.Make(web, *observed)
		planned.Placement.Contradiction, planned.Facts = contradiction, facts
		return planned, nil
	}
	if web.Spec.PodTemplate == nil || observed.KeepsTemplate || planned.WaitsForImage {
		return planned, nil
	}
	_, err := Deployment(web, &planned)
	if _, isUnfit := errors.AsType[*podtemplate.Unfit](err); !isUnfit {
		return planned, nil // another error is told of when it is written.
	}
	observed.KeepsTemplate = true
	return plan.Make(web, *observed), err
}
