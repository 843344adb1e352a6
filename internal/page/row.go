// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package page

import (
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"

	elasticwebv1 "github.com/elasticweb/elasticweb-operator/api/v1"
	"github.com/elasticweb/elasticweb-operator/internal/plan"
	"github.com/elasticweb/elasticweb-operator/internal/screen"
)

// State is how an ElasticWeb is, in a word, and how much it needs a look.
type State string

// The states, the one that needs a look most first.
const (
	// StateStuck: nothing but a person helps.
	StateStuck State = "stuck"
	// StateShort: what is ready serves less than is asked for.
	StateShort State = "short"
	// StateTrouble: it serves enough, and something else is wrong.
	StateTrouble State = "trouble"
	// StateUnknown: the operator has said nothing yet.
	StateUnknown State = "unknown"
	// StateChanging: the operator is at work.
	StateChanging State = "changing"
	// StatePaused: nothing is carried out.
	StatePaused State = "paused"
	// StateWell: all is as planned.
	StateWell State = "well"
)

// Row is an ElasticWeb in the list of all. Texts are harmless and bounded, times are seconds since 1970.
type Row struct {
	Namespace     string `json:"namespace"`
	Name          string `json:"name"`
	State         State  `json:"state"`
	Reason        string `json:"reason"`
	Message       string `json:"message"`
	Serving       int64  `json:"serving"`
	Wanted        int64  `json:"wanted"` // 0 where no rate is asked for.
	Ready         int32  `json:"ready"`
	Pods          int32  `json:"pods"`
	Architectures string `json:"architectures"`
	Since         int64  `json:"since"` // the state of Ready; 0 where that is not known.
}

// Of texts so many columns are sent.
const (
	longestMessage = 1200
	longestShort   = 160
	longestWord    = 63
)

// rowOf is the row of an ElasticWeb.
func rowOf(web *elasticwebv1.ElasticWeb) Row {
	ready := screen.Readiness(web)
	row := Row{
		Namespace: screen.Name(web.Namespace), Name: screen.Name(web.Name), State: stateOf(web),
		Serving: int64(ptr.Deref(web.Status.RealQPS, 0)), Wanted: screen.Wanted(web),
		Ready: web.Status.ReadyReplicas, Pods: web.Status.Replicas,
		Architectures: screen.Line(web.Status.PodsByArchitecture, longestShort),
	}
	if row.Reason, row.Message = screen.Line(ready.Reason, longestWord), screen.Line(ready.Message, longestShort); !ready.LastTransitionTime.IsZero() {
		row.Since = ready.LastTransitionTime.Unix()
	}
	return row
}

func stateOf(web *elasticwebv1.ElasticWeb) State {
	is := func(condition string, status metav1.ConditionStatus) bool {
		return meta.IsStatusConditionPresentAndEqual(web.Status.Conditions, condition, status)
	}
	isTrue := func(condition string) bool { return is(condition, metav1.ConditionTrue) }
	switch {
	case isTrue(elasticwebv1.ConditionStalled):
		return StateStuck
	case is(elasticwebv1.ConditionCapacityMet, metav1.ConditionFalse):
		return StateShort
	case plan.IsPaused(web):
		return StatePaused
	case meta.FindStatusCondition(web.Status.Conditions, elasticwebv1.ConditionReady) == nil:
		return StateUnknown
	case isTrue(elasticwebv1.ConditionReconciling) || web.Generation > web.Status.ObservedGeneration:
		return StateChanging
	case !isTrue(elasticwebv1.ConditionReady) || isTrue(elasticwebv1.ConditionContested):
		return StateTrouble
	}
	return StateWell
}
