// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

// Package status works out what is reported of an ElasticWeb. It does no I/O and reads no clock.
package status

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	elasticwebv1 "github.com/elasticweb/elasticweb-operator/api/v1"
	"github.com/elasticweb/elasticweb-operator/internal/capacity"
	"github.com/elasticweb/elasticweb-operator/internal/placement"
	"github.com/elasticweb/elasticweb-operator/internal/plan"
	"github.com/elasticweb/elasticweb-operator/internal/podtemplate"
)

// Input is what a status is worked out from.
type Input struct {
	Web      *elasticwebv1.ElasticWeb
	Plan     *plan.Plan
	Observed plan.Observed
	// Problems that came up when the plan was carried out, in any order.
	Problems []Problem
	// WayIn is which of the problems keeps the way in of spec.expose from being made; nil for none.
	WayIn *Problem
	// Unweighed is what keeps a Service by architecture from being made or put right; "" for nothing.
	Unweighed string
	// IsUnfinished is true where something was not written that may be at the next try.
	IsUnfinished bool
	// Paused is true while the pause annotation keeps the plan from being carried out.
	Paused bool
	// Contestant is who keeps changing the replicas of the Deployment; "" for nobody.
	Contestant string
	// Benchmark is how far the one that the spec names is, while it has no result.
	Benchmark BenchmarkState
	// Traffic is what is told of the traffic; it counts where the spec has that read.
	Traffic Traffic
	// Rebalance is how far bringing pods back is; it counts where the spec asks for that.
	Rebalance Rebalance
	// Words name fields as the user's podTemplate does.
	Words podtemplate.Words
	// Now is the time of conditions that change.
	Now metav1.Time
}

// Make works out the status, and when to look again though nothing tells; 0 for never. Conditions that do not change keep their
// time.
func Make(in Input) (result elasticwebv1.ElasticWebStatus, again time.Duration) {
	f := factsOf(in)
	result = elasticwebv1.ElasticWebStatus{
		ObservedGeneration: in.Web.Generation,
		RealQPS:            clampQPS(f.served),
		Replicas:           f.replicas,
		ReadyReplicas:      f.ready + f.warming,
		Selector:           selector(in.Web.Name),
		Demand:             demandStatus(in),
		Address:            address(in),
		Image:              image(in.Plan.Facts),
		Architectures:      architectures(in),
	}
	result.PodsByArchitecture = summary(result.Architectures)
	result.Conditions, again = conditions(in, f)
	return result, again
}

// readyGroups counts the ready pods by architecture that requests are sent to, without those that warm up.
func readyGroups(in Input) []capacity.Group {
	return plan.GroupsOf(in.Plan.Rates, in.Observed.Pods, func(pod *plan.Pod) bool { return pod.IsAvailable() && in.Plan.Serves(pod) })
}

func architectures(in Input) []elasticwebv1.ArchitectureStatus {
	var result []elasticwebv1.ArchitectureStatus
	for _, rate := range append(slices.Clone(in.Plan.Rates), leftOut(in.Plan)...) {
		if rate.Architecture == "" {
			continue
		}
		entry := elasticwebv1.ArchitectureStatus{
			Name: rate.Architecture, SinglePodsQPS: *clampQPS(rate.QPS), Source: elasticwebv1.QPSSourceSpec,
			Weight: in.Plan.Placement.Weights[rate.Architecture],
		}
		if measured, isMeasured := in.Plan.Measured[rate.Architecture]; isMeasured {
			entry.Source, entry.Benchmark, entry.AtLeast = elasticwebv1.QPSSourceMeasured, measured.Benchmark, measured.AtLeast
		}
		for _, pod := range in.Observed.Pods {
			if pod.Gone || pod.Node == "" || pod.Architecture != rate.Architecture {
				continue
			}
			entry.Pods++
			if pod.Ready {
				entry.ReadyPods++
			}
			entry.Joined = entry.Joined || in.Plan.Serves(&pod)
		}
		result = append(result, entry)
	}
	return result
}

// leftOut are the measurements of other architectures, by falling QPS: they have to be known for as long as they are in force.
func leftOut(planned *plan.Plan) []placement.Rate {
	var rates []placement.Rate
	for name, measured := range planned.Measured {
		if !slices.ContainsFunc(planned.Rates, func(rate placement.Rate) bool { return rate.Architecture == name }) {
			rates = append(rates, placement.Rate{Architecture: name, QPS: max(measured.QPS, 1)})
		}
	}
	slices.SortFunc(rates, func(a, b placement.Rate) int {
		return cmp.Or(cmp.Compare(b.QPS, a.QPS), cmp.Compare(a.Architecture, b.Architecture))
	})
	return rates
}

func summary(architectures []elasticwebv1.ArchitectureStatus) string {
	var parts []string
	for _, entry := range architectures {
		if entry.Pods > 0 {
			parts = append(parts, fmt.Sprintf("%s=%d", entry.Name, entry.Pods))
		}
	}
	return strings.Join(parts, ",")
}

func image(facts *plan.ImageFacts) *elasticwebv1.ImageStatus {
	if facts == nil {
		return nil
	}
	return &elasticwebv1.ImageStatus{
		Reference: facts.Reference, Digest: facts.Digest, Platforms: slices.Clone(facts.Platforms),
		Port: facts.Port, User: facts.User,
	}
}

// selector is in the form of kubectl's -l, sorted, so that it never changes.
func selector(name string) string {
	labels := plan.Selector(name)
	var parts []string
	for _, key := range slices.Sorted(maps.Keys(labels)) {
		parts = append(parts, key+"="+labels[key])
	}
	return strings.Join(parts, ",")
}

func clampQPS(qps int64) *int32 {
	clamped := int32(min(max(qps, 0), math.MaxInt32))
	return &clamped
}
