// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package status

import (
	"slices"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	elasticwebv1 "github.com/elasticweb/elasticweb-operator/api/v1"
	"github.com/elasticweb/elasticweb-operator/internal/capacity"
	"github.com/elasticweb/elasticweb-operator/internal/plan"
)

// facts are what several conditions are worked out from.
type facts struct {
	served          int64
	groups          []capacity.Group
	replicas, ready int32
}

// verdict is a reason and the message that goes with it.
type verdict struct {
	reason, message string
}

// conditions are the present ones with what changed. Reconciling and Stalled are there only while True.
func conditions(in Input, f facts) []metav1.Condition {
	result := slices.Clone(in.Web.Status.Conditions)
	set := func(kind string, status metav1.ConditionStatus, v verdict) {
		meta.SetStatusCondition(&result, metav1.Condition{
			Type: kind, Status: status, Reason: v.reason, Message: v.message,
			ObservedGeneration: in.Web.Generation, LastTransitionTime: in.Now,
		})
	}
	ready := unlessUnfinished(in, readiness(in, f))
	meaning := rows[ready.reason]
	set(elasticwebv1.ConditionReady, meaning.ready, ready)
	for kind, isTrue := range map[string]bool{
		elasticwebv1.ConditionReconciling: meaning.reconciling,
		elasticwebv1.ConditionStalled:     meaning.stalled,
	} {
		if isTrue {
			set(kind, metav1.ConditionTrue, ready)
		} else {
			meta.RemoveStatusCondition(&result, kind)
		}
	}
	capacityMet, why := capacityMet(in, f)
	set(elasticwebv1.ConditionCapacityMet, capacityMet, why)
	resolved, why := platformsResolved(in)
	set(elasticwebv1.ConditionPlatformsResolved, resolved, why)
	slices.SortFunc(result, func(a, b metav1.Condition) int { return order(a.Type) - order(b.Type) })
	return result
}

// order of the conditions: the summary first. A fixed one, so that the same status is the same bytes.
func order(kind string) int {
	return slices.Index([]string{
		elasticwebv1.ConditionReady, elasticwebv1.ConditionReconciling, elasticwebv1.ConditionStalled,
		elasticwebv1.ConditionCapacityMet, elasticwebv1.ConditionPlatformsResolved,
	}, kind)
}

// platformsResolved is True while the pods are made from facts of the very image that the spec names.
func platformsResolved(in Input) (metav1.ConditionStatus, verdict) {
	image := in.Observed.Image
	before := meta.FindStatusCondition(in.Web.Status.Conditions, elasticwebv1.ConditionPlatformsResolved)
	switch {
	case image.State == plan.ImagePending && !in.Plan.WaitsForImage && before != nil && before.Reason != elasticwebv1.ReasonResolvingImage:
		return before.Status, verdict{before.Reason, before.Message} // it is asked again, and no pod waits for that.
	case image.State == plan.ImageFailed:
		return metav1.ConditionFalse, verdict{image.Reason, image.Message + "; " + fallback(in.Plan)}
	case in.Plan.Facts != nil && in.Plan.Facts.Reference == in.Web.Spec.Image:
		return metav1.ConditionTrue, verdict{elasticwebv1.ReasonResolved, "the platforms of the image are known from its registry"}
	case image.State == plan.ImageResolved:
		return metav1.ConditionTrue, verdict{elasticwebv1.ReasonResolved, "the platforms of the image are known from its registry, and are taken up with the next rollout (kubectl rollout restart is one); until then " + fallback(in.Plan)}
	case image.State == plan.ImagePending:
		return metav1.ConditionUnknown, verdict{elasticwebv1.ReasonResolvingImage, "the registry was asked for the platforms of the image; " + fallback(in.Plan)}
	default:
		return metav1.ConditionUnknown, verdict{elasticwebv1.ReasonNotLookedUp, "the platforms of the image were not looked up; " + fallback(in.Plan)}
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
