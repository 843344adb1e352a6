// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package plan

import (
	"cmp"
	"slices"

	"k8s.io/utils/ptr"

	elasticwebv1 "github.com/elasticweb/elasticweb-operator/api/v1"
	"github.com/elasticweb/elasticweb-operator/internal/capacity"
	"github.com/elasticweb/elasticweb-operator/internal/placement"
)

// spreadOf is how requests are spread over the pods. The Service sends them to those that joined where it selects by that; until then, to
// all.
func spreadOf(spec *elasticwebv1.ElasticWebSpec, observed Observed, selectsJoined bool) capacity.Spread {
	switch {
	case ptr.Deref(spec.Balancing, elasticwebv1.BalancingEven) == elasticwebv1.BalancingLeastRequest:
		return capacity.LeastRequest
	case selectsJoined && observed.Nodes != nil && (observed.Service == nil || observed.Service.Spec.Selector[elasticwebv1.LabelJoined] != ""):
		return capacity.Joined
	}
	return capacity.Even
}

// templateJoins says whether the template carries the label of pods that joined. One that was made by an older operator gets it with the
// user's next rollout, be it kubectl's: the label restarts no pod. A restart of a template that is kept counts once it is made again.
func templateJoins(spec *elasticwebv1.ElasticWebSpec, observed Observed, live *Record, rolls bool) bool {
	return observed.Deployment == nil || rolls || live.Joins || !observed.KeepsTemplate && isRestarted(spec, observed, live)
}

// isLabelOurs reports whether the label of pods that joined is nowhere the user's: older releases let spec.podLabels hold it.
func isLabelOurs(observed Observed, live *Record) bool {
	return (observed.Deployment == nil || live.Joins) && !slices.ContainsFunc(observed.Pods, func(pod Pod) bool {
		return !pod.Gone && !slices.Contains([]string{"", elasticwebv1.JoinedTrue, elasticwebv1.JoinedFalse}, pod.JoinedLabel)
	})
}

// selectsJoined says whether the Service selects by that label: only where the pods to come bear it, and never while there is one
// without it, which is of an older template and serves until the rollout takes it away. One that selects all pods goes on doing so while none
// is known: it may lead to pods that are no Deployment's, or not yet, and lack the label.
func selectsJoined(observed Observed) bool {
	deployment, service := observed.Deployment, observed.Service
	isThere := func(pod Pod) bool { return !pod.Gone }
	if selectsAll := service != nil && service.Spec.Selector[elasticwebv1.LabelJoined] == ""; selectsAll && (deployment == nil || !slices.ContainsFunc(observed.Pods, isThere)) {
		return false
	}
	return (deployment == nil || deployment.Spec.Template.Labels[elasticwebv1.LabelJoined] != "") &&
		!slices.ContainsFunc(observed.Pods, func(pod Pod) bool { return isThere(pod) && pod.JoinedLabel == "" })
}

// joiners says which pods are to join the Service: those of the architectures that make the whole better, see slowestToJoin. What has no
// architecture that is known stays as it is. leave is how many of the pods that are ready go with what the plan takes away.
func joiners(spread capacity.Spread, demand int64, leave int, rates []placement.Rate, pods []Pod) func(Pod) bool {
	slowest, isEven := int64(0), true
	switch spread {
	case capacity.Joined:
		slowest = slowestToJoin(demand, demand > unknownQPS, leave, rates, pods)
	case capacity.Weighted: // the Service beside a way in with weights spreads evenly; the demand is none of its own.
		slowest = slowestToJoin(0, true, leave, rates, pods)
	default:
		isEven = false
	}
	return func(pod Pod) bool {
		at := slices.IndexFunc(rates, func(rate placement.Rate) bool { return rate.Architecture == pod.Architecture })
		if pod.Architecture == "" && isEven || at < 0 {
			return pod.IsJoined()
		}
		return rates[at].QPS >= slowest
	}
}

// unknownQPS is the greatest demand that stands for one that nobody knows: none, and what holds the pods that there are.
const unknownQPS = 1

// worthJoining is the part of what is served that a change of what joins has to bring where what joined serves the demand: a twentieth. Near the
// break-even one pod that comes and goes would have all of the slower architectures join and leave each time, a write for each pod.
const worthJoining = 20

