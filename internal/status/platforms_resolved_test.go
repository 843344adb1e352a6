// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package status

import (
	"testing"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	elasticwebv1 "github.com/elasticweb/elasticweb-operator/api/v1"
	"github.com/elasticweb/elasticweb-operator/internal/plan"
)

// TestPlatformsResolvedIsSteady: while the registry is asked again, and no pod waits for the answer, what it said before stays.
func TestPlatformsResolvedIsSteady(t *testing.T) {
	failed := plan.Image{State: plan.ImageFailed, Reason: elasticwebv1.ReasonRegistryUnreachable, Message: "the registry is down"}
	pending := plan.Image{State: plan.ImagePending}
	for name, tc := range map[string]struct {
		before  *plan.Image
		waits   bool
		reason  string
		changes bool
	}{
		"nothing is known yet":              {nil, true, elasticwebv1.ReasonResolvingImage, true},
		"tried again":                       {&failed, false, elasticwebv1.ReasonRegistryUnreachable, false},
		"asked for a rollout":               {&failed, true, elasticwebv1.ReasonResolvingImage, true},
		"asked after a restart by kubectl":  {&plan.Image{}, false, elasticwebv1.ReasonResolved, false},
		"still asked, and the rollout done": {&pending, false, elasticwebv1.ReasonResolvingImage, false},
	} {
		t.Run(name, func(t *testing.T) {
			in := planned()
			if tc.before == nil || tc.before.State != plan.ImageNotLookedUp {
				in.Plan.Facts = nil
			}
			if tc.before != nil {
				in.Observed.Image = *tc.before
				in.Web.Status = statusOf(in)
			}
			before := meta.FindStatusCondition(in.Web.Status.Conditions, elasticwebv1.ConditionPlatformsResolved)
			in.Observed.Image, in.Plan.WaitsForImage = pending, tc.waits
			in.Now = metav1.NewTime(now.Add(1))
			after := meta.FindStatusCondition(statusOf(in).Conditions, elasticwebv1.ConditionPlatformsResolved)
			if after.Reason != tc.reason || (before == nil || *before != *after) != tc.changes {
				t.Errorf("%+v\nbecame %+v", before, after)
			}
		})
	}
}
