// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package status

import (
	"cmp"
	"slices"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	elasticwebv1 "github.com/elasticweb/elasticweb-operator/api/v1"
)

// Traffic is what was read of the traffic and decided from it, as it is to be told.
type Traffic struct {
	// Reason of DemandObserved; "" where the source has not answered yet.
	Reason string
	// Message says what is wrong with the source, and what helps.
	Message string
	// IsLasting is true where there was no number for longer than a minute, or never one.
	IsLasting bool
	// In requests per second; PlannedQPS includes the headroom.
	ObservedQPS, ExpectedQPS, PlannedQPS int64
	LeadTime                             time.Duration
}

// demandObserved is True while the traffic is read. It is there only where the spec has it read. A source that has not answered an operator
// that was just started is told of as before: nothing is known to be otherwise.
func demandObserved(in Input) (metav1.ConditionStatus, verdict) {
	before := meta.FindStatusCondition(in.Web.Status.Conditions, elasticwebv1.ConditionDemandObserved)
	said := cmp.Or(in.Traffic.Message, unsaid[in.Traffic.Reason])
	switch traffic := in.Traffic; {
	case in.Paused:
		return metav1.ConditionUnknown, verdict{reason: elasticwebv1.ReasonPaused, message: "the traffic is not read while the ElasticWeb is paused, and what was planned last holds"}
	case traffic.Reason == "" && before != nil && before.ObservedGeneration == in.Web.Generation && isSourceReason(before.Reason):
		return before.Status, verdict{reason: before.Reason, message: before.Message}
	case traffic.Reason == "":
		return metav1.ConditionUnknown, verdict{reason: elasticwebv1.ReasonMetricMissing, message: "the source of spec.demand has not answered yet, and no pod goes until it has"}
	case traffic.Reason == elasticwebv1.ReasonObserved:
		return metav1.ConditionTrue, verdict{reason: elasticwebv1.ReasonObserved, message: "the traffic is read, and the pods follow it"}
	case traffic.Reason == elasticwebv1.ReasonFallback:
		return metav1.ConditionFalse, verdict{reason: elasticwebv1.ReasonFallback, message: "there was no number for more than a minute, so that spec.demand.fallbackQPS is in force and no pod goes: " + said}
	default:
		return metav1.ConditionFalse, verdict{reason: traffic.Reason, message: said + "; no pod goes until there is a number"}
	}
}

func isSourceReason(reason string) bool {
	return slices.Contains(unobserved, reason) || reason == elasticwebv1.ReasonObserved || reason == elasticwebv1.ReasonFallback
}

// unobserved are the reasons for which the demand is not known. With a fallback it is.
var unobserved = []string{
	elasticwebv1.ReasonMetricMissing, elasticwebv1.ReasonMetricInvalid, elasticwebv1.ReasonSourceUnreachable,
	elasticwebv1.ReasonSourceUnauthorized, elasticwebv1.ReasonSourceNotConfigured,
}

// unsaid is what is wrong where the source did not find it.
var unsaid = map[string]string{
	elasticwebv1.ReasonMetricMissing: "the source of spec.demand has no number that is new enough: look at what it measures, and how often",
	elasticwebv1.ReasonFallback:      "look at what the source of spec.demand measures",
	elasticwebv1.ReasonMetricInvalid: "the source of spec.demand gives what is no number of requests per second: have it give one from 0 to 2147483647",
}

// demandUnknown is that the traffic cannot be read. What comes back within a minute, as after a restart of the source, makes nothing less
// ready.
func demandUnknown(in Input, _ facts) *verdict {
	if in.Web.Spec.Demand == nil || in.Paused || in.Traffic.Reason != "" && !in.Traffic.IsLasting {
		return nil
	}
	status, v := demandObserved(in)
	if status == metav1.ConditionTrue || v.reason == elasticwebv1.ReasonFallback {
		return nil
	}
	return &v
}

// sourceNotConfigured is the same where nobody but the administrator can help.
func sourceNotConfigured(in Input, f facts) *verdict {
	if v := demandUnknown(in, f); v != nil && v.reason == elasticwebv1.ReasonSourceNotConfigured {
		return v
	}
	return nil
}

// demandStatus stays as it was while nothing is read.
func demandStatus(in Input) *elasticwebv1.DemandStatus {
	switch traffic := in.Traffic; {
	case in.Web.Spec.Demand == nil:
		return nil
	case in.Paused || traffic.Reason == "":
		return in.Web.Status.Demand.DeepCopy()
	default:
		result := &elasticwebv1.DemandStatus{PlannedQPS: &traffic.PlannedQPS, LeadTime: traffic.LeadTime.Round(time.Second).String()}
		if traffic.ObservedQPS >= 0 {
			result.ObservedQPS, result.ExpectedQPS = clampQPS(traffic.ObservedQPS), clampQPS(traffic.ExpectedQPS)
		}
		return result
	}
}

// NeverObserved in the place of ObservedQPS and ExpectedQPS is that there was no number yet.
const NeverObserved int64 = -1
