// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package plan

import (
	"cmp"
	"maps"
	"reflect"
	"slices"

	"k8s.io/utils/ptr"

	elasticwebv1 "github.com/elasticweb/elasticweb-operator/api/v1"
	"github.com/elasticweb/elasticweb-operator/internal/capacity"
	"github.com/elasticweb/elasticweb-operator/internal/placement"
)

// askedFor is the number of pods that the demand calls for, whatever the limits, and how that came about.
func askedFor(demand Demand, s sizing, levels placement.Levels, live *Record, observed Observed) (asked int64, reasons Reasons) {
	if demand.QPS == 0 {
		return demand.Pods, Reasons{}
	}
	s.demand, s.nodes = demand.QPS, observed.Nodes
	s.last = int64(cmp.Or(live.Replicas, existingReplicas(observed.Deployment)))
	pods := slices.DeleteFunc(slices.Clone(observed.Pods), func(pod Pod) bool { return pod.Gone })
	isReordered := live.Levels != nil && !reflect.DeepEqual(live.Levels, levels)
	isAtRest := !isReordered && isAtRest(observed, pods)
	s = s.over(pods)
	reasons = Reasons{Last: s.last, First: s.first(), Groups: s.groups()}
	switch {
	case isAtRest && live.Surge > 0:
		asked, reasons = s.besideSurge(pods, int64(live.Surge), int64(observed.Surge), reasons)
	case isAtRest:
		asked, reasons.Basis = s.atRest(reasons.Groups)
	default:
		asked, reasons.Basis = s.onTheMove()
	}
	return max(asked, demand.Pods), reasons
}

// sizing is what the number of pods is worked out from. Nothing is remembered but the number itself.
type sizing struct {
	spec      *elasticwebv1.ElasticWebSpec
	rates     []placement.Rate
	preferred placement.Levels
	spread    capacity.Spread
	// awaitsWeights is true while the spread is no more than expected.
	awaitsWeights bool
	// demand in requests per second; last is the number of pods that was last asked for, existing that of those that are not gone.
	demand, last, existing int64
	nodes                  *Nodes
	// placed are the pods that have a node.
	placed []Pod
}

// over is the same with these pods, none of which is gone.
func (s sizing) over(pods []Pod) sizing {
	s.existing = int64(len(pods))
	s.placed = slices.DeleteFunc(slices.Clone(pods), func(pod Pod) bool { return pod.Node == "" })
	return s
}

// serves reports whether the pods that have a node serve the demand, by what each of them serves.
func (s sizing) serves() bool {
	return s.spread.Served(GroupsOf(s.rates, s.placed, func(*Pod) bool { return true })) >= s.demand
}

// onTheMove is the number while it is not known where the pods will be: the last one, but as many as are needed if all are on the
// fastest architecture, and no more than are needed if one is on the slowest. That is what changes with the demand; what changes with
// where the pods are waits.
func (s sizing) onTheMove() (int64, Basis) {
	var reachable []int64
	for _, rate := range s.rates {
		if s.hasNodes(rate.Architecture) || slices.ContainsFunc(s.placed, func(pod Pod) bool { return pod.Architecture == rate.Architecture }) {
			reachable = append(reachable, rate.QPS)
		}
	}
	if len(reachable) == 0 || s.last == 0 {
		return capacity.PodsFor(s.demand, s.first()), BasisFirst
	}
	fewest, most := capacity.PodsFor(s.demand, slices.Max(reachable)), capacity.PodsFor(s.demand, slices.Min(reachable))
	return min(max(s.last, fewest), most), BasisMoving
}

// atRest is the number that the demand calls for where the pods are.
func (s sizing) atRest(groups []capacity.Group) (int64, Basis) {
	if len(groups) == 0 {
		return capacity.PodsFor(s.demand, s.first()), BasisFirst
	}
	slowest, _ := capacity.Slowest(groups)
	least := int64(ptr.Deref(s.spec.MinReplicas, 0))
	target := s.spread.Size(s.demand, least, slowest.PodQPS, groups) // more land where the last ones did.
	if target > s.existing && s.serves() {
		target = min(target, max(s.existing, least)) // where costs are others', the groups serve less than the pods do.
	}
	if target > s.existing {
		return s.grown(target, groups)
	}
	if s.awaitsWeights { // no pod goes before the others get the share that they are to serve.
		even := capacity.Joined.Size(s.demand, least, slowest.PodQPS, groups)
		target = max(target, min(even, s.existing))
	}
	return s.shrunk(target, groups)
}