// slowestToJoin is what the pods serve at least that are to join, see capacity.Join. Those that joined stay while they serve the demand and
// hardly less than the best would, and nobody has to join them. What was ready a moment ago counts as ready, so that one probe that fails
// moves nothing, but only while those that are ready serve at least half so of what they can.
func slowestToJoin(demand int64, mayStay bool, leave int, rates []placement.Rate, pods []Pod) int64 {
	if len(rates) < 2 {
		return 0 // there is nobody to drag down.
	}
	ready := GroupsOf(rates, pods, isReadyOnOne)
	slowest, best := capacity.Join(ready)
	left := ready
	if leave > 0 {
		stay := staying(pods, leave)
		left = GroupsOf(rates, stay, isReadyOnOne)
		// A few slow pods that are left would drag the fast ones below the demand.
		if of, served := capacity.Join(left); servedFrom(left, slowest) < demand && served >= demand {
			pods, ready, slowest, best = stay, left, of, served
		}
	}
	if present, isWhole := presentSlowest(rates, pods); mayStay && isWhole {
		served := servedFrom(ready, present)
		if min(served, servedFrom(left, present)) >= demand && served >= best-best/worthJoining {
			return present
		}
	}
	steady, _ := capacity.Join(GroupsOf(rates, pods, isSteadyOnOne))
	if served := servedFrom(ready, steady); served > 0 && served >= best-served {
		return steady
	}
	return slowest
}

// presentSlowest is what those that joined serve at least, and whether there are any and nobody as fast waits.
func presentSlowest(rates []placement.Rate, pods []Pod) (slowest int64, isWhole bool) {
	joined := GroupsOf(rates, pods, func(pod *Pod) bool { return isSteadyOnOne(pod) && pod.IsJoined() })
	waiting := GroupsOf(rates, pods, func(pod *Pod) bool { return isReadyOnOne(pod) && !pod.IsJoined() })
	present, isAny := capacity.Slowest(joined)
	return present.PodQPS, isAny && servedFrom(waiting, present.PodQPS) == 0
}

// isReadyOnOne is true of a pod that is ready on an architecture that is known, isSteadyOnOne also where it was so a moment ago.
func isReadyOnOne(pod *Pod) bool { return pod.Architecture != "" && pod.Ready }

func isSteadyOnOne(pod *Pod) bool {
	return pod.Architecture != "" && (pod.Ready || !pod.WaversUntil.IsZero())
}

// staying are the pods that are ready, without those that leave first.
func staying(pods []Pod, leave int) []Pod {
	byCost := slices.DeleteFunc(slices.Clone(pods), func(pod Pod) bool { return pod.Gone || !pod.Ready })
	slices.SortStableFunc(byCost, func(a, b Pod) int { return cmp.Compare(costOf(a), costOf(b)) })
	return byCost[min(max(leave, 0), len(byCost)):]
}

// servedFrom is what the pods serve that serve slowest or more each.
func servedFrom(groups []capacity.Group, slowest int64) int64 {
	return capacity.Even.Served(slices.DeleteFunc(slices.Clone(groups), func(group capacity.Group) bool { return group.PodQPS < slowest }))
}

// GroupsOf are the pods on nodes by architecture, in the order of the rates, as far as they count.
func GroupsOf(rates []placement.Rate, pods []Pod, counts func(*Pod) bool) []capacity.Group {
	groups := make([]capacity.Group, 0, len(rates))
	for _, rate := range rates {
		group := capacity.Group{Architecture: rate.Architecture, PodQPS: rate.QPS}
		for i := range pods {
			if pod := &pods[i]; !pod.Gone && pod.Node != "" && pod.Architecture == rate.Architecture && counts(pod) {
				group.Pods++
			}
		}
		groups = append(groups, group)
	}
	return groups
}

// isMixed reports whether pods may be, or are, on more than one architecture of the cluster.
func isMixed(possible []string, observed Observed) bool {
	names := map[string]bool{}
	if observed.Nodes != nil {
		for name := range observed.Nodes.All {
			if possible == nil || slices.Contains(possible, name) {
				names[name] = true
			}
		}
	}
	for _, pod := range observed.Pods {
		if !pod.Gone && pod.Architecture != "" {
			names[pod.Architecture] = true
		}
	}
	return len(names) > 1
}

// Serves reports whether requests are sent to a pod that is ready.
func (p *Plan) Serves(pod *Pod) bool { return !p.isEven() || pod.IsJoined() }

// isEven reports whether the requests are spread evenly over those pods that joined: also while weights are on their way.
func (p *Plan) isEven() bool {
	return p.Spread == capacity.Joined || p.Spread == capacity.Weighted && !p.WeightsInForce
}

// Served is what ready pods serve that Serves holds for.
func (p *Plan) Served(groups []capacity.Group) int64 {
	if p.isEven() {
		return capacity.Even.Served(groups)
	}
	return p.Spread.Served(groups)
}
