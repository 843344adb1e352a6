// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package status

import (
	"fmt"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	elasticwebv1 "github.com/elasticweb/elasticweb-operator/api/v1"
)

func TestNews(t *testing.T) {
	ready := func(reason string) []metav1.Condition {
		return []metav1.Condition{{Type: elasticwebv1.ConditionReady, Reason: reason, Message: "why"}}
	}
	contested := append(ready(elasticwebv1.ReasonAsPlanned), metav1.Condition{
		Type: elasticwebv1.ConditionContested, Status: metav1.ConditionTrue, Reason: elasticwebv1.ReasonReplicasContested, Message: "who"})
	falls := append(ready(elasticwebv1.ReasonAsPlanned), metav1.Condition{
		Type: elasticwebv1.ConditionDemandObserved, Status: metav1.ConditionFalse, Reason: elasticwebv1.ReasonFallback, Message: "it fell"})
	home := func(reason string) []metav1.Condition {
		return []metav1.Condition{{Type: elasticwebv1.ConditionRebalanced, Reason: reason, Message: "why"}}
	}
	const failure, other = elasticwebv1.ReasonNameConflict, elasticwebv1.ReasonImageNotFound
	for name, test := range map[string]struct {
		before, now []metav1.Condition
		want        string
	}{
		"nothing is said":                     {nil, nil, "[]"},
		"it is as planned at first":           {nil, ready(elasticwebv1.ReasonAsPlanned), "[]"},
		"a failure begins":                    {nil, ready(failure), "[{Warning " + failure + " why}]"},
		"it goes on":                          {ready(failure), ready(failure), "[]"},
		"it becomes another":                  {ready(failure), ready(other), "[{Warning " + other + " why}]"},
		"pods are restarted for the template": {home(elasticwebv1.ReasonAtHome), home(elasticwebv1.ReasonRestarting), "[{Normal " + elasticwebv1.ReasonRestarting + " why}]"},
		"they were":                           {home(elasticwebv1.ReasonRestarting), home(elasticwebv1.ReasonAtHome), "[{Normal " + elasticwebv1.ReasonAtHome + " why}]"},
		"that is refused":                     {home(elasticwebv1.ReasonRestarting), home(elasticwebv1.ReasonRestartRefused), "[{Warning " + elasticwebv1.ReasonRestartRefused + " why}]"},
		"it ends": {ready(failure), ready(elasticwebv1.ReasonAsPlanned),
			"[{Normal " + elasticwebv1.ReasonAsPlanned + " " + failure + " no longer: why}]"},
		"a pause is no end of it": {ready(failure), ready(elasticwebv1.ReasonPaused), "[]"},
		"a contest begins":        {ready(elasticwebv1.ReasonAsPlanned), contested, "[{Warning " + elasticwebv1.ReasonReplicasContested + " who}]"},
		"it goes on as a contest": {contested, contested, "[]"},
		"a demand is not known":   {ready(elasticwebv1.ReasonAsPlanned), ready(elasticwebv1.ReasonMetricMissing), "[{Warning " + elasticwebv1.ReasonMetricMissing + " why}]"},
		"it is known again": {ready(elasticwebv1.ReasonMetricMissing), ready(elasticwebv1.ReasonAsPlanned),
			"[{Normal " + elasticwebv1.ReasonAsPlanned + " " + elasticwebv1.ReasonMetricMissing + " no longer: why}]"},
		"pods left home":            {home(elasticwebv1.ReasonAtHome), home(elasticwebv1.ReasonSpilled), "[]"},
		"they are brought back":     {home(elasticwebv1.ReasonSpilled), home(elasticwebv1.ReasonReturning), "[{Normal " + elasticwebv1.ReasonReturning + " why}]"},
		"they are home":             {home(elasticwebv1.ReasonReturning), home(elasticwebv1.ReasonAtHome), "[{Normal " + elasticwebv1.ReasonAtHome + " why}]"},
		"they went by themselves":   {home(elasticwebv1.ReasonSpilled), home(elasticwebv1.ReasonAtHome), "[]"},
		"there is no room":          {home(elasticwebv1.ReasonReturning), home(elasticwebv1.ReasonNoRoom), "[]"},
		"more pods are refused":     {home(elasticwebv1.ReasonReturning), home(elasticwebv1.ReasonSurgeRefused), "[{Warning " + elasticwebv1.ReasonSurgeRefused + " why}]"},
		"where nothing was told of": {nil, home(elasticwebv1.ReasonAtHome), "[]"},
		"a fallback begins":         {ready(elasticwebv1.ReasonAsPlanned), falls, "[{Warning " + elasticwebv1.ReasonFallback + " it fell}]"},
		"a fallback goes on":        {falls, falls, "[]"},
		"a fallback ends":           {falls, ready(elasticwebv1.ReasonAsPlanned), "[]"},
	} {
		if got := fmt.Sprint(News(test.before, test.now)); got != test.want {
			t.Errorf("%s: %s, want %s", name, got, test.want)
		}
	}
}
