// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package status

import (
	"fmt"
	"regexp"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"

	elasticwebv1 "github.com/elasticweb/elasticweb-operator/api/v1"
	"github.com/elasticweb/elasticweb-operator/internal/plan"
)

// check looks for one thing that decides about readiness; nil where it does not apply.
type check func(Input, facts) *verdict

// checks in order: the first that applies is the reason. What somebody must mend comes before what ends by
// itself, and a cause before its effects.
var checks = []check{
	paused,
	problem,
	contradiction,
	noCompatibleNodes,
	resolvingImage,
	noDemand,
	podFailure,
	replicaFailure,
	limited,
	unschedulable,
	progressDeadline,
	contested,
	rollingOut,
	missingBenchmark,
	podsNotReady,
}

func readiness(in Input, f facts) verdict {
	for _, applies := range checks {
		if v := applies(in, f); v != nil {
			return *v
		}
	}
	return verdict{elasticwebv1.ReasonAsPlanned, "everything is rolled out, and the ready pods serve the demand"}
}

func paused(in Input, _ facts) *verdict {
	if !in.Paused {
		return nil
	}
	return &verdict{elasticwebv1.ReasonPaused, "nothing is changed while the annotation " + elasticwebv1.AnnotationPaused + " is true: remove it to go on"}
}

func problem(in Input, _ facts) *verdict {
	if len(in.Problems) == 0 {
		return nil
	}
	return &verdict{in.Problems[0].Reason, in.Problems[0].Message}
}

func contradiction(in Input, _ facts) *verdict {
	if in.Plan.Demand.Mode == plan.ModeNone || in.Plan.Placement.Contradiction == "" {
		return nil
	}
	return &verdict{elasticwebv1.ReasonNoCompatibleNodes, in.Plan.Placement.Contradiction}
}

// noCompatibleNodes is known before a pod is made: no node has an architecture of the image's.
func noCompatibleNodes(in Input, f facts) *verdict {
	possible, nodes := in.Plan.Placement.Possible, in.Observed.Nodes
	if in.Plan.Demand.Mode == plan.ModeNone || possible == nil || nodes == nil || f.ready > 0 {
		return nil
	}
	for _, architecture := range possible {
		if nodes.All[architecture] > 0 {
			return nil
		}
	}
	return &verdict{elasticwebv1.ReasonNoCompatibleNodes, fmt.Sprintf(
		"the pods can run on %s, and the cluster has no such Linux node: add one, or use an image for the architectures of the cluster",
		strings.Join(possible, ", "))}
}

func resolvingImage(in Input, _ facts) *verdict {
	if !in.Plan.WaitsForImage {
		return nil
	}
	return &verdict{elasticwebv1.ReasonResolvingImage, "the registry was asked for the platforms of the image"}
}

func noDemand(in Input, f facts) *verdict {
	if in.Plan.Demand.Mode != plan.ModeNone {
		return nil
	}
	if f.replicas > 0 {
		return &verdict{elasticwebv1.ReasonRollingOut, "there is no demand, and the last pods are going"}
	}
	return &verdict{elasticwebv1.ReasonNoDemand, "nothing is to be served: set spec.totalQPS or spec.replicas"}
}

// generatedName is what would make the message of each attempt another one.
var generatedName = regexp.MustCompile(`pods "[^"]*"`)

// replicaFailure is a ReplicaSet that may not create its pods.
func replicaFailure(in Input, _ facts) *verdict {
	condition := deploymentCondition(in.Observed.Deployment, appsv1.DeploymentReplicaFailure)
	if condition == nil || condition.Status != corev1.ConditionTrue {
		return nil
	}
	reason, remedy := refusalReason(condition.Message)
	said := generatedName.ReplaceAllString(condition.Message, "pods")
	return &verdict{reason, "the pods cannot be created: " + said + ": " + remedy}
}

func limited(in Input, f facts) *verdict {
	if in.Plan.Limit != plan.LimitMax || isMet(in, f) || f.ready < in.Plan.Replicas {
		return nil
	}
	v := replicaLimit(in)
	return &v
}

func unschedulable(in Input, _ facts) *verdict {
	for _, pod := range in.Observed.Pods {
		if !pod.Gone && pod.Unschedulable != "" {
			return &verdict{elasticwebv1.ReasonUnschedulable, "pods wait for a node with room for them: add nodes, or lower what the pods request; the scheduler says: " + pod.Unschedulable}
		}
	}
	return nil
}

func progressDeadline(in Input, _ facts) *verdict {
	condition := deploymentCondition(in.Observed.Deployment, appsv1.DeploymentProgressing)
	if condition == nil || condition.Status != corev1.ConditionFalse || condition.Reason != "ProgressDeadlineExceeded" {
		return nil
	}
	return &verdict{elasticwebv1.ReasonProgressDeadline, "the rollout makes no progress: look at the pods with kubectl describe, and at their logs"}
}

func contested(in Input, _ facts) *verdict {
	if in.Contestant == "" {
		return nil
	}
	return &verdict{elasticwebv1.ReasonReplicasContested, fmt.Sprintf(
		"%s keeps changing the replicas of the Deployment, and the operator sets them back: let it scale the ElasticWeb in the place of the Deployment", in.Contestant)}
}

func rollingOut(in Input, f facts) *verdict {
	deployment := in.Observed.Deployment
	if deployment == nil || plan.IsRollingOut(deployment) || f.replicas != in.Plan.Replicas ||
		deployment.Status.Replicas != in.Plan.Replicas {
		return &verdict{elasticwebv1.ReasonRollingOut, "the pods are being brought to what the spec says"}
	}
	return nil
}

func missingBenchmark(in Input, _ facts) *verdict {
	if !lacksBenchmark(in) {
		return nil
	}
	v := benchmarkMissing(in)
	return &v
}

func podsNotReady(in Input, f facts) *verdict {
	if isMet(in, f) && f.ready >= in.Plan.Replicas {
		return nil
	}
	return &verdict{elasticwebv1.ReasonPodsNotReady, short(in, f)}
}

func deploymentCondition(deployment *appsv1.Deployment, kind appsv1.DeploymentConditionType) *appsv1.DeploymentCondition {
	if deployment == nil {
		return nil
	}
	for i := range deployment.Status.Conditions {
		if deployment.Status.Conditions[i].Type == kind {
			return &deployment.Status.Conditions[i]
		}
	}
	return nil
}
