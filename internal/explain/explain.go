// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

// Package explain says in words how the number of pods of an ElasticWeb came about. It decides nothing: all of it is the plan's, and the
// plan's reasons. It does no I/O.
package explain

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"

	elasticwebv1 "github.com/elasticweb/elasticweb-operator/api/v1"
	"github.com/elasticweb/elasticweb-operator/internal/capacity"
	"github.com/elasticweb/elasticweb-operator/internal/placement"
	"github.com/elasticweb/elasticweb-operator/internal/plan"
	"github.com/elasticweb/elasticweb-operator/internal/podtemplate"
	"github.com/elasticweb/elasticweb-operator/internal/screen"
)

// Input is what is explained.
type Input struct {
	Web *elasticwebv1.ElasticWeb
	// Words name fields as the user wrote them.
	Words    podtemplate.Words
	Observed plan.Observed
	Plan     plan.Plan
	Reasons  plan.Reasons
	// Where is how kubectl finds the cluster and the namespace, as flags of commands that are there to be copied.
	Where string
}

// Step is one on the way to the number.
type Step struct {
	Title     string   `json:"title"`
	Sentences []string `json:"sentences"`
}

// Steps in their order, from the demand to what is served.
func Steps(in Input) (steps []Step) {
	for _, step := range []struct {
		title string
		say   func(Input) []string
	}{
		{"What is asked for", demand}, {"Where the pods may run", architectures}, {"What a pod serves", rates},
		{"Where the pods are", pods}, {"How many pods that takes", number}, {"Where the requests go", requests}, {"What comes of it", served}, {"What waits for what", waits},
	} {
		sentences := step.say(in)
		for i := range sentences {
			sentences[i] = in.Words.Say(sentences[i])
		}
		if len(sentences) > 0 {
			steps = append(steps, Step{step.title, sentences})
		}
	}
	return steps
}

func demand(in Input) []string {
	spec := in.Web.Spec
	switch {
	case spec.TotalQPS != nil && *spec.TotalQPS > 0:
		said := []string{say("spec.totalQPS asks for %d requests per second.", *spec.TotalQPS)}
		if headroom := ptr.Deref(spec.HeadroomPercent, 0); headroom > 0 {
			said = append(said, say("spec.headroomPercent keeps %d%% above that: %d.", headroom, in.Plan.Demand.QPS))
		}
		return said
	case spec.Demand != nil:
		return traffic(in)
	case in.Plan.Seed != nil:
		return []string{say("The number of pods is left to an autoscaler, and nothing has set spec.replicas yet: the operator begins with %d.", *in.Plan.Seed)}
	case spec.Replicas != nil && *spec.Replicas > 0:
		return []string{say("spec.replicas asks for %s%s.", count(*spec.Replicas), setter(in.Web.ManagedFields))}
	}
	return []string{"Nothing: neither spec.totalQPS nor spec.replicas is above 0, and spec.demand is not set, so that there is no pod."}
}

// traffic is what the operator says of it: nobody else reads it.
func traffic(in Input) []string {
	said, status := []string{"spec.demand has the operator read the traffic."}, ptr.Deref(in.Web.Status.Demand, elasticwebv1.DemandStatus{})
	if status.ObservedQPS != nil {
		said = append(said, say("%d requests per second were read last.", *status.ObservedQPS))
	} else {
		said = append(said, "No number was read yet.")
	}
	if status.ExpectedQPS != nil {
		lead := ""
		if status.LeadTime != "" {
			lead = ", which takes " + status.LeadTime
		}
		said = append(said, say("%d are expected until pods that are asked for now are ready%s.", *status.ExpectedQPS, lead))
	}
	if status.PlannedQPS != nil {
		said = append(said, say("%d are planned, headroom included.", *status.PlannedQPS))
	}
	observed := meta.FindStatusCondition(in.Web.Status.Conditions, elasticwebv1.ConditionDemandObserved)
	if observed != nil && observed.Status != metav1.ConditionTrue {
		said = append(said, say("DemandObserved is %s, for %s: %s.", observed.Status, observed.Reason, observed.Message))
	}
	return said
}

func count(pods int32) string {
	if pods == 1 {
		return "1 pod"
	}
	return say("%d pods", pods)
}

// setter is who set spec.replicas, as far as that is recorded.
func setter(fields []metav1.ManagedFieldsEntry) string {
	for _, entry := range fields {
		if entry.FieldsV1 != nil && strings.Contains(entry.FieldsV1.String(), `"f:spec":{"f:replicas"`) ||
			entry.Subresource == "scale" {
			return ", which " + entry.Manager + " set"
		}
	}
	return ""
}

