// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package status

import (
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	elasticwebv1 "github.com/elasticweb/elasticweb-operator/api/v1"
	"github.com/elasticweb/elasticweb-operator/internal/quote"
)

func TestUnreadable(t *testing.T) {
	in := planned()
	in.Contestant = "kubectl"
	webhookDown(&in) // Reconciling.
	in.Web.Status = statusOf(in)
	for name, why := range map[string]string{"short": "spec.port holds a value out of range", "long": strings.Repeat("ü", 1<<20)} {
		t.Run(name, func(t *testing.T) {
			in.Web.UnreadableSpec = why
			got := Unreadable(in.Web, metav1.NewTime(now.Add(1)))
			if *got.RealQPS != *in.Web.Status.RealQPS || got.Replicas != in.Web.Status.Replicas {
				t.Errorf("numbers changed: %+v", got)
			}
			want := map[string]metav1.ConditionStatus{
				elasticwebv1.ConditionReady: metav1.ConditionFalse, elasticwebv1.ConditionStalled: metav1.ConditionTrue,
				elasticwebv1.ConditionCapacityMet: metav1.ConditionUnknown, elasticwebv1.ConditionPlatformsResolved: metav1.ConditionUnknown,
			}
			if len(got.Conditions) != len(want) {
				t.Errorf("conditions %+v", got.Conditions)
			}
			for kind, status := range want {
				condition := meta.FindStatusCondition(got.Conditions, kind)
				if condition == nil || condition.Status != status || condition.Reason != elasticwebv1.ReasonInvalidSpec ||
					condition.ObservedGeneration != in.Web.Generation || len(condition.Message) > quote.LongestMessage ||
					!strings.HasSuffix(condition.Message, "what runs stays as it is until then") {
					t.Errorf("%s is %+v", kind, condition)
				}
			}
		})
	}
}