// grown is a number of pods above what there is. While pods wait for a node, more of them would wait, too. A few pods that landed on
// slow nodes may be chance: where counting with them would more than double what the faster ones need, as many more are tried first as
// would have to land on the faster ones for the slow ones to go. Once there are more pods than the faster ones and the least number need, that was tried.
func (s sizing) grown(target int64, groups []capacity.Group) (int64, Basis) {
	if int64(len(s.placed)) < s.existing {
		asked, _ := s.onTheMove()
		return asked, BasisWaiting
	}
	slowest, _ := capacity.Slowest(groups)
	fast := groups[:slices.IndexFunc(groups, func(group capacity.Group) bool { return group.PodQPS == slowest.PodQPS })]
	fastQPS := s.first()
	if slowestOfFast, isAny := capacity.Slowest(fast); isAny {
		fastQPS = slowestOfFast.PodQPS
	}
	needed := max(capacity.PodsFor(s.demand, fastQPS), int64(ptr.Deref(s.spec.MinReplicas, 0)))
	tried := needed + capacity.Pods(groups) - capacity.Pods(fast)
	if needed >= s.existing && target > 2*tried {
		return tried, BasisTried
	}
	return target, BasisCounted
}

// shrunk is a number of pods that is not above what there is. Pods go only where those that stay serve the demand: which they are is
// the ReplicaSet controller's choice, by the costs that the pods bear, whoever set them; of pods with the same cost the fastest may go.
// It takes pods that are not ready first, whatever their cost: where they are to stay, only so many go that it does not matter which. Those that
// are ready and do not count yet may stay in the place of others with the same cost.
func (s sizing) shrunk(target int64, groups []capacity.Group) (int64, Basis) {
	stay := slices.Clone(s.placed)
	slices.SortStableFunc(stay, func(a, b Pod) int {
		return cmp.Or(cmp.Compare(costOf(b), costOf(a)), cmp.Compare(readiness(a), readiness(b)), cmp.Compare(s.rate(a.Architecture), s.rate(b.Architecture)))
	})
	slowest, _ := capacity.Slowest(groups)
	enough := capacity.PodsFor(s.demand, slowest.PodQPS)
	for _, pod := range stay {
		if readiness(pod) == readinessWarming {
			enough++
		}
	}
	harmless := max(target, min(enough, s.existing))
	var staying []capacity.Group
	for i, pod := range stay {
		staying = withPod(staying, s.rate(pod.Architecture))
		if !pod.IsAvailable() || int64(i+1) >= harmless {
			break
		}
		if pods := int64(i + 1); pods >= target && s.spread.Served(staying) >= s.demand {
			return pods, keptBasis(pods, target)
		}
	}
	return harmless, keptBasis(harmless, target)
}

// besideSurge is the number that the demand calls for without the surge that there is to bring others back, see Rebalance, of which so much is
// held: that has no say, be its pods ready or not, else it would be counted in, and as many more asked for beside it. Where those that would stay
// do not do, and those that are there do, what is taken back is kept. The costs are those that the pods bear, or are about to.
func (s sizing) besideSurge(pods []Pod, surge, held int64, reasons Reasons) (int64, Reasons) {
	var asked int64
	for _, cost := range []func(Pod) int32{costOf, func(pod Pod) int32 { return dueCost(s.preferred, pod) }} {
		left := s.over(s.without(surge, pods, cost))
		groups := left.groups()
		if number, basis := left.atRest(groups); number >= asked {
			asked, reasons.Basis, reasons.Groups = number, basis, groups
		}
	}
	if kept := s.existing - min(surge, held); asked > kept && s.serves() {
		asked, reasons.Basis = kept, BasisKept
	}
	return asked, reasons
}

