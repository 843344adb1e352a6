// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package status

import (
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	elasticwebv1 "github.com/elasticweb/elasticweb-operator/api/v1"
	"github.com/elasticweb/elasticweb-operator/internal/plan"
)

// platformsResolved is True while the pods are made from facts of the very image that the spec names.
func platformsResolved(in Input) (metav1.ConditionStatus, verdict) {
	image := in.Observed.Image
	before := meta.FindStatusCondition(in.Web.Status.Conditions, elasticwebv1.ConditionPlatformsResolved)
	switch {
	case image.State == plan.ImagePending && !in.Plan.WaitsForImage && before != nil && before.Reason != elasticwebv1.ReasonResolvingImage:
		return before.Status, verdict{reason: before.Reason, message: before.Message} // it is asked again, and no pod waits for that.
	case image.State == plan.ImageFailed:
		return metav1.ConditionFalse, verdict{reason: image.Reason, message: image.Message + "; " + fallback(in.Plan)}
	case in.Plan.Facts != nil && in.Plan.Facts.Reference == in.Web.Spec.Image:
		return metav1.ConditionTrue, verdict{reason: elasticwebv1.ReasonResolved, message: "the platforms of the image are known from its registry"}
	case image.State == plan.ImageResolved:
		return metav1.ConditionTrue, verdict{reason: elasticwebv1.ReasonResolved, message: "the platforms of the image are known from its registry, and are taken up with the next rollout (kubectl rollout restart is one); until then " + fallback(in.Plan)}
	case image.State == plan.ImagePending:
		return metav1.ConditionUnknown, verdict{reason: elasticwebv1.ReasonResolvingImage, message: notTold + "; " + fallback(in.Plan)}
	default:
		return metav1.ConditionUnknown, verdict{reason: elasticwebv1.ReasonNotLookedUp, message: "the platforms of the image were not looked up; " + fallback(in.Plan)}
	}
}

// fallback says what the pods are placed by while the registry does not answer.
func fallback(p *plan.Plan) string {
	switch {
	case p.Facts != nil:
		return "the platforms that were known before hold"
	case p.Placement.Possible != nil:
		return "spec.architectures decides where the pods run"
	default:
		return "the pods may run on any architecture: list those of the image in spec.architectures to restrict them"
	}
}
