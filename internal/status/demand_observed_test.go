// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package status

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"

	elasticwebv1 "github.com/elasticweb/elasticweb-operator/api/v1"
)

// told gives an ElasticWeb a condition DemandObserved of before.
func told(in *Input, status metav1.ConditionStatus, reason string, generation int64) {
	meta.SetStatusCondition(&in.Web.Status.Conditions, metav1.Condition{
		Type: elasticwebv1.ConditionDemandObserved, Status: status, Reason: reason, Message: "as before", ObservedGeneration: generation, LastTransitionTime: now})
}

func TestDemandObserved(t *testing.T) {
	const unanswered = "the source of spec.demand has not answered yet, and no pod goes until it has"
	for name, tc := range map[string]struct {
		change  func(*Input)
		status  metav1.ConditionStatus
		reason  string
		message string
		ready   string
	}{
		"read": {reads(Traffic{Reason: elasticwebv1.ReasonObserved}), metav1.ConditionTrue, elasticwebv1.ReasonObserved,
			"the traffic is read, and the pods follow it", elasticwebv1.ReasonAsPlanned},
		"a sample is missing": {reads(Traffic{Reason: elasticwebv1.ReasonSourceUnreachable, Message: "look at it"}), metav1.ConditionFalse, elasticwebv1.ReasonSourceUnreachable,
			"look at it; no pod goes until there is a number", elasticwebv1.ReasonAsPlanned},
		"a fallback": {reads(Traffic{Reason: elasticwebv1.ReasonFallback, Message: "look at it", IsLasting: true}), metav1.ConditionFalse, elasticwebv1.ReasonFallback,
			"there was no number for more than a minute, so that spec.demand.fallbackQPS is in force and no pod goes: look at it", elasticwebv1.ReasonAsPlanned},
		"new": {reads(Traffic{}), metav1.ConditionUnknown, elasticwebv1.ReasonMetricMissing, unanswered, elasticwebv1.ReasonMetricMissing},
		"after a restart, as before": {func(in *Input) {
			reads(Traffic{})(in)
			told(in, metav1.ConditionTrue, elasticwebv1.ReasonObserved, 4)
		}, metav1.ConditionTrue, elasticwebv1.ReasonObserved, "as before", elasticwebv1.ReasonAsPlanned},
		"after a restart, missing as before": {func(in *Input) {
			reads(Traffic{})(in)
			told(in, metav1.ConditionFalse, elasticwebv1.ReasonMetricInvalid, 4)
		}, metav1.ConditionFalse, elasticwebv1.ReasonMetricInvalid, "as before", elasticwebv1.ReasonMetricInvalid},
		"after a restart, in a fallback": {func(in *Input) {
			reads(Traffic{})(in)
			told(in, metav1.ConditionFalse, elasticwebv1.ReasonFallback, 4)
		}, metav1.ConditionFalse, elasticwebv1.ReasonFallback, "as before", elasticwebv1.ReasonAsPlanned},
		"of another spec": {func(in *Input) {
			reads(Traffic{})(in)
			told(in, metav1.ConditionTrue, elasticwebv1.ReasonObserved, 3)
		}, metav1.ConditionUnknown, elasticwebv1.ReasonMetricMissing, unanswered, elasticwebv1.ReasonMetricMissing},
		"after a pause": {func(in *Input) {
			reads(Traffic{})(in)
			told(in, metav1.ConditionUnknown, elasticwebv1.ReasonPaused, 4)
		}, metav1.ConditionUnknown, elasticwebv1.ReasonMetricMissing, unanswered, elasticwebv1.ReasonMetricMissing},
		"paused": {func(in *Input) {
			reads(Traffic{})(in)
			in.Paused = true
		}, metav1.ConditionUnknown, elasticwebv1.ReasonPaused, "the traffic is not read while the ElasticWeb is paused, and what was planned last holds", elasticwebv1.ReasonPaused},
	} {
		t.Run(name, func(t *testing.T) {
			in := planned()
			tc.change(&in)
			got := meta.FindStatusCondition(statusOf(in).Conditions, elasticwebv1.ConditionDemandObserved)
			if got == nil || got.Status != tc.status || got.Reason != tc.reason || got.Message != tc.message || got.ObservedGeneration != 4 {
				t.Errorf("%+v, want %s %s: %s", got, tc.status, tc.reason, tc.message)
			}
			if ready := readyOf(in); ready.Reason != tc.ready {
				t.Errorf("Ready has the reason %s, want %s", ready.Reason, tc.ready)
			}
		})
	}
}

func TestNothingIsToldOfTrafficThatNobodyAsksFor(t *testing.T) {
	in := planned()
	told(&in, metav1.ConditionTrue, elasticwebv1.ReasonObserved, 4)
	in.Web.Status.Demand = &elasticwebv1.DemandStatus{}
	got := statusOf(in)
	if got.Demand != nil || meta.FindStatusCondition(got.Conditions, elasticwebv1.ConditionDemandObserved) != nil {
		t.Errorf("%+v, %+v", got.Demand, got.Conditions)
	}
}

func TestDemandStatus(t *testing.T) {
	before := &elasticwebv1.DemandStatus{PlannedQPS: ptr.To[int64](7)}
	for name, tc := range map[string]struct {
		traffic Traffic
		paused  bool
		want    *elasticwebv1.DemandStatus
	}{
		"read": {Traffic{Reason: elasticwebv1.ReasonObserved, ObservedQPS: 5210, ExpectedQPS: 6100, PlannedQPS: 7320, LeadTime: 25400 * time.Millisecond}, false,
			&elasticwebv1.DemandStatus{ObservedQPS: ptr.To[int32](5210), ExpectedQPS: ptr.To[int32](6100), PlannedQPS: ptr.To[int64](7320), LeadTime: "25s"}},
		"never a number": {Traffic{Reason: elasticwebv1.ReasonMetricMissing, ObservedQPS: NeverObserved, PlannedQPS: 480, LeadTime: time.Minute}, false,
			&elasticwebv1.DemandStatus{PlannedQPS: ptr.To[int64](480), LeadTime: "1m0s"}},
		"more than an int32 tells": {Traffic{Reason: elasticwebv1.ReasonObserved, PlannedQPS: 1 << 34}, false,
			&elasticwebv1.DemandStatus{ObservedQPS: ptr.To[int32](0), ExpectedQPS: ptr.To[int32](0), PlannedQPS: ptr.To[int64](1 << 34), LeadTime: "0s"}},
		"not answered": {Traffic{}, false, before},
		"paused":       {Traffic{Reason: elasticwebv1.ReasonObserved}, true, before},
	} {
		in := planned()
		reads(tc.traffic)(&in)
		in.Paused, in.Web.Status.Demand = tc.paused, before
		if diff := cmp.Diff(tc.want, statusOf(in).Demand); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

func TestOfASpecThatIsNotReadTheDemandIsUnknown(t *testing.T) {
	in := planned()
	told(&in, metav1.ConditionTrue, elasticwebv1.ReasonObserved, 4)
	in.Web.UnreadableSpec = "broken"
	got := meta.FindStatusCondition(Unreadable(in.Web, now).Conditions, elasticwebv1.ConditionDemandObserved)
	if got == nil || got.Status != metav1.ConditionUnknown || got.Reason != elasticwebv1.ReasonInvalidSpec {
		t.Errorf("%+v", got)
	}
}
