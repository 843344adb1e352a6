// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package status

import (
	"fmt"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"

	elasticwebv1 "github.com/elasticweb/elasticweb-operator/api/v1"
	"github.com/elasticweb/elasticweb-operator/internal/capacity"
	"github.com/elasticweb/elasticweb-operator/internal/plan"
	"github.com/elasticweb/elasticweb-operator/internal/quote"
	"github.com/elasticweb/elasticweb-operator/internal/way"
)

// facts are what several conditions are worked out from.
type facts struct {
	served int64
	groups []capacity.Group
	// replicas are all pods, ready those that count, and warming those that are ready and do not count yet.
	replicas, ready, warming int32
	// isServed is true where the pods are rolled out and serve the demand, all of them or, once all of them did, those that are
	// ready: a pod that fails at the side then makes nothing less ready.
	isServed bool
}

func factsOf(in Input) facts {
	f := facts{groups: readyGroups(in)}
	f.served = in.Plan.Served(f.groups)
	for i := range in.Observed.Pods {
		switch pod := &in.Observed.Pods[i]; {
		case pod.Gone:
			continue
		case pod.IsAvailable():
			f.ready++
		case pod.Ready:
			f.warming++
		}
		f.replicas++
	}
	f.isServed = isMet(in, f) && isRolledOut(in, f) && (f.ready >= in.Plan.Replicas || wasCompleted(in.Observed.Deployment))
	return f
}

// verdict is a reason and the message that goes with it.
type verdict struct {
	reason, message string
	// isFinal is true where nothing but a person can help, although others of this reason may heal.
	isFinal bool
}

// conditions are the present ones with what changed, and when to look again though nothing tells. Reconciling, Stalled and
// Contested are there only while True, DemandObserved where the spec has the traffic read, Exposed where it has a way in, and Rebalanced where it
// has pods brought back.
func conditions(in Input, f facts) (result []metav1.Condition, again time.Duration) {
	result = slices.Clone(in.Web.Status.Conditions)
	set := func(kind string, status metav1.ConditionStatus, v verdict) {
		meta.SetStatusCondition(&result, metav1.Condition{
			Type: kind, Status: status, Reason: v.reason, Message: quote.Bounded(in.Words.Say(v.message), quote.LongestMessage),
			ObservedGeneration: in.Web.Generation, LastTransitionTime: in.Now,
		})
	}
	// setWhile sets what is there only while True, since a given time.
	setWhile := func(isTrue bool, kind string, v verdict, since metav1.Time) {
		if before := meta.FindStatusCondition(result, kind); before != nil && (!isTrue || !before.LastTransitionTime.Equal(&since)) {
			meta.RemoveStatusCondition(&result, kind)
		}
		if isTrue {
			set(kind, metav1.ConditionTrue, v)
			meta.FindStatusCondition(result, kind).LastTransitionTime = since
		}
	}
	// setWhere sets what is there only where the spec asks for what it tells of.
	setWhere := func(isAsked bool, kind string, tell func(Input) (metav1.ConditionStatus, verdict)) {
		if isAsked {
			status, why := tell(in)
			set(kind, status, why)
		} else if meta.FindStatusCondition(result, kind) != nil {
			meta.RemoveStatusCondition(&result, kind)
		}
	}
	ready := unlessUnfinished(in, readiness(in, f))
	status := rows[ready.reason].ready
	set(elasticwebv1.ConditionReady, status, ready)
	isStalled, since, again := patience(in, ready)
	setWhile(status == metav1.ConditionFalse && !isStalled, elasticwebv1.ConditionReconciling, ready, since)
	setWhile(isStalled, elasticwebv1.ConditionStalled, ready, sinceOf(in, elasticwebv1.ConditionStalled))
	contest := contested(in)
	setWhile(contest.reason != "", elasticwebv1.ConditionContested, contest, sinceOf(in, elasticwebv1.ConditionContested))
	capacityMet, why := capacityMet(in, f)
	set(elasticwebv1.ConditionCapacityMet, capacityMet, why)
	setWhere(in.Web.Spec.Demand != nil, elasticwebv1.ConditionDemandObserved, demandObserved)
	setWhere(way.KindOf(in.Web) != "", elasticwebv1.ConditionExposed, exposed)
	resolved, why := platformsResolved(in)
	set(elasticwebv1.ConditionPlatformsResolved, resolved, why)
	setWhere(ptr.Deref(in.Web.Spec.Rebalance, elasticwebv1.RebalanceSpec{}).Mode == elasticwebv1.RebalanceSurge, elasticwebv1.ConditionRebalanced, rebalanced)
	slices.SortFunc(result, func(a, b metav1.Condition) int { return order(a.Type) - order(b.Type) })
	return result, again
}

// sinceOf is since when a condition is there, now where it is not.
func sinceOf(in Input, kind string) metav1.Time {
	if before := meta.FindStatusCondition(in.Web.Status.Conditions, kind); before != nil {
		return before.LastTransitionTime
	}
	return in.Now
}

// contested is what others keep changing of what the operator sets; without a reason for nothing.
func contested(in Input) verdict {
	isLost := func(is func(plan.Pod) bool) bool {
		return slices.ContainsFunc(in.Observed.Pods, func(pod plan.Pod) bool { return !pod.Gone && is(pod) })
	}
	switch {
	case in.Contestant != "":
		return verdict{reason: elasticwebv1.ReasonReplicasContested, message: fmt.Sprintf(
			"%s keeps changing the replicas of the Deployment, and the operator sets them back: let it scale the ElasticWeb in the place of the Deployment",
			quote.Value(in.Contestant))}
	case isLost(func(pod plan.Pod) bool { return pod.LabelsAreOthers }):
		return podsContested("labels of pods ("+elasticwebv1.LabelJoined+" and the like)", "requests may go to pods that are not meant to have them")
	case isLost(func(pod plan.Pod) bool { return pod.CostIsOthers }):
		return podsContested("the annotation "+corev1.PodDeletionCost+" of pods", "those may go first that are to be kept")
	}
	return verdict{}
}

func podsContested(what, effect string) verdict {
	return verdict{reason: elasticwebv1.ReasonPodsContested, message: fmt.Sprintf(
		"somebody keeps changing %s, and the operator leaves them so: %s; see who it is with kubectl get pods -o yaml --show-managed-fields, or is it an admission policy, and have it leave them alone",
		what, effect)}
}

// order of the conditions: the summary first. A fixed one, so that the same status is the same bytes.
func order(kind string) int {
	return slices.Index([]string{
		elasticwebv1.ConditionReady, elasticwebv1.ConditionReconciling, elasticwebv1.ConditionStalled,
		elasticwebv1.ConditionCapacityMet, elasticwebv1.ConditionDemandObserved, elasticwebv1.ConditionExposed,
		elasticwebv1.ConditionPlatformsResolved, elasticwebv1.ConditionContested,
		elasticwebv1.ConditionRebalanced,
	}, kind)
}
