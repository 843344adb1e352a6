// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package status

import (
	"fmt"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	elasticwebv1 "github.com/elasticweb/elasticweb-operator/api/v1"
	"github.com/elasticweb/elasticweb-operator/internal/plan"
	"github.com/elasticweb/elasticweb-operator/internal/quote"
)

// check looks for one thing that decides about readiness; nil where it does not apply.
type check func(Input, facts) *verdict

// checks in order: the first that applies is the reason. What somebody must mend comes before what ends by
// itself, and a cause before its effects. Where none applies, the reason is AsPlanned.
var checks = []struct {
	find check
	// reasons that it finds.
	reasons []string
	// because says why it stands where it does.
	because string
}{
	{paused, []string{elasticwebv1.ReasonPaused},
		"nothing of what follows is acted on"},
	{problem, refusals,
		"what was refused is the way in which all the rest would be mended"},
	{contradiction, []string{elasticwebv1.ReasonNoCompatibleNodes},
		"the Deployment stays as it was, so that its pods are of an older spec"},
	{noCompatibleNodes, []string{elasticwebv1.ReasonNoCompatibleNodes},
		"it is why pods are not scheduled"},
	{resolvingImage, []string{elasticwebv1.ReasonResolvingImage},
		"the Deployment waits, so that its pods are of an older spec"},
	{noDemand, []string{elasticwebv1.ReasonNoDemand, elasticwebv1.ReasonRollingOut},
		"no pod is wanted, so that none can fail"},
	{podFailure, podFailures,
		"it is why a rollout makes no progress, and why pods are not ready"},
	{replicaFailure, refusals,
		"it is why there are too few pods; those that there are tell more of why they fail"},
	{limited, []string{elasticwebv1.ReasonReplicaLimit},
		"all pods that may be are ready, and are too few"},
	{unschedulable, []string{elasticwebv1.ReasonUnschedulable},
		"it is why a rollout makes no progress; a pod that fails is more certain than one that waits"},
	{progressDeadline, []string{elasticwebv1.ReasonProgressDeadline},
		"no cause was found"},
	{sideProblem, refusals,
		"it keeps no pod from running"},
	{sourceNotConfigured, []string{elasticwebv1.ReasonSourceNotConfigured},
		"nothing ends it but the administrator, and the pods run meanwhile"},
	{rollingOut, []string{elasticwebv1.ReasonRollingOut},
		"it is why pods are not ready yet"},
	{missingBenchmark, []string{elasticwebv1.ReasonBenchmarkRunning, elasticwebv1.ReasonBenchmarkMissing},
		"the pods run; what they serve is not known"},
	{demandUnknown, unobserved,
		"the pods run; what they have to serve is not known"},
	{podsNotReady, []string{elasticwebv1.ReasonPodsNotReady},
		"it is what is left"},
}

// readiness is the first check that applies, and what was refused at the side, which would not be told as long as something graver is.
func readiness(in Input, f facts) verdict {
	v := firstVerdict(in, f)
	if side := sideProblem(in, f); side != nil && v.message != side.message {
		v.message = quote.Bounded(v.message, quote.LongestMessage/2) + "; " + side.message
	}
	return v
}

func firstVerdict(in Input, f facts) verdict {
	for _, check := range checks {
		if v := check.find(in, f); v != nil {
			return *v
		}
	}
	return asPlanned(in, f)
}

// asPlanned says so, and what is amiss at the side, if anything.
func asPlanned(in Input, f facts) verdict {
	message := "everything is rolled out, and the ready pods serve the demand"
	if missing := in.Plan.Replicas - f.ready - f.warming; missing > 0 {
		message += fmt.Sprintf("; %d of %d pods are not ready", missing, in.Plan.Replicas)
		f.isServed = false
		for _, find := range []check{podFailure, unschedulable} {
			if v := find(in, f); v != nil {
				message += ": " + v.message
				break
			}
		}
	}
	return verdict{reason: elasticwebv1.ReasonAsPlanned, message: message + warmingUp(f) + withoutNodes(in)}
}

