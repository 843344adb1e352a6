// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

// Package plan decides what should be made of an ElasticWeb, from its spec and what is observed. It does no I/O and knows no time: the
// same inputs give the same plan.
package plan

import (
	"cmp"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/utils/ptr"

	elasticwebv1 "github.com/elasticweb/elasticweb-operator/api/v1"
	"github.com/elasticweb/elasticweb-operator/internal/capacity"
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
	// Surge is how many more are asked for beside them, to bring pods back to where they are preferred.
	Surge int32
	// Preferred is the order in which the architectures are filled and kept, as far as one is preferred.
	Preferred placement.Levels
	// Rollout is how the Deployment brings a new template to its pods.
	Rollout Rollout
	// WaitsForImage is true while the pod template must wait for the registry's answer.
	WaitsForImage bool
	// Placement of the pods; its Contradiction, if any, keeps the template as it is.
	Placement placement.Placement
	// Facts of the image in use; nil where none are known.
	Facts *ImageFacts
	// Rates by architecture, the best first: of those possible, and of those that have pods; of "" where a node is not known.
	Rates []placement.Rate
	// Measured are the measurements among them, and those of other architectures.
	Measured Measurements
	// ContainerPort, and whether it is known rather than assumed.
	ContainerPort      int32
	ContainerPortKnown bool
	// Record to write with the Deployment.
	Record Record
	// Stamps to put on pods, by name.
	Stamps map[string]Stamp
	// SelectsJoined is true where the Service sends requests to those pods alone that joined.
	SelectsJoined bool
	// Spread is how requests are spread over the pods.
	Spread capacity.Spread
	// TemplateTiers are the architectures whose labels the template has, see elasticwebv1.LabelTierPrefix.
	TemplateTiers []string
	// WeightsInForce is true where Spread is Weighted, and the gateway goes by weights: until then the sum is no more than expected.
	WeightsInForce bool
	// WeighedArchitectures have a Service each, with the pods that are as fast as those on it, or faster.
	WeighedArchitectures []string
	// Tiers are those of them that the way in leads to, by weights, the fastest first; none where it leads to the Service of all that joined.
	Tiers []capacity.Tier
	// Shrinks is true where the Deployment loses replicas: that must not be done on stale knowledge.
	Shrinks bool
}

// LacksTemplate reports whether no Deployment is made: no pod can be what the spec asks for, and there is no template to keep instead.
func (p *Plan) LacksTemplate(observed *Observed) bool {
	cannotBe := observed.KeepsTemplate || p.Placement.Contradiction != "" && p.Replicas > 0
	return cannotBe && observed.Deployment == nil
}

// Make works out the plan: the facts of the image, what a pod serves where, the order of the architectures, the number of pods, their
// placement, and the record of all that.
func Make(web *elasticwebv1.ElasticWeb, observed Observed) Plan {
	planned, _ := Explained(web, observed)
	return planned
}

// Explained is the plan, and what it was decided by, for people: nothing that is made depends on the latter.
func Explained(web *elasticwebv1.ElasticWeb, observed Observed) (Plan, Reasons) {
	spec := &web.Spec
	existing := existingReplicas(observed.Deployment)
	live, isLost := liveRecord(web, observed)
	demand, seed := demandOf(spec, max(existing-live.Surge, 0), live, observed.Traffic)
	wanted := !demand.IsNone() || observed.Deployment != nil || observed.Service != nil || observed.Budget != nil
	rolls := !live.isOf(spec) && !observed.KeepsTemplate

	facts, waits := chooseFacts(spec, observed, live, rolls)
	isRestart := isRestartHeard(spec, observed, live)
	isStale, restart := lookedUp(spec, observed, live, rolls || isRestart)
	port, isPortKnown := containerPort(spec, facts)
	measured := measuredInForce(web, observed.Benchmark)
	input := placementInput(web, facts, measured, live.Levels, rolls)
	if isLost {
		input = readInput(web, facts, measured, observed.Deployment.Spec.Template.Spec)
		live.Levels = input.Levels
		live.spreadsAs(input.Spreading)
	}
	pod := podHash(spec)
	if live.isOf(spec) { // be it in the words of an older operator.
		pod = live.Pod
	}
	if observed.KeepsTemplate && observed.Deployment != nil {
		input, pod = keptInput(input, live, observed.Deployment), live.Pod
	}
	input.Spreading = spreading(input, observed, live, rolls || isRestart)
	rates := presentRates(spec, measured, observed, placement.Possible(input), input.Levels)
	preferred := placement.Preference(input, rates)

	joins := templateJoins(spec, observed, live, rolls)
	tiers := templateTiers(spec, observed.Deployment, input.Levels, joins, func() bool { return isKept(input, live, rolls || isRestart) })
	weights := weighingOf(spec, tiers, rates, observed)
	selects := isLabelOurs(observed, live) && selectsJoined(observed)
	spread := weights.spread(spreadOf(spec, observed, selects))
	size := sizing{spec: spec, rates: rates, preferred: preferred, spread: spread, awaitsWeights: weights.isPossible && !weights.isInForce}
	asked, reasons := askedFor(demand, size, input.Levels, live, observed)
	reasons.Rolls, reasons.RecordLost = rolls, isLost
	replicas := clamp(spec, asked)
	surge := surgeWithin(spec, replicas, observed.Surge)
	leave := leaving(observed.Pods, existing, replicas+surge)
	return Plan{
		Demand: demand, Wanted: wanted, Seed: seed, Asked: asked, Replicas: replicas, Surge: surge, Preferred: preferred,
		Rollout:       rolloutOf(spec, observed.Deployment, replicas+surge),
		WaitsForImage: waits && wanted,
		Placement:     placement.Place(input),
		Facts:         facts, Rates: rates, Measured: measured,
		ContainerPort: port, ContainerPortKnown: isPortKnown,
		Record: Record{
			Generation: web.Generation, Pod: pod, Image: facts, Stale: isStale, Restart: restart,
			Levels: input.Levels, MaxSkew: input.Spreading.Host, WholeSkew: input.Spreading.Whole,
			Replicas: replicas, Surge: surge, TakenUp: cmp.Or(observed.TakesUp, live.TakenUp), PlannedQPS: recordedQPS(spec, demand), Joins: joins,
		},
		Stamps:        stamps(preferred, observed.Pods, isMixed(placement.Possible(input), observed), joiners(spread, demand.QPS, leave, rates, observed.Pods), weights.on, rates),
		SelectsJoined: selects, Spread: spread,
		TemplateTiers: tiers, WeighedArchitectures: weights.on, WeightsInForce: weights.isInForce,
		Tiers:   weights.backends(rates, observed.Pods, leave),
		Shrinks: replicas+surge < existing,
	}, reasons
}

