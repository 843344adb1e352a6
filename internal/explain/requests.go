// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package explain

import (
	"slices"
	"strings"

	"github.com/elasticweb/elasticweb-operator/internal/capacity"
	"github.com/elasticweb/elasticweb-operator/internal/plan"
)

// requests is about pods on several architectures: on one, all get alike many.
func requests(in Input) (said []string) {
	joined, waiting := readyPods(in)
	if len(joined)+len(waiting) < 2 {
		return nil
	}
	switch {
	case in.Plan.Spread == capacity.LeastRequest:
		return []string{say("spec.balancing says that they go to the pods with the fewest under way, so that the pods serve their sum, of which %d%% are not counted on.",
			capacity.LeastRequestMargin)}
	case in.Plan.WeightsInForce:
		return []string{"Each pod gets its share by what it serves, so that the pods serve their sum."}
	case in.Plan.Spread == capacity.Even:
		return []string{"To all pods that are ready, each as many: they are of a template that an older operator made. From the next rollout on those wait that make the whole serve less."}
	}
	said = append(said, say("The Service sends each pod that joined as many as any other: %s, which serve %d together.", listed(joined), capacity.Even.Served(joined)))
	if len(waiting) > 0 {
		all := append(joined, waiting...)
		wait := say("%s wait: with them it would be %d", listed(waiting), capacity.Even.Served(all))
		if capacity.Even.Served(all) > capacity.Even.Served(joined) { // see plan: what joined stays while it is enough.
			wait += ", hardly more, and what joined is enough"
		}
		said = append(said, wait+".",
			say("By weights that follow what each serves, all of them would serve their sum, %d.", capacity.Weighted.Served(all)))
	}
	if in.Plan.Spread == capacity.Weighted {
		said = append(said, "Weights of the way in are on their way: its gateway has not taken them up yet.")
	}
	return said
}

// readyPods counts the pods that count by architecture, those that requests are sent to and those that wait.
func readyPods(in Input) (joined, waiting []capacity.Group) {
	of := func(serves bool) []capacity.Group {
		groups := plan.GroupsOf(in.Plan.Rates, in.Observed.Pods, func(pod *plan.Pod) bool { return pod.IsAvailable() && in.Plan.Serves(pod) == serves })
		return slices.DeleteFunc(groups, func(group capacity.Group) bool { return group.Pods == 0 })
	}
	return of(true), of(false)
}

func listed(groups []capacity.Group) string {
	parts := make([]string, 0, len(groups))
	for _, group := range groups {
		where := group.Architecture
		if where == "" {
			where = "nodes that are not known"
		}
		parts = append(parts, say("%d on %s at %d", group.Pods, where, group.PodQPS))
	}
	return strings.Join(parts, " and ")
}

// countedBy is about pods at rest whose requests are not spread over all of them evenly.
func countedBy(spread capacity.Spread, in Input) string {
	asked, qps := in.Plan.Asked, in.Plan.Demand.QPS
	kept, more := firstOf(in.Reasons.Groups, asked)
	slowest, served := capacity.Join(kept)
	switch {
	case spread != capacity.Joined:
		return say("The pods that are kept longest count with what each serves: %d requests per second take %d.", qps, asked)
	case capacity.PodsFor(qps, slowest) == asked:
		return say("%s: %d / %d makes %d.", evenly, qps, slowest, asked)
	case served >= qps && more == 0:
		return say("%d stay. Requests go to those alone that make the whole serve more: these serve %d, and %d are asked for.", asked, served, qps)
	}
	return say("%d requests per second take %d pods.", qps, asked)
}

// firstOf is so many pods of the groups, and as many more of the last one as they lack.
func firstOf(groups []capacity.Group, pods int64) (first []capacity.Group, more int64) {
	for _, group := range groups {
		group.Pods = min(group.Pods, pods)
		pods -= group.Pods
		first = append(first, group)
	}
	if slowest, isAny := capacity.Slowest(first); isAny && pods > 0 {
		slowest.Pods = pods
		first = append(first, slowest)
	}
	return first, pods
}