func paused(in Input, _ facts) *verdict {
	if !in.Paused {
		return nil
	}
	return &verdict{reason: elasticwebv1.ReasonPaused, message: withoutRequests(in) + "nothing is changed while the annotation " + elasticwebv1.AnnotationPaused + " is true: remove it to go on"}
}

// withoutRequests warns where the Service selects none of the pods that are ready: only the operator could put that right, and it may not.
func withoutRequests(in Input) string {
	ready := slices.DeleteFunc(slices.Clone(in.Observed.Pods), func(pod plan.Pod) bool { return pod.Gone || !pod.Ready })
	isSelected := func(pod plan.Pod) bool { return pod.JoinedLabel == elasticwebv1.JoinedTrue }
	service := in.Observed.Service
	if service == nil || service.Spec.Selector[elasticwebv1.LabelJoined] == "" || len(ready) == 0 || slices.ContainsFunc(ready, isSelected) {
		return ""
	}
	return fmt.Sprintf("the Service sends requests to none of the pods, of which %d are ready, since it selects those with the label %s=%s: ",
		len(ready), elasticwebv1.LabelJoined, elasticwebv1.JoinedTrue)
}

func contradiction(in Input, _ facts) *verdict {
	if in.Plan.Demand.IsNone() || in.Plan.Placement.Contradiction == "" {
		return nil
	}
	facts := in.Plan.Facts
	if facts != nil && facts.Reference != in.Web.Spec.Image { // those of its registry may be others.
		return &verdict{reason: elasticwebv1.ReasonNoCompatibleNodes,
			message: in.Plan.Placement.Contradiction + "; so much is known of image " + quote.Value(facts.Reference) + ", and the registry has not told of this one yet"}
	}
	return &verdict{elasticwebv1.ReasonNoCompatibleNodes, in.Plan.Placement.Contradiction, true}
}

// noCompatibleNodes is known before a pod is made: no node has an architecture of the image's. Pods are made all the same, since one that
// waits is what makes a node pool grow.
func noCompatibleNodes(in Input, f facts) *verdict {
	possible, nodes := in.Plan.Placement.Possible, in.Observed.Nodes
	if in.Plan.Demand.IsNone() || possible == nil || nodes == nil || f.ready > 0 {
		return nil
	}
	for _, architecture := range possible {
		if nodes.All[architecture] > 0 {
			return nil
		}
	}
	return &verdict{reason: elasticwebv1.ReasonNoCompatibleNodes, message: fmt.Sprintf(
		"the pods wait for a node of %s: the cluster has no such Linux node that takes them; where no node autoscaler brings one, add one, or let the image, spec.architectures, spec.nodeSelector, spec.affinity and spec.tolerations allow one that the cluster has",
		quote.Value(strings.Join(bestFirst(in, possible), " or ")))}
}

// bestFirst is the architectures in the order in which they are filled.
func bestFirst(in Input, names []string) (ordered []string) {
	for _, rate := range in.Plan.Rates {
		if slices.Contains(names, rate.Architecture) {
			ordered = append(ordered, rate.Architecture)
		}
	}
	return append(ordered, slices.DeleteFunc(slices.Clone(names), func(name string) bool { return slices.Contains(ordered, name) })...)
}

// withoutNodes says of the architectures that are preferred most that the cluster has no node of them, while it has some of others: pods go
// there, and none waits for one that a node autoscaler would bring.
func withoutNodes(in Input) string {
	var lacking []string
	for _, level := range in.Plan.Preferred {
		for _, name := range level {
			switch {
			case in.Observed.Nodes == nil || in.Plan.Placement.Possible == nil || !slices.Contains(in.Plan.Placement.Possible, name):
			case in.Observed.Nodes.All[name] == 0:
				lacking = append(lacking, name)
			case len(lacking) == 0 || len(in.Plan.Preferred) < 2:
				return ""
			default:
				return fmt.Sprintf("; the cluster has no node of %s, which is preferred, and a preference makes no node pool grow: to wait for one, let spec.architectures list it alone",
					quote.Value(strings.Join(lacking, " or ")))
			}
		}
	}
	return ""
}

