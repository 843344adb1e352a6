// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package plan

import (
	"math"
	"slices"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/utils/ptr"

	elasticwebv1 "github.com/elasticweb/elasticweb-operator/api/v1"
	"github.com/elasticweb/elasticweb-operator/internal/capacity"
)

// MaxRebalanceSurge is how many more pods there may be to bring others back, where the spec does not say.
const MaxRebalanceSurge = "10%"

// RebalanceScene is what decides about bringing pods back.
type RebalanceScene struct {
	// IsOn says whether the spec asks for it, and there is something to do it with; IsPaused whether nothing may be done.
	IsOn, IsPaused bool
	// Away are the pods on architectures that are preferred less than another one which the cluster has nodes of, and which go first.
	Away int
	// Far is how far they are from home: each by as many levels of the order as it could come up. Where the best has no room, they come to the next.
	Far int
	// AwayOn are the architectures that they are on, and HomeOn those that they would come home to.
	AwayOn, HomeOn []string
	// Nodes of the latter that take pods now.
	Nodes int
	// Room is how many more pods may be asked for.
	Room int32
	// Recorded is how many more were asked for last.
	Recorded int32
	// IsRollingOut is true while pods are replaced; IsAtRest where there are as many as were asked for last, and the scheduler has decided
	// about each; IsReady where all of them are ready, and IsWaiting where some have no node.
	IsRollingOut, IsAtRest, IsReady, IsWaiting bool
	// IsMet is true where what the ready ones serve meets the demand, and the plan asks for no other number.
	IsMet bool
	// IsStamped is true where each pod bears the deletion cost that is due: else it is not known which of them would go, and the number of
	// pods counts with the slowest, which may be slower yet for those that are asked for.
	IsStamped bool
	// CostsAreOthers is true where somebody else keeps the deletion cost of a pod: it cannot be made to go, and nothing is tried.
	CostsAreOthers bool
	// Refused is what was said of pods that were refused; "" where none were.
	Refused string
	// Awaits is what waits for a rollout, in words; none where nothing does, or the operator may not bring it about. TakenUp is when it last did.
	Awaits  []string
	TakenUp *TakenUp
	// IsImageSettled is true unless the registry may still answer in time.
	IsImageSettled bool
	// Demand, and how long pods may take to become ready.
	Demand   Demand
	Deadline time.Duration
}

// SceneOf is that of an ElasticWeb and its plan.
func SceneOf(web *elasticwebv1.ElasticWeb, planned *Plan, observed Observed) RebalanceScene {
	given := ptr.Deref(web.Spec.Rebalance, elasticwebv1.RebalanceSpec{})
	scene := RebalanceScene{
		IsOn:     given.Mode == elasticwebv1.RebalanceSurge && !planned.Demand.IsNone(),
		IsPaused: IsPaused(web), Demand: planned.Demand,
		Deadline: time.Duration(planned.Rollout.ProgressDeadlineSeconds) * time.Second,
	}
	record := RecordOf(observed.Deployment)
	if !scene.IsOn || record == nil {
		return scene
	}
	pods := slices.DeleteFunc(slices.Clone(observed.Pods), func(pod Pod) bool { return pod.Gone })
	scene.countAway(planned, observed.Nodes, pods)
	scene.Room = surgeWithin(&web.Spec, planned.Replicas, rebalanceBudget(given, planned.Replicas))
	scene.Recorded, scene.TakenUp = record.Surge, record.TakenUp
	scene.IsImageSettled = observed.Image.State != ImagePending
	deployment := observed.Deployment
	scene.IsRollingOut = deployment.Status.UpdatedReplicas < deployment.Status.Replicas || planned.WaitsForImage || record.Pod != planned.Record.Pod ||
		planned.Placement.Contradiction != ""
	scene.IsAtRest = !scene.IsRollingOut && existingReplicas(deployment) == record.Replicas+record.Surge && isAtRest(observed, pods)
	scene.IsReady = !slices.ContainsFunc(pods, func(pod Pod) bool { return pod.Node == "" || !pod.IsAvailable() })
	scene.IsWaiting = slices.ContainsFunc(pods, func(pod Pod) bool { return pod.Node == "" })
	scene.IsMet = planned.Replicas == record.Replicas && planned.serves(pods)
	scene.CostsAreOthers = slices.ContainsFunc(pods, func(pod Pod) bool { return pod.CostIsOthers })
	scene.IsStamped = !scene.CostsAreOthers && !slices.ContainsFunc(pods, func(pod Pod) bool {
		return pod.Node != "" && costOf(pod) != dueCost(planned.Preferred, pod)
	})
	scene.Refused = refusedPods(deployment)
	return scene
}

// countAway goes by the order in which the architectures are filled. A pod whose node is not known is nowhere.
func (s *RebalanceScene) countAway(planned *Plan, nodes *Nodes, pods []Pod) {
	hasNodes := func(name string) bool { return nodes == nil || nodes.All[name] > 0 }
	best := slices.IndexFunc(planned.Preferred, func(level []string) bool { return slices.ContainsFunc(level, hasNodes) })
	lowest := -1
	for _, pod := range pods {
		rank := slices.IndexFunc(planned.Preferred, func(level []string) bool { return slices.Contains(level, pod.Architecture) })
		if best < 0 || rank <= best || pod.Node == "" {
			continue
		}
		s.Away, s.Far, lowest = s.Away+1, s.Far+rank-best, max(lowest, rank)
		if !slices.Contains(s.AwayOn, pod.Architecture) {
			s.AwayOn = append(s.AwayOn, pod.Architecture)
		}
	}
	for rank := max(best, 0); rank < lowest; rank++ {
		for _, name := range planned.Preferred[rank] {
			switch {
			case nodes == nil:
				s.Nodes++ // nobody knows: it has to be tried.
			case !hasNodes(name):
				continue
			default:
				s.Nodes += nodes.Schedulable[name]
			}
			s.HomeOn = append(s.HomeOn, name)
		}
	}
	slices.Sort(s.AwayOn)
}

// serves reports whether the pods that are available meet the demand.
func (p *Plan) serves(pods []Pod) bool {
	groups := GroupsOf(p.Rates, pods, (*Pod).IsAvailable)
	return p.Spread.Served(groups) >= p.Demand.QPS && capacity.Pods(groups) >= p.Demand.Pods
}

// rebalanceBudget is what the spec allows beside so many pods, at least one.
func rebalanceBudget(given elasticwebv1.RebalanceSpec, replicas int32) int32 {
	share := ptr.Deref(given.MaxSurge, intstr.FromString(MaxRebalanceSurge))
	pods, _ := intstr.GetScaledValueFromIntOrPercent(&share, int(replicas), true) // 0 for a value that is none.
	return int32(min(max(pods, 1), 100_000))                                      //nolint:gosec // bounded.
}

// surgeWithin keeps more pods than the demand calls for within maxReplicas. Who wants none gets none.
func surgeWithin(spec *elasticwebv1.ElasticWebSpec, replicas, surge int32) int32 {
	if replicas == 0 {
		return 0
	}
	return min(max(surge, 0), max(ptr.Deref(spec.MaxReplicas, math.MaxInt32)-replicas, 0))
}

// refusedPods is what the ReplicaSet controller was told where it may not make a pod.
func refusedPods(deployment *appsv1.Deployment) string {
	for _, condition := range deployment.Status.Conditions {
		if condition.Type == appsv1.DeploymentReplicaFailure && condition.Status == corev1.ConditionTrue {
			return condition.Message
		}
	}
	return ""
}
