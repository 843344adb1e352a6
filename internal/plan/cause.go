// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package plan

import (
	"reflect"

	appsv1 "k8s.io/api/apps/v1"
)

// Cause is what called for a write of a Deployment. Where there are several, it is the first of these.
type Cause string

const (
	// CauseCreation: there was none.
	CauseCreation Cause = "creation"
	// CauseTemplate: the user shapes the pods in another way.
	CauseTemplate Cause = "template"
	// CauseImage: the registry says something else of the image.
	CauseImage Cause = "image"
	// CauseOrder: other architectures are allowed or preferred, by the spec or by what was measured.
	CauseOrder Cause = "order"
	// CauseDemand: something else is to be served.
	CauseDemand Cause = "demand"
	// CauseCapacity: the same is to be served, and pods serve something else: for where they landed, or for what was measured.
	CauseCapacity Cause = "capacity"
	// CauseRebalance: more pods are asked for to bring others back, or no longer; or what waited for a rollout is taken up without the user's.
	CauseRebalance Cause = "rebalance"
	// CauseSpec: something else of the spec.
	CauseSpec Cause = "spec"
	// CauseDrift: somebody changed what the operator had set.
	CauseDrift Cause = "drift"
)

// Causes are all that there are.
var Causes = []Cause{CauseCreation, CauseTemplate, CauseImage, CauseOrder, CauseDemand, CauseCapacity, CauseRebalance, CauseSpec, CauseDrift}

// CauseOf is what called for a Deployment's being written as after, where it had been as before. demandMoved says whether something else
// was to be served than before.
func CauseOf(before, after *appsv1.Deployment, demandMoved bool) Cause {
	was, is := RecordOf(before), RecordOf(after)
	switch {
	case before == nil:
		return CauseCreation
	case was == nil || is == nil:
		return CauseDrift
	case was.Pod != is.Pod:
		return CauseTemplate
	case !reflect.DeepEqual(was.TakenUp, is.TakenUp):
		return CauseRebalance
	case !reflect.DeepEqual(was.Image, is.Image):
		return CauseImage
	case !reflect.DeepEqual(was.Levels, is.Levels):
		return CauseOrder
	case was.PlannedQPS != is.PlannedQPS || was.Replicas != is.Replicas && demandMoved:
		return CauseDemand
	case was.Replicas != is.Replicas:
		return CauseCapacity
	case was.Surge != is.Surge:
		return CauseRebalance
	case was.Generation != is.Generation:
		return CauseSpec
	}
	return CauseDrift
}