func architectures(in Input) []string {
	said := []string{}
	if facts := in.Plan.Facts; facts != nil && len(facts.Platforms) > 0 {
		said = append(said, say("The image %s holds %s, says its registry.", facts.Reference, strings.Join(facts.Platforms, ", ")))
	} else {
		said = append(said, say("What platforms the image %s holds is not known.", in.Web.Spec.Image))
	}
	if listed := in.Web.Spec.Architectures; len(listed) > 0 {
		names := []string{}
		for _, entry := range listed {
			names = append(names, string(entry.Name))
		}
		said = append(said, say("spec.architectures allows %s.", strings.Join(names, ", ")))
	}
	if possible := in.Plan.Placement.Possible; len(possible) > 0 {
		said = append(said, say("So the pods may run on %s.", strings.Join(possible, ", ")))
	}
	if in.Plan.Placement.Contradiction != "" {
		said = append(said, "It does not go together: "+in.Plan.Placement.Contradiction+".")
	}
	return append(said, nodes(in.Observed.Nodes))
}

func nodes(nodes *plan.Nodes) string {
	if nodes == nil {
		return "The nodes of the cluster may not be read: an architecture of which there is none cannot be told."
	}
	var parts []string
	for _, name := range slices.Sorted(maps.Keys(nodes.All)) {
		part := say("%d of %s", nodes.All[name], name)
		switch closed := nodes.All[name] - nodes.Schedulable[name]; { // cordoned, not ready, or about to go.
		case closed == 1:
			part += " (1 takes none now)"
		case closed > 1:
			part += say(" (%d take none now)", closed)
		}
		parts = append(parts, part)
	}
	if len(parts) == 0 {
		return "No Linux node of the cluster takes these pods: what the spec says of nodes, or their taints, keep them out, or there is none."
	}
	return "These nodes take the pods: " + strings.Join(parts, ", ") + "."
}

func rates(in Input) (said []string) {
	for _, rate := range in.Plan.Rates {
		where := "on " + rate.Architecture
		if rate.Architecture == "" {
			where = "on a node that is not known"
		}
		said = append(said, say("%d requests per second %s, %s.", rate.QPS, where, source(in, rate)))
	}
	if weights := in.Plan.Placement.Weights; len(weights) > 0 {
		names := slices.SortedFunc(maps.Keys(weights), func(a, b string) int { return cmp.Or(int(weights[b]-weights[a]), cmp.Compare(a, b)) })
		said = append(said, say("So nodes are filled in this order: %s.", strings.Join(names, ", ")))
	}
	return said
}

func source(in Input, rate placement.Rate) string {
	switch {
	case rate.Measured:
		text := "measured"
		if name := in.Plan.Measured[rate.Architecture].Benchmark; name != "" {
			text += " by ElasticWebBenchmark " + name
		}
		if rate.AtLeast {
			text += ", which was not limited by the application: it may serve more"
		}
		return text
	case rate.Architecture == "":
		return "that of the slowest"
	}
	for _, entry := range in.Web.Spec.Architectures {
		if string(entry.Name) == rate.Architecture && entry.SinglePodsQPS != nil {
			return "by spec.architectures"
		}
	}
	return "by spec.singlePodsQPS"
}

func pods(in Input) (said []string) {
	count, unplaced, gone := map[string]int{}, 0, 0
	for _, pod := range in.Observed.Pods {
		switch {
		case pod.Gone:
			gone++
		case pod.Node == "":
			unplaced++
		default:
			count[cmp.Or(pod.Architecture, "nodes that are not known")]++
		}
	}
	for _, name := range slices.Sorted(maps.Keys(count)) {
		said = append(said, say("%d on %s.", count[name], name))
	}
	if unplaced > 0 {
		said = append(said, say("%d without a node yet.", unplaced))
	}
	if gone > 0 {
		said = append(said, say("%d that end, and count for nothing.", gone))
	}
	if len(said) == 0 && !in.Plan.Demand.IsNone() {
		return []string{"There is none yet."}
	}
	return said
}

// number is about the arithmetic; the limits come last.
func number(in Input) (said []string) {
	switch d := in.Plan.Demand; {
	case d.QPS > 0 && d.Pods > 0 && d.Pods == in.Plan.Asked:
		said = append(said, "It is not known yet that fewer pods do: as many stay as there were.")
	case d.QPS > 0:
		said = append(said, basis(in))
	}
	spec, asked := in.Web.Spec, in.Plan.Asked
	switch {
	case asked > int64(in.Plan.Replicas):
		said = append(said, say("spec.maxReplicas allows %d of these %d: raise it, or lower the demand.", ptr.Deref(spec.MaxReplicas, 0), asked))
	case asked < int64(in.Plan.Replicas):
		said = append(said, say("spec.minReplicas keeps %d.", ptr.Deref(spec.MinReplicas, 0)))
	}
	said = append(said, say("So there are to be %d.", in.Plan.Replicas))
	if in.Plan.Surge > 0 {
		said = append(said, say("%d more are asked for by spec.rebalance, for as many to come back to where they are preferred.", in.Plan.Surge))
	}
	if in.Plan.Placement.Contradiction != "" && in.Plan.Replicas > 0 {
		said = append(said, "What does not go together is not carried out: until it does, the pods keep the template that they have.")
	}
	return said
}

