// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package plan

import (
	"cmp"
	"slices"

	elasticwebv1 "github.com/elasticweb/elasticweb-operator/api/v1"
	"github.com/elasticweb/elasticweb-operator/internal/placement"
)

// levels is the order of the allowed architectures. inUse are those that the live template was made with, nil where there
// is none. While a benchmark is named, what it has not measured says nothing new about the order: it was left out, or is
// in its place, and stays so until there is a result or the user rolls out.
func levels(spec *elasticwebv1.ElasticWebSpec, allowed []string, measured Measurements, inUse placement.Levels, rolls bool) placement.Levels {
	used := inUse.Flat()
	isSilent := func(architecture string) bool { return spec.BenchmarkRef != nil && !measured.isMeasured(architecture) }
	candidates := allowed
	if !rolls && slices.ContainsFunc(used, func(architecture string) bool { return slices.Contains(allowed, architecture) }) {
		candidates = slices.DeleteFunc(slices.Clone(allowed), func(architecture string) bool {
			return isSilent(architecture) && !slices.Contains(used, architecture)
		})
		if !slices.ContainsFunc(candidates, func(architecture string) bool { return !isSilent(architecture) }) && containsAll(candidates, used) {
			return inUse
		}
	}
	rates := measured.rates(spec, candidates)
	return placement.Rank(worthwhile(rates, spec, used), inUse)
}

// containsAll reports whether there are parts, and the whole holds all of them.
func containsAll(whole, parts []string) bool {
	return len(parts) > 0 && !slices.ContainsFunc(parts, func(part string) bool { return !slices.Contains(whole, part) })
}

// worthwhile leaves out an architecture that was measured at less than half of the best, unless the spec lists it, or the
// user's own terms name it. One that is in use stays until it is below 45%, so that noise at the threshold moves nothing.
// A lower bound leaves out nothing.
func worthwhile(rates []placement.Rate, spec *elasticwebv1.ElasticWebSpec, used []string) []placement.Rate {
	var best int64
	for _, rate := range rates {
		if !rate.AtLeast {
			best = max(best, rate.QPS)
		}
	}
	return slices.DeleteFunc(slices.Clone(rates), func(rate placement.Rate) bool {
		if !rate.Measured || rate.AtLeast || isListed(spec, rate.Architecture) || placement.Names(spec.NodeSelector, spec.Affinity, rate.Architecture) {
			return false
		}
		percent := int64(50)
		if slices.Contains(used, rate.Architecture) {
			percent = 45
		}
		return rate.QPS*100 < best*percent
	})
}

func isListed(spec *elasticwebv1.ElasticWebSpec, architecture string) bool {
	return slices.ContainsFunc(spec.Architectures, func(entry elasticwebv1.ArchitectureSpec) bool {
		return string(entry.Name) == architecture
	})
}

// presentRates is the rates of the possible architectures, and of those that have pods, the best first.
func presentRates(spec *elasticwebv1.ElasticWebSpec, measured Measurements, pods []Pod, possible []string, levels placement.Levels) []placement.Rate {
	names := slices.Clone(possible)
	for _, pod := range pods {
		if !pod.Gone && pod.Node != "" && !slices.Contains(names, pod.Architecture) {
			names = append(names, pod.Architecture)
		}
	}
	rates := measured.rates(spec, names)
	order := levels.Flat()
	slices.SortStableFunc(rates, func(a, b placement.Rate) int { return compareRates(a, b, order) })
	return rates
}

// compareRates orders by level, those without a level last, and then by falling QPS and name.
func compareRates(a, b placement.Rate, order []string) int {
	return cmp.Or(
		cmp.Compare(position(order, a.Architecture), position(order, b.Architecture)),
		cmp.Compare(b.QPS, a.QPS),
		cmp.Compare(a.Architecture, b.Architecture),
	)
}

func position(order []string, architecture string) int {
	if at := slices.Index(order, architecture); at >= 0 {
		return at
	}
	return len(order)
}

// preference is the order in which the architectures of the rates are filled and kept: as the template has it, and behind that,
// by what they serve, those that it no longer allows but that have pods. What is on a node that is not known is in no order.
func preference(input placement.Input, rates []placement.Rate) placement.Levels {
	preferred := placement.Preference(input)
	named := preferred.Flat()
	others := slices.DeleteFunc(slices.Clone(rates), func(rate placement.Rate) bool {
		return rate.Architecture == "" || slices.Contains(named, rate.Architecture)
	})
	return append(preferred, placement.Rank(others, nil)...)
}
