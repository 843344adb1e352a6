// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package screen

import (
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	elasticwebv1 "github.com/elasticweb/elasticweb-operator/api/v1"
)

func TestStateOf(t *testing.T) {
	is := func(kind string) metav1.Condition { return condition(kind, metav1.ConditionTrue, "Because", "of this") }
	isNot := func(kind string) metav1.Condition {
		return condition(kind, metav1.ConditionFalse, "Because", "of this")
	}
	type conditions = []metav1.Condition
	for name, tc := range map[string]struct {
		conditions conditions
		isPaused   bool
		pods       int32
		isBehind   bool
		want       State
	}{
		"stuck":                         {conditions{isNot("Ready"), is("Stalled"), isNot("CapacityMet")}, false, 3, false, StateStuck},
		"short":                         {conditions{isNot("Ready"), is("Reconciling"), isNot("CapacityMet")}, false, 3, false, StateShort},
		"short, without a pod":          {conditions{isNot("Ready"), isNot("CapacityMet")}, false, 0, false, StateShort},
		"contested":                     {conditions{is("Ready"), is("Contested")}, false, 3, false, StateTrouble},
		"nothing was said":              {nil, false, 0, false, StateUnknown},
		"at work":                       {conditions{isNot("Ready"), is("Reconciling")}, false, 3, false, StateChanging},
		"a spec that was not seen":      {conditions{is("Ready")}, false, 3, true, StateChanging},
		"well":                          {conditions{is("Ready"), is("CapacityMet")}, false, 3, false, StateWell},
		"paused":                        {conditions{is("Ready"), is("CapacityMet")}, true, 3, false, StatePaused},
		"paused, and never begun":       {conditions{isNot("CapacityMet")}, true, 0, false, StatePaused},
		"paused, and serves too little": {conditions{isNot("CapacityMet")}, true, 3, false, StateShort},
	} {
		web := served().Web
		web.Status.Conditions, web.Status.Replicas = tc.conditions, tc.pods
		if tc.isPaused {
			web.Annotations = map[string]string{elasticwebv1.AnnotationPaused: "true"}
		}
		if tc.isBehind {
			web.Generation++
		}
		if got := StateOf(web); got != tc.want {
			t.Errorf("%s: it is %s, want %s", name, got, tc.want)
		}
	}
}
