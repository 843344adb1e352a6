// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package resources

import (
	"errors"

	elasticwebv1 "github.com/elasticweb/elasticweb-operator/api/v1"
	"github.com/elasticweb/elasticweb-operator/internal/plan"
	"github.com/elasticweb/elasticweb-operator/internal/podtemplate"
)

// PlanFor is the plan, and what the pods that it makes lack for the podTemplate, if anything. Where that is refused, for itself or for them,
// observed says so, and the plan is that of the template that there is.
func PlanFor(web *elasticwebv1.ElasticWeb, observed *plan.Observed) (planned plan.Plan, unfit error) {
	planned = plan.Make(web, *observed)
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
