// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package plan

import (
	"slices"
	"strings"

	elasticwebv1 "github.com/elasticweb/elasticweb-operator/api/v1"
	"github.com/elasticweb/elasticweb-operator/internal/placement"
)

// rateOf is what a pod serves on an architecture: measured, else the architecture's entry in the spec,
// else singlePodsQPS. It is at least 1, whatever the spec holds.
func rateOf(spec *elasticwebv1.ElasticWebSpec, benchmark map[string]int64, architecture string) placement.Rate {
	rate := placement.Rate{Architecture: architecture, QPS: int64(orZero(spec.SinglePodsQPS))}
	for _, entry := range spec.Architectures {
		if string(entry.Name) == architecture && entry.SinglePodsQPS != nil {
			rate.QPS = int64(*entry.SinglePodsQPS)
		}
	}
	if measured, isMeasured := benchmark[architecture]; isMeasured {
		rate.QPS, rate.Measured = measured, true
	}
	rate.QPS = max(rate.QPS, 1)
	return rate
}

// allowedArchitectures is the image's architectures within those of the spec; where the image is not known,
// those of the spec; where these are not given either, nil: not known.
func allowedArchitectures(spec *elasticwebv1.ElasticWebSpec, facts *ImageFacts) []string {
	var listed []string
	for _, entry := range spec.Architectures {
		listed = append(listed, string(entry.Name))
	}
	if facts == nil || len(facts.Platforms) == 0 {
		return listed
	}
	return slices.DeleteFunc(LinuxArchitectures(facts.Platforms), func(architecture string) bool {
		return len(listed) > 0 && !slices.Contains(listed, architecture)
	})
}

// LinuxArchitectures are those of the platforms for Linux, such as linux/arm64 or linux/arm/v7, sorted and each once.
func LinuxArchitectures(platforms []string) []string {
	architectures := []string{}
	for _, platform := range platforms {
		if parts := strings.Split(platform, "/"); len(parts) >= 2 && parts[0] == "linux" {
			architectures = append(architectures, parts[1])
		}
	}
	slices.Sort(architectures)
	return slices.Compact(architectures)
}

// worthwhile leaves out an architecture that was measured at less than half of the best, unless the spec
// lists it, or the user's own terms name it. One that is in use stays until it is below 45%, so that noise at the threshold moves nothing.
func worthwhile(rates []placement.Rate, spec *elasticwebv1.ElasticWebSpec, inUse placement.Levels) []placement.Rate {
	var best int64
	for _, rate := range rates {
		best = max(best, rate.QPS)
	}
	used := inUse.Flat()
	return slices.DeleteFunc(slices.Clone(rates), func(rate placement.Rate) bool {
		if !rate.Measured || isListed(spec, rate.Architecture) || placement.Names(spec.NodeSelector, spec.Affinity, rate.Architecture) {
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
