// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

// Package plan decides what should be made of an ElasticWeb, from its spec and what is observed. It does no
// I/O and knows no time: the same inputs give the same plan.
package plan

import (
	"slices"

	"k8s.io/apimachinery/pkg/util/intstr"

	elasticwebv1 "github.com/elasticweb/elasticweb-operator/api/v1"
	"github.com/elasticweb/elasticweb-operator/internal/placement"
)

// DefaultContainerPort is the container port where neither the spec nor the image names one.
const DefaultContainerPort int32 = 8080

// Plan is what should be made of an ElasticWeb.
type Plan struct {
	Demand Demand
	// Wanted is false while nothing exists and there is no demand: then nothing is made.
	Wanted bool
	// Seed is written to spec.replicas where the spec leaves the number of pods to an autoscaler.
	Seed *int32
	// Asked is the number of pods that the demand calls for, Replicas the same within the limits.
	Asked    int64
	Replicas int32
	Limit    Limit
	// MaxSurge of a rollout, as the Deployment has it.
	MaxSurge intstr.IntOrString
	// WaitsForImage is true while the pod template must wait for the registry's answer.
	WaitsForImage bool
	// Placement of the pods; its Contradiction, if any, keeps the Deployment as it is.
	Placement placement.Placement
	// Facts of the image in use; nil where none are known.
	Facts *ImageFacts
	// Rates by architecture, the best first: of those possible, and of those that have pods.
	Rates []placement.Rate
	// ContainerPort, and whether it is known rather than assumed.
	ContainerPort      int32
	ContainerPortKnown bool
	// Record to write with the Deployment.
	Record Record
	// BudgetWanted is true where a PodDisruptionBudget is of use: with more than one replica.
	BudgetWanted bool
	// DeletionCosts to stamp on pods, by name.
	DeletionCosts map[string]int32
	// Shrinks is true where the Deployment loses replicas: that must not be done on stale knowledge.
	Shrinks bool
}

// Make works out the plan.
func Make(web *elasticwebv1.ElasticWeb, observed Observed) Plan {
	spec := &web.Spec
	existing := existingReplicas(observed)
	demand, seed := demandOf(spec, existing)
	result := Plan{Demand: demand, Seed: seed}
	result.Wanted = demand.Mode != ModeNone || observed.Deployment != nil || observed.Service != nil || observed.Budget != nil

	record := observedRecord(web, observed)
	shape := podHash(spec)
	rolls := record == nil || record.Pod != shape
	result.Facts, result.WaitsForImage = chooseFacts(spec, observed, record, rolls)
	result.WaitsForImage = result.WaitsForImage && result.Wanted
	result.ContainerPort, result.ContainerPortKnown = containerPort(spec, result.Facts)

	result.Record = Record{Generation: web.Generation, Pod: shape, Image: result.Facts}
	if record != nil {
		result.Record.Levels, result.Record.MaxSkew = record.Levels, record.MaxSkew
		result.Record.Basis, result.Record.TopUp, result.Record.Grown = record.Basis, record.TopUp, record.Grown
	}
	noteAnswer(&result.Record, spec, observed, record, rolls)
	input := placementInput(web, observed, &result, rolls)
	possible := placement.Possible(input)
	result.Rates = presentRates(spec, observed, possible, result.Record.Levels)
	size(&result, spec, observed, possible)
	if rolls || result.Record.MaxSkew == 0 {
		result.Record.MaxSkew = placement.MaxSkew(input, result.Replicas, schedulable(observed.Nodes))
	}
	input.MaxSkew = result.Record.MaxSkew
	result.Placement = placement.Place(input)
	result.DeletionCosts = deletionCosts(result.Rates, observed.Pods)
	result.BudgetWanted = result.Replicas > 1
	result.Shrinks = result.Replicas < existing
	result.MaxSurge = maxSurge(observed.Deployment, result.Replicas)
	return result
}

func schedulable(nodes *Nodes) map[string]int {
	if nodes == nil {
		return nil
	}
	return nodes.Schedulable
}

// placementInput works out the allowed architectures and their order, which it leaves in the record.
func placementInput(web *elasticwebv1.ElasticWeb, observed Observed, result *Plan, rolls bool) placement.Input {
	spec := &web.Spec
	input := placement.Input{
		Selector:     Selector(web.Name),
		Weights:      givenWeights(spec),
		NodeSelector: spec.NodeSelector, Affinity: spec.Affinity,
		Tolerations: spec.Tolerations, Spread: spec.TopologySpreadConstraints,
	}
	allowed := allowedArchitectures(spec, result.Facts)
	var rates []placement.Rate
	for _, architecture := range allowed {
		rates = append(rates, rateOf(spec, observed.Benchmark, architecture))
	}
	// A benchmark that is gone for a while, to be run anew for instance, says nothing about the order.
	isMissing := spec.BenchmarkRef != nil && len(observed.Benchmark) == 0
	if rolls || !isMissing || !containsAll(allowed, result.Record.Levels.Flat()) {
		result.Record.Levels = placement.Rank(worthwhile(rates, spec, result.Record.Levels), result.Record.Levels)
	}
	input.Levels = result.Record.Levels
	if allowed != nil {
		input.Allowed = append([]string{}, input.Levels.Flat()...)
	}
	return input
}

// containsAll reports whether there are parts, and the whole holds all of them.
func containsAll(whole, parts []string) bool {
	return len(parts) > 0 && !slices.ContainsFunc(parts, func(part string) bool { return !slices.Contains(whole, part) })
}

func givenWeights(spec *elasticwebv1.ElasticWebSpec) map[string]int32 {
	weights := map[string]int32{}
	for _, entry := range spec.Architectures {
		if entry.Weight != nil {
			weights[string(entry.Name)] = *entry.Weight
		}
	}
	return weights
}

// Selector of the pods of an ElasticWeb: it is never that of another one of the same namespace.
func Selector(name string) map[string]string {
	return map[string]string{elasticwebv1.LabelName: elasticwebv1.NameValue, elasticwebv1.LabelInstance: name}
}

func containerPort(spec *elasticwebv1.ElasticWebSpec, facts *ImageFacts) (port int32, known bool) {
	switch {
	case spec.ContainerPort != nil:
		return *spec.ContainerPort, true
	case facts != nil && facts.Port != nil:
		return *facts.Port, true
	default:
		return DefaultContainerPort, false
	}
}

func existingReplicas(observed Observed) int32 {
	if observed.Deployment == nil {
		return 0
	}
	if observed.Deployment.Spec.Replicas == nil {
		return 1
	}
	return *observed.Deployment.Spec.Replicas
}
