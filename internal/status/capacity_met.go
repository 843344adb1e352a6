// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package status

import (
	"fmt"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	elasticwebv1 "github.com/elasticweb/elasticweb-operator/api/v1"
	"github.com/elasticweb/elasticweb-operator/internal/capacity"
	"github.com/elasticweb/elasticweb-operator/internal/plan"
)

// isMet reports whether what the ready pods serve meets the demand.
func isMet(in Input, f facts) bool {
	switch in.Plan.Demand.Mode {
	case plan.ModeQPS:
		return f.served >= in.Plan.Demand.QPS
	case plan.ModeReplicas:
		return int64(f.ready) >= in.Plan.Demand.Pods
	default:
		return true
	}
}

func capacityMet(in Input, f facts) (metav1.ConditionStatus, verdict) {
	switch {
	case in.Plan.Demand.Mode == plan.ModeNone:
		return metav1.ConditionTrue, verdict{elasticwebv1.ReasonNoDemand, "nothing is to be served"}
	case lacksBenchmark(in):
		return metav1.ConditionUnknown, benchmarkMissing(in)
	case isMet(in, f) && in.Plan.Limit == plan.LimitMin && in.Plan.Demand.Mode == plan.ModeReplicas:
		return metav1.ConditionTrue, verdict{elasticwebv1.ReasonReplicaLimit, fmt.Sprintf(
			"spec.replicas asks for %d pods, and spec.minReplicas keeps %d", in.Plan.Asked, in.Plan.Replicas)}
	case isMet(in, f):
		return metav1.ConditionTrue, verdict{elasticwebv1.ReasonAsPlanned, "the ready pods serve the demand"}
	case in.Plan.Limit == plan.LimitMax:
		return metav1.ConditionFalse, replicaLimit(in)
	default:
		return metav1.ConditionFalse, verdict{elasticwebv1.ReasonCapacityShort, short(in, f)}
	}
}

func lacksBenchmark(in Input) bool {
	return in.Web.Spec.BenchmarkRef != nil && len(in.Observed.Benchmark) == 0 && len(in.Plan.Measured) == 0
}

func benchmarkMissing(in Input) verdict {
	if in.BenchmarksOff {
		return verdict{elasticwebv1.ReasonBenchmarkMissing, fmt.Sprintf(
			"ElasticWebBenchmark %s is not looked at, since the operator runs with --enable-benchmarks=false: the numbers of the spec hold; remove spec.benchmarkRef, or switch benchmarks on",
			in.Web.Spec.BenchmarkRef.Name)}
	}
	return verdict{elasticwebv1.ReasonBenchmarkMissing, fmt.Sprintf(
		"ElasticWebBenchmark %s has no result: the numbers of the spec hold until it has; create it, or remove spec.benchmarkRef",
		in.Web.Spec.BenchmarkRef.Name)}
}

func replicaLimit(in Input) verdict {
	return verdict{elasticwebv1.ReasonReplicaLimit, fmt.Sprintf(
		"the demand calls for %d pods, and spec.maxReplicas allows %d: raise spec.maxReplicas, or lower the demand",
		in.Plan.Asked, in.Plan.Replicas)}
}

// short says what is missing, and which architecture drags the others down.
func short(in Input, f facts) string {
	if in.Plan.Demand.Mode == plan.ModeReplicas {
		return fmt.Sprintf("%d of %d pods are ready", f.ready, in.Plan.Demand.Pods)
	}
	message := fmt.Sprintf("the ready pods serve %d of %d requests per second", f.served, in.Plan.Demand.QPS)
	slowest, isAny := capacity.Slowest(f.groups)
	if isAny && slowest.Pods < capacity.Pods(f.groups) {
		message += fmt.Sprintf("; the pods on %s drag the others down to %d each: add nodes of a faster architecture and run kubectl rollout restart, or leave %s out of spec.architectures",
			slowest.Architecture, slowest.PodQPS, slowest.Architecture)
	}
	return message
}