// without is the pods that stay once so many are taken away: those go that the ReplicaSet controller takes first, of those that it may take as
// well the fastest.
func (s sizing) without(number int64, pods []Pod, cost func(Pod) int32) []Pod {
	stay := slices.SortedStableFunc(slices.Values(pods), func(a, b Pod) int {
		return cmp.Or(cmp.Compare(progress(a), progress(b)), cmp.Compare(cost(a), cost(b)), cmp.Compare(readiness(b), readiness(a)), cmp.Compare(s.rate(b.Architecture), s.rate(a.Architecture)))
	})
	return stay[min(int(number), len(stay)):]
}

// The readiness of a pod with a node, in the order in which, all else being equal, pods stay where it is worst.
const (
	readinessWarming = iota
	readinessAvailable
	readinessUnready
)

func readiness(pod Pod) int {
	switch {
	case pod.IsAvailable():
		return readinessAvailable
	case pod.Ready:
		return readinessWarming
	}
	return readinessUnready
}

// progress is how far a pod is: those that are not as far go first, whatever their cost.
func progress(pod Pod) int {
	switch {
	case pod.Node == "":
		return 0
	case !pod.Ready:
		return 1
	}
	return 2
}

// withPod is the groups and a pod more.
func withPod(groups []capacity.Group, podQPS int64) []capacity.Group {
	if at := slices.IndexFunc(groups, func(group capacity.Group) bool { return group.PodQPS == podQPS }); at >= 0 {
		groups[at].Pods++
		return groups
	}
	return append(groups, capacity.Group{PodQPS: podQPS, Pods: 1})
}

func keptBasis(pods, target int64) Basis {
	if pods == target {
		return BasisCounted
	}
	return BasisKept
}

// first is what a pod serves on the architecture that is filled first, of those that the cluster has nodes of.
func (s sizing) first() int64 {
	levels := append(s.preferred.Of(s.hasNodes), s.preferred...)
	if s.nodes == nil || len(levels) == 0 {
		return s.rate("")
	}
	return s.rate(slices.MaxFunc(levels[0], func(a, b string) int { return cmp.Compare(s.rate(a), s.rate(b)) }))
}

func (s sizing) hasNodes(name string) bool { return s.nodes == nil || s.nodes.Schedulable[name] > 0 }

// rate is what a pod serves on an architecture, or, where nothing is known of that, anywhere.
func (s sizing) rate(architecture string) int64 {
	if at := slices.IndexFunc(s.rates, func(rate placement.Rate) bool { return rate.Architecture == architecture }); at >= 0 {
		return s.rates[at].QPS
	}
	return int64(max(ptr.Deref(s.spec.SinglePodsQPS, 1), 1))
}

// groups are the pods that have a node, those that are kept longest first. What bears the same cost is one group, which serves what its
// slowest pod does: which of them go is not known.
func (s sizing) groups() []capacity.Group {
	byCost := map[int32]capacity.Group{}
	for _, pod := range s.placed {
		cost := dueCost(s.preferred, pod)
		group, isAny := byCost[cost]
		if podQPS := s.rate(pod.Architecture); !isAny || podQPS < group.PodQPS {
			group.PodQPS = podQPS
		}
		group.Pods++
		byCost[cost] = group
	}
	var groups []capacity.Group
	for _, cost := range slices.Backward(slices.Sorted(maps.Keys(byCost))) {
		groups = append(groups, byCost[cost])
	}
	return groups
}

// isAtRest reports whether the pods that are not gone can be counted: no rollout runs, they are those that the Deployment reports, and
// the scheduler has decided about each.
func isAtRest(observed Observed, pods []Pod) bool {
	deployment := observed.Deployment
	return deployment == nil || !IsRollingOut(deployment) &&
		deployment.Status.Replicas == existingReplicas(deployment) && int(deployment.Status.Replicas) == len(pods) &&
		!slices.ContainsFunc(pods, func(pod Pod) bool {
			isDecided := pod.Unschedulable != "" || pod.Node != "" && (pod.Architecture != "" || observed.Nodes == nil)
			return !isDecided || pod.TemplateHash != pods[0].TemplateHash
		})
}