// placementInput is what the placement is worked out from, but for how it spreads.
func placementInput(web *elasticwebv1.ElasticWeb, facts *ImageFacts, measured Measurements, inUse placement.Levels, rolls bool) placement.Input {
	spec := &web.Spec
	input := placement.Input{
		Selector: Selector(web.Name), Weights: givenWeights(spec), Allowed: allowedArchitectures(spec, facts),
		NodeSelector: spec.NodeSelector, Affinity: spec.Affinity, Tolerations: spec.Tolerations, Spread: spec.TopologySpreadConstraints,
	}
	input.Levels = levels(spec, input.Allowed, placement.Possible(input), measured, inUse, rolls)
	if input.Allowed != nil {
		input.Allowed = append([]string{}, input.Levels.Flat()...)
	}
	return input
}

// keptInput is what the live template was made from, as far as it says so: the number of pods and which go first follow it.
func keptInput(input placement.Input, live *Record, deployment *appsv1.Deployment) placement.Input {
	input.NodeSelector, input.Levels = deployment.Spec.Template.Spec.NodeSelector, live.Levels
	if live.Levels != nil {
		input.Allowed = live.Levels.Flat()
	}
	return input
}

// readInput is what the live template was made from where the Record is lost: the reading of it that leaves it as it is. Where it has no
// derived spread constraint, only the weights tell whether an older operator made it; where they are the same, it is as if none had.
func readInput(web *elasticwebv1.ElasticWeb, facts *ImageFacts, measured Measurements, live corev1.PodSpec) placement.Input {
	spreadings := []placement.Spreading{bounded(placement.ReadSpreading(live.TopologySpreadConstraints))}
	if spreadings[0].IsOlder() && len(live.TopologySpreadConstraints) == len(web.Spec.TopologySpreadConstraints) {
		spreadings = append([]placement.Spreading{placement.SpreadingFor(placement.Input{}, nil, false)}, spreadings...)
	}
	readings := append(placement.Readings(live, allowedArchitectures(&web.Spec, facts)), nil)
	for _, spreading := range spreadings {
		for _, inUse := range readings {
			input := placementInput(web, facts, measured, inUse, false)
			input.Spreading = spreading
			placed, own := placement.Place(input), ptr.Deref(live.Affinity, corev1.Affinity{}).NodeAffinity
			if equality.Semantic.DeepEqual(placed.Affinity.NodeAffinity, own) && equality.Semantic.DeepEqual(placed.Tolerations, live.Tolerations) {
				return input
			}
		}
	}
	input := placementInput(web, facts, measured, readings[0], false)
	input.Spreading = spreadings[0]
	return input
}

// bounded is the same within what a Record in use holds: the template is input from outside, too.
func bounded(spreading placement.Spreading) placement.Spreading {
	return placement.Spreading{Host: min(max(spreading.Host, 1), maxSkew), Whole: min(max(spreading.Whole, 0), maxSkew)}
}

// spreading is that of the last rollout, which the number of pods never changes. Whether Karpenter is there, with all its pools at zero, is
// asked for a rollout of the user's alone: without one, it is there where it was.
func spreading(input placement.Input, observed Observed, live *Record, takesUp bool) placement.Spreading {
	if inUse := live.spreading(); !takesUp && inUse != (placement.Spreading{}) {
		return inUse
	}
	hasKarpenter := observed.HasKarpenter || observed.TakesUp != nil && live.spreading().IsForKarpenter()
	return placement.SpreadingFor(input, ptr.Deref(observed.Nodes, Nodes{}).Schedulable, hasKarpenter)
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
	given := spec.ContainerPort
	if given == nil && facts != nil {
		given = facts.Port
	}
	return ptr.Deref(given, DefaultContainerPort), given != nil
}

func existingReplicas(deployment *appsv1.Deployment) int32 {
	if deployment == nil {
		return 0
	}
	return ptr.Deref(deployment.Spec.Replicas, 1)
}
