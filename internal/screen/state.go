// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package screen

import (
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	elasticwebv1 "github.com/elasticweb/elasticweb-operator/api/v1"
	"github.com/elasticweb/elasticweb-operator/internal/plan"
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

// StateOf is the state of an ElasticWeb, for the terminal and the page alike. One that is paused and has pods is short like any other: requests
// come. One that is paused and has none was never meant to serve yet.
func StateOf(web *elasticwebv1.ElasticWeb) State {
	is := func(condition string, status metav1.ConditionStatus) bool {
		return meta.IsStatusConditionPresentAndEqual(web.Status.Conditions, condition, status)
	}
	isTrue := func(condition string) bool { return is(condition, metav1.ConditionTrue) }
	isPaused := plan.IsPaused(web)
	switch {
	case isTrue(elasticwebv1.ConditionStalled):
		return StateStuck
	case is(elasticwebv1.ConditionCapacityMet, metav1.ConditionFalse) && (!isPaused || web.Status.Replicas > 0):
		return StateShort
	case isPaused:
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
