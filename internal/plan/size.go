// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package plan

import (
	"slices"

	elasticwebv1 "github.com/elasticweb/elasticweb-operator/api/v1"
	"github.com/elasticweb/elasticweb-operator/internal/capacity"
	"github.com/elasticweb/elasticweb-operator/internal/placement"
)

// size works out the number of pods, and leaves in the record what it was worked out with.
func size(result *Plan, spec *elasticwebv1.ElasticWebSpec, observed Observed, possible []string) {
	switch result.Demand.Mode {
	case ModeReplicas:
		result.Asked = result.Demand.Pods
	case ModeQPS:
		sizing := sizer{
			demand: result.Demand.QPS, record: result.Record,
			best:     bestArchitecture(result.Rates, possible, observed.Nodes, rateOf(spec, nil, "")),
			rates:    result.Rates,
			observed: observed, settled: isSettled(observed),
			existing: int64(existingReplicas(observed)),
		}.size()
		result.Asked = sizing.Pods
		result.Record.Basis, result.Record.TopUp, result.Record.Grown = sizing.Basis.Architecture, sizing.topUp, sizing.grown
	case ModeNone:
		result.Record.Basis, result.Record.TopUp, result.Record.Grown = "", 0, false
	}
	result.Replicas, result.Limit = clamp(spec, result.Asked)
}

// bestArchitecture is what is counted with while nothing is scheduled: the best possible architecture that
// the cluster has nodes of, else the best possible one.
func bestArchitecture(rates []placement.Rate, possible []string, nodes *Nodes, fallback placement.Rate) capacity.Group {
	var best *placement.Rate
	for i, rate := range rates {
		if possible != nil && !slices.Contains(possible, rate.Architecture) {
			continue
		}
		if nodes != nil && nodes.Schedulable[rate.Architecture] == 0 {
			continue
		}
		if best == nil || rate.QPS > best.QPS {
			best = &rates[i]
		}
	}
	switch {
	case best != nil:
		return group(*best, 0)
	case len(possible) > 0 && len(rates) > 0:
		return group(rates[0], 0)
	default:
		return group(fallback, 0)
	}
}

type sizer struct {
	demand   int64
	record   Record
	best     capacity.Group
	rates    []placement.Rate
	observed Observed
	// settled is what isSettled says of observed.
	settled  bool
	existing int64
}

// sized is a number of pods, of which topUp are beyond what the basis calls for, and whether it grew because
// of where pods landed.
type sized struct {
	capacity.Sizing
	topUp int64
	grown bool
}

// size is the number of pods that the demand calls for on the architectures that the pods landed on. While
// the pods are on the move it changes with the demand alone.
func (s sizer) size() sized {
	if !s.settled {
		return s.hold()
	}
	scheduled := groups(s.rates, s.observed.Pods, func(pod Pod) bool { return pod.Node != "" })
	target := sized{Sizing: capacity.Size(s.demand, s.best, scheduled)}
	if target.Pods > s.existing {
		return s.grow(target, scheduled)
	}
	return s.shrink(target)
}

// hold goes by the architecture that the last number was worked out with. Where that is fewer pods than there
// are, it goes by the slowest that pods may be on: which of them go is not known.
func (s sizer) hold() sized {
	basis := s.best
	for _, rate := range s.rates {
		if s.record.Basis != "" && rate.Architecture == s.record.Basis {
			basis = group(rate, 0)
		}
	}
	held := topped(s.demand, basis, 0)
	if held.Pods+s.record.TopUp >= s.existing { // a demand that fell has no use for more than it calls for.
		held = topped(s.demand, basis, max(s.existing-held.Pods, 0))
	}
	held.grown = s.record.Grown
	if held.Pods < s.existing {
		if slowest, isAny := s.slowest(); isAny {
			held.Pods = max(held.Pods, min(capacity.PodsFor(s.demand, slowest.PodQPS), s.existing))
		}
	}
	return held
}

// slowest is the slowest architecture of the pods that have a node, and, while pods are on the move, of the nodes that take
// pods: there may be one already that is not seen yet, and does not bear its deletion cost.
func (s sizer) slowest() (slowest capacity.Group, isAny bool) {
	bound := groups(s.rates, s.observed.Pods, func(pod Pod) bool { return pod.Node != "" })
	if !s.settled && s.observed.Nodes != nil {
		for i := range bound {
			bound[i].Pods += int64(s.observed.Nodes.Schedulable[bound[i].Architecture])
		}
	}
	return capacity.Slowest(bound)
}

func topped(demand int64, basis capacity.Group, topUp int64) sized {
	return sized{Sizing: capacity.Sizing{Pods: capacity.PodsFor(demand, basis.PodQPS) + topUp, Basis: basis}, topUp: topUp}
}