// notTold is true of an image that waits for its turn as well as of one for which the registry was asked.
const notTold = "the registry has not told the platforms of the image yet"

func resolvingImage(in Input, _ facts) *verdict {
	if !in.Plan.WaitsForImage {
		return nil
	}
	return &verdict{reason: elasticwebv1.ReasonResolvingImage, message: notTold}
}

func noDemand(in Input, f facts) *verdict {
	if !in.Plan.Demand.IsNone() || sideProblem(in, f) != nil { // a budget that is denied to go is told without demand, too.
		return nil
	}
	if f.replicas > 0 {
		return &verdict{reason: elasticwebv1.ReasonRollingOut, message: "there is no demand, and the last pods are going"}
	}
	return &verdict{reason: elasticwebv1.ReasonNoDemand, message: "nothing is to be served: set spec.totalQPS, spec.replicas or spec.demand"}
}

func limited(in Input, f facts) *verdict {
	if in.Plan.Asked <= int64(in.Plan.Replicas) || isMet(in, f) || f.ready < in.Plan.Replicas {
		return nil
	}
	v := replicaLimit(in)
	return &v
}

func progressDeadline(in Input, f facts) *verdict {
	if f.isServed || !hasGivenUp(in.Observed.Deployment) {
		return nil
	}
	return &verdict{reason: elasticwebv1.ReasonProgressDeadline, message: "the rollout makes no progress: look at the pods with kubectl describe, and at their logs"}
}

func rollingOut(in Input, f facts) *verdict {
	if object, finalizers := deleted(in); object != "" {
		return &verdict{reason: elasticwebv1.ReasonRollingOut, message: fmt.Sprintf(
			"the %s is being deleted, and is made again when it is gone: it waits for its finalizers %s; see to it that they are removed, should it stay so",
			object, quote.Value(strings.Join(finalizers, ", ")))}
	}
	if !isRolledOut(in, f) {
		return &verdict{reason: elasticwebv1.ReasonRollingOut, message: "the pods are being brought to what the spec says"}
	}
	return nil
}

// deleted is the first of the objects that is being deleted though it is to be there, "" for none, and what it waits for.
func deleted(in Input) (object string, finalizers []string) {
	switch observed := in.Observed; {
	case observed.Deployment != nil && observed.Deployment.DeletionTimestamp != nil:
		return "Deployment", observed.Deployment.Finalizers
	case observed.Service != nil && observed.Service.DeletionTimestamp != nil:
		return "Service", observed.Service.Finalizers
	case in.Plan.Replicas > 1 && observed.Budget != nil && observed.Budget.DeletionTimestamp != nil:
		return "PodDisruptionBudget", observed.Budget.Finalizers
	default:
		return "", nil
	}
}

// isRolledOut reports whether there are as many pods as planned, all of them of the present template. While others are brought back there
// may be more: the ElasticWeb is as ready as before.
func isRolledOut(in Input, f facts) bool {
	deployment := in.Observed.Deployment
	if deployment == nil || deployment.DeletionTimestamp != nil {
		return false
	}
	if in.Rebalance.State.Tries > 0 && !in.Rebalance.Scene.IsRollingOut && wasReady(in) {
		return min(f.replicas, deployment.Status.Replicas) >= in.Plan.Replicas
	}
	return !plan.IsRollingOut(deployment) && f.replicas == in.Plan.Replicas && deployment.Status.Replicas == in.Plan.Replicas
}

// wasReady reports whether this very spec was all rolled out.
func wasReady(in Input) bool {
	ready := meta.FindStatusCondition(in.Web.Status.Conditions, elasticwebv1.ConditionReady)
	return ready != nil && ready.Status == metav1.ConditionTrue && ready.ObservedGeneration == in.Web.Generation
}

func missingBenchmark(in Input, _ facts) *verdict {
	if !lacksBenchmark(in) {
		return nil
	}
	v := benchmarkMissing(in)
	return &v
}

func podsNotReady(in Input, f facts) *verdict {
	if f.isServed {
		return nil
	}
	return &verdict{reason: elasticwebv1.ReasonPodsNotReady, message: short(in, f)}
}
