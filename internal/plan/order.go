// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package plan

import (
	"cmp"
	"maps"
	"slices"

	elasticwebv1 "github.com/elasticweb/elasticweb-operator/api/v1"
	"github.com/elasticweb/elasticweb-operator/internal/placement"
)

// levels is the order of the allowed architectures, those that are possible first: what cannot be used has no say about the others.
// inUse are those that the live template was made with, nil where there is none. While a benchmark is named, what it has not measured
// and was left out stays out until there is a result or the user rolls out; and where it has measured nothing, what is in use stays as it
// is, unless the spec has numbers of its own.
func levels(spec *elasticwebv1.ElasticWebSpec, allowed, possible []string, measured Measurements, inUse placement.Levels, rolls bool) placement.Levels {
	used := inUse.Flat()
	isUsed := func(name string) bool { return slices.Contains(used, name) }
	isNamed := func(name string) bool {
		return entryOf(spec, name) != nil || placement.Names(spec.NodeSelector, spec.Affinity, name)
	}
	isPossible := func(rate placement.Rate) bool { return slices.Contains(possible, rate.Architecture) }
	rates := measured.rates(spec, allowed)
	isHeld := spec.BenchmarkRef != nil && !rolls && slices.ContainsFunc(possible, isUsed)
	if isHeld {
		rates = slices.DeleteFunc(rates, func(rate placement.Rate) bool { return !rate.Measured && !isUsed(rate.Architecture) })
		isNumber := func(entry elasticwebv1.ArchitectureSpec) bool { return entry.SinglePodsQPS != nil }
		isMeasured := func(rate placement.Rate) bool { return rate.Measured }
		if !slices.ContainsFunc(rates, isMeasured) && len(rates) == len(used) && !slices.ContainsFunc(spec.Architectures, isNumber) {
			return inUse
		}
	}
	usable := slices.DeleteFunc(slices.Clone(rates), func(rate placement.Rate) bool { return !isPossible(rate) })
	usable = placement.Worthwhile(usable, usable, isNamed, isUsed, isHeld)
	others := placement.Worthwhile(slices.DeleteFunc(slices.Clone(rates), isPossible), rates, isNamed, isUsed, isHeld)
	return append(placement.Rank(usable, inUse), placement.Rank(others, inUse)...)
}

// presentRates is the rates of the possible architectures, and of those that have pods: by level, those without one last, then by
// falling QPS and name. A pod on a node that is not known counts as one on the slowest of those possible.
func presentRates(spec *elasticwebv1.ElasticWebSpec, measured Measurements, observed Observed, possible []string, levels placement.Levels) []placement.Rate {
	names := slices.Clone(possible)
	if possible == nil { // nobody looks at the image.
		names = slices.Sorted(maps.Keys(measured))
	}
	candidates := len(names)
	if observed.Nodes == nil || possible == nil {
		names = append(names, "")
	}
	for _, pod := range observed.Pods {
		if !pod.Gone && pod.Node != "" && !slices.Contains(names, pod.Architecture) {
			names = append(names, pod.Architecture)
		}
	}
	order, unranked := slices.Concat(levels.Flat(), names), len(levels.Flat())
	rates := measured.rates(spec, names)
	if unknown := slices.Index(names, ""); unknown >= 0 && candidates > 0 {
		slowest := slices.MinFunc(rates[:candidates], func(a, b placement.Rate) int { return cmp.Compare(a.QPS, b.QPS) })
		rates[unknown].QPS = slowest.QPS
	}
	at := func(rate placement.Rate) int { return min(slices.Index(order, rate.Architecture), unranked) }
	slices.SortFunc(rates, func(a, b placement.Rate) int {
		return cmp.Or(cmp.Compare(at(a), at(b)), cmp.Compare(b.QPS, a.QPS), cmp.Compare(a.Architecture, b.Architecture))
	})
	return rates
}
