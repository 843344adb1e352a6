// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package status

import (
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	elasticwebv1 "github.com/elasticweb/elasticweb-operator/api/v1"
)

// A spec of which something is still to be written is not done, whatever the objects of the one before look like.
func TestUnfinishedIsNotDone(t *testing.T) {
	ready := func(status metav1.ConditionStatus, generation int64) []metav1.Condition {
		return []metav1.Condition{{Type: elasticwebv1.ConditionReady, Status: status, ObservedGeneration: generation}}
	}
	for name, test := range map[string]struct {
		before       []metav1.Condition
		isUnfinished bool
		verdict      string
		want         string
	}{
		"all is written":               {nil, false, elasticwebv1.ReasonAsPlanned, elasticwebv1.ReasonAsPlanned},
		"the first spec":               {nil, true, elasticwebv1.ReasonAsPlanned, elasticwebv1.ReasonRollingOut},
		"the next spec":                {ready("True", 1), true, elasticwebv1.ReasonAsPlanned, elasticwebv1.ReasonRollingOut},
		"the next spec, of no demand":  {ready("True", 1), true, elasticwebv1.ReasonNoDemand, elasticwebv1.ReasonRollingOut},
		"this spec was not done":       {ready("False", 2), true, elasticwebv1.ReasonAsPlanned, elasticwebv1.ReasonRollingOut},
		"this spec was done":           {ready("True", 2), true, elasticwebv1.ReasonAsPlanned, elasticwebv1.ReasonAsPlanned},
		"there is more that is amiss":  {nil, true, elasticwebv1.ReasonCrashLoop, elasticwebv1.ReasonCrashLoop},
		"paused, which says it itself": {nil, true, elasticwebv1.ReasonPaused, elasticwebv1.ReasonPaused},
	} {
		t.Run(name, func(t *testing.T) {
			web := &elasticwebv1.ElasticWeb{}
			web.Generation, web.Status.Conditions = 2, test.before
			got := unlessUnfinished(Input{Web: web, IsUnfinished: test.isUnfinished}, verdict{reason: test.verdict})
			if got.reason != test.want {
				t.Errorf("%s, want %s", got.reason, test.want)
			}
		})
	}
}