// grow counts with the slowest architecture that pods landed on. While pods wait for a node, more of them
// would wait, too. A few pods that landed on the slowest nodes of all may be chance: where counting with them
// would more than double what the faster ones need, as many more pods are tried first as would have to land
// on the faster ones for the slow ones to go: once.
func (s sizer) grow(target sized, scheduled []capacity.Group) sized {
	held := s.hold()
	if slices.ContainsFunc(s.observed.Pods, func(pod Pod) bool { return !pod.Terminating && pod.Unschedulable != "" }) {
		return held
	}
	faster := fasterThan(scheduled, target.Basis.PodQPS)
	basis, isAny := capacity.Slowest(faster)
	tried := topped(s.demand, basis, capacity.Pods(scheduled)-capacity.Pods(faster))
	target.grown, tried.grown = held.grown || target.Basis.PodQPS < held.Basis.PodQPS, true
	if !isAny || s.record.Grown || s.hasSlowerNodes(target.Basis.PodQPS) ||
		target.Pods <= 2*tried.Pods || tried.Pods <= s.existing {
		return target
	}
	return tried
}

// hasSlowerNodes reports whether pods may yet land on a slower architecture.
func (s sizer) hasSlowerNodes(podQPS int64) bool {
	return s.observed.Nodes != nil && slices.ContainsFunc(s.rates, func(rate placement.Rate) bool {
		return rate.QPS < podQPS && s.observed.Nodes.Schedulable[rate.Architecture] > 0
	})
}

// shrink lets the slower pods go only when the ReplicaSet controller is sure to take them: when they bear
// their deletion cost, and the faster ones are ready, since it removes pods that are not ready first.
func (s sizer) shrink(target sized) sized {
	slower := func(pod Pod) bool { return pod.Node != "" && s.rate(pod.Architecture) < target.Basis.PodQPS }
	faster := groups(s.rates, s.observed.Pods, func(pod Pod) bool { return pod.Ready && !slower(pod) })
	ready := capacity.Pods(faster)
	for _, pod := range s.observed.Pods {
		if !pod.Terminating && slower(pod) && (!pod.HasDeletionCost || ready < target.Pods) {
			held := s.hold()
			held.Pods = max(target.Pods, min(held.Pods, s.existing))
			return held
		}
	}
	return target
}

func (s sizer) rate(architecture string) int64 {
	for _, rate := range s.rates {
		if rate.Architecture == architecture {
			return rate.QPS
		}
	}
	return s.best.PodQPS
}

// isSettled reports whether the pods can be counted: no rollout runs, the pods that are seen are those that
// the Deployment reports, and the scheduler has decided about each.
func isSettled(observed Observed) bool {
	deployment := observed.Deployment
	if deployment == nil {
		return true
	}
	if IsRollingOut(deployment) || deployment.Status.Replicas != existingReplicas(observed) {
		return false
	}
	var live int32
	hash := ""
	for _, pod := range observed.Pods {
		if pod.Terminating {
			continue
		}
		live++
		if hash == "" {
			hash = pod.TemplateHash
		}
		if pod.TemplateHash != hash || pod.Node == "" && pod.Unschedulable == "" || pod.Node != "" && pod.Architecture == "" && observed.Nodes != nil {
			return false
		}
	}
	return live == deployment.Status.Replicas
}

func fasterThan(groups []capacity.Group, podQPS int64) []capacity.Group {
	return slices.DeleteFunc(slices.Clone(groups), func(g capacity.Group) bool { return g.PodQPS <= podQPS })
}

// groups counts the pods that serve, and that count holds for, by architecture.
func groups(rates []placement.Rate, pods []Pod, counts func(Pod) bool) []capacity.Group {
	result := make([]capacity.Group, 0, len(rates))
	for _, rate := range rates {
		var number int64
		for _, pod := range pods {
			if !pod.Terminating && pod.Architecture == rate.Architecture && counts(pod) {
				number++
			}
		}
		result = append(result, group(rate, number))
	}
	return result
}

func group(rate placement.Rate, pods int64) capacity.Group {
	return capacity.Group{Architecture: rate.Architecture, PodQPS: rate.QPS, Pods: pods}
}

// presentRates is the rates of the possible architectures, and of those that have pods, the best first.
func presentRates(spec *elasticwebv1.ElasticWebSpec, observed Observed, possible []string, levels placement.Levels) []placement.Rate {
	names := slices.Clone(possible)
	for _, pod := range observed.Pods {
		if !pod.Terminating && pod.Node != "" && !slices.Contains(names, pod.Architecture) {
			names = append(names, pod.Architecture)
		}
	}
	rates := make([]placement.Rate, 0, len(names))
	for _, name := range names {
		rates = append(rates, rateOf(spec, observed.Benchmark, name))
	}
	order := levels.Flat()
	slices.SortStableFunc(rates, func(a, b placement.Rate) int { return compareRates(a, b, order) })
	return rates
}