func basis(in Input) string {
	qps, r := in.Plan.Demand.QPS, in.Reasons
	slowest, _ := capacity.Slowest(r.Groups)
	switch r.Basis {
	case plan.BasisFirst:
		return say("No pod has a node yet. The first number counts with what a pod serves where the first ones go: %d / %d makes %d.", qps, r.First, in.Plan.Asked)
	case plan.BasisMoving:
		return say("Pods come, go or are being replaced, so that it is not known where they will be: until then the last number, %d, is kept, unless %d takes more even on the fastest architecture, or less even with a pod on the slowest. That makes %d.", r.Last, qps, in.Plan.Asked)
	case plan.BasisWaiting:
		return say("Some pods find no node, and more pods would wait as well: the last number, %d, is kept, unless it takes more even on the fastest architecture. That makes %d.", r.Last, in.Plan.Asked)
	case plan.BasisTried:
		return say("A few pods are on slow nodes. Counting with them, at %d each, would take more than twice as many; so it is tried first with as many more as let the slow ones go: %d.", slowest.PodQPS, in.Plan.Asked)
	case plan.BasisKept:
		return say("Fewer would do on the fast nodes, and it is not sure that those on the slow ones would be the ones to go: %d stay.", in.Plan.Asked)
	default:
		return counted(in)
	}
}

const evenly = "A Service spreads requests evenly, so that each pod is counted at what the slowest of them serves"

// counted is about pods that are at rest. A Service spreads requests evenly, so that each serves what the slowest does; those that are not
// needed leave, the slowest first. No fewer than spec.minReplicas are kept, be they slow.
func counted(in Input) string {
	if in.Plan.Spread != capacity.Even {
		return countedBy(in.Plan.Spread, in)
	}
	qps, kept, asked := in.Plan.Demand.QPS, in.Reasons.Groups, in.Plan.Asked
	for j := range kept {
		slowest, isAny := capacity.Slowest(kept[:j+1])
		switch needed := capacity.PodsFor(qps, slowest.PodQPS); {
		case isAny && needed == asked:
			return say("%s: %d / %d makes %d.", evenly, qps, slowest.PodQPS, asked)
		case isAny && needed < asked && capacity.Pods(kept[:j+1]) >= asked:
			return say("%s: %d / %d makes %d, and spec.minReplicas keeps %d.", evenly, qps, slowest.PodQPS, needed, asked)
		}
	}
	return say("%d requests per second take %d pods.", qps, asked)
}

func served(in Input) []string {
	state := in.Web.Status
	if state.RealQPS == nil {
		return nil
	}
	said := []string{say("%d of %d pods are ready, and serve %d requests per second together.", state.ReadyReplicas, in.Plan.Replicas, *state.RealQPS)}
	met := meta.FindStatusCondition(state.Conditions, elasticwebv1.ConditionCapacityMet)
	switch {
	case met == nil:
	case met.Status == metav1.ConditionTrue:
		said = append(said, "That is enough.")
	case met.Status == metav1.ConditionFalse:
		said = append(said, "That is not enough: "+met.Message+".")
	default:
		said = append(said, "That is not known to be enough: "+met.Message+".")
	}
	return said
}

func waits(in Input) (said []string) {
	web := in.Web
	if plan.IsPaused(web) {
		return []string{"The ElasticWeb is paused: nothing is changed before " + screen.ResumeCommand(in.Where, web) + "."}
	}
	if web.Status.ObservedGeneration < web.Generation {
		said = append(said, "The operator has not reported on the newest spec yet.")
	}
	if in.Reasons.Rolls && in.Observed.Deployment != nil {
		said = append(said, "The spec asks for other pods than those that run: a rollout is due.")
	}
	if deployment := in.Observed.Deployment; deployment != nil && plan.IsRollingOut(deployment) {
		said = append(said, say("A rollout is under way: %d of %d pods are of the newest template. Old ones go as new ones become ready.",
			deployment.Status.UpdatedReplicas, in.Plan.Replicas))
	}
	ready := meta.FindStatusCondition(web.Status.Conditions, elasticwebv1.ConditionReady)
	if ready != nil && ready.Status != metav1.ConditionTrue {
		said = append(said, say("It is not Ready, for %s: %s.", ready.Reason, ready.Message))
	}
	for _, text := range screen.Hindrances(in.Observed.Pods) { // Ready tells of the gravest trouble alone.
		said = append(said, "Not running: "+strings.TrimSuffix(text, ".")+".")
	}
	home := meta.FindStatusCondition(web.Status.Conditions, elasticwebv1.ConditionRebalanced)
	if home != nil && home.Status != metav1.ConditionTrue {
		said = append(said, say("Rebalanced is False, for %s: %s.", home.Reason, home.Message))
	}
	exposed := meta.FindStatusCondition(web.Status.Conditions, elasticwebv1.ConditionExposed)
	if exposed != nil && exposed.Status != metav1.ConditionTrue {
		said = append(said, say("Exposed is %s, for %s: %s.", exposed.Status, exposed.Reason, exposed.Message))
	}
	if len(said) == 0 {
		return []string{"Nothing waits."}
	}
	return said
}
