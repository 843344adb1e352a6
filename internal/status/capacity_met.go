// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package status

import (
	"fmt"
	"slices"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	elasticwebv1 "github.com/elasticweb/elasticweb-operator/api/v1"
	"github.com/elasticweb/elasticweb-operator/internal/capacity"
	"github.com/elasticweb/elasticweb-operator/internal/quote"
)

// isMet reports whether what the ready pods serve meets the demand.
func isMet(in Input, f facts) bool {
	return f.served >= in.Plan.Demand.QPS && int64(f.ready) >= in.Plan.Demand.Pods
}

// capacityMet says, too, whose rates that goes by where the benchmark that the spec names has none: its name may be wrong.
func capacityMet(in Input, f facts) (metav1.ConditionStatus, verdict) {
	status, v := demandMet(in, f)
	if !in.Plan.Demand.IsNone() && lacksResult(in) && !lacksBenchmark(in) {
		v.message += "; " + benchmarkMissing(in).message
	}
	return status, v
}

func demandMet(in Input, f facts) (metav1.ConditionStatus, verdict) {
	switch {
	case in.Plan.Demand.IsNone():
		return metav1.ConditionTrue, verdict{reason: elasticwebv1.ReasonNoDemand, message: "nothing is to be served"}
	case lacksBenchmark(in):
		return metav1.ConditionUnknown, benchmarkMissing(in)
	case isMet(in, f) && in.Plan.Demand.QPS == 0 && in.Plan.Asked < int64(in.Plan.Replicas):
		return metav1.ConditionTrue, verdict{reason: elasticwebv1.ReasonReplicaLimit, message: fmt.Sprintf(
			"spec.replicas asks for %d pods, and spec.minReplicas keeps %d", in.Plan.Asked, in.Plan.Replicas)}
	case isMet(in, f):
		return metav1.ConditionTrue, verdict{reason: elasticwebv1.ReasonAsPlanned, message: "the ready pods serve the demand"}
	case in.Plan.Asked > int64(in.Plan.Replicas):
		return metav1.ConditionFalse, replicaLimit(in)
	default:
		return metav1.ConditionFalse, verdict{reason: elasticwebv1.ReasonCapacityShort, message: short(in, f)}
	}
}

// lacksBenchmark reports whether nothing that was measured is counted with, although the spec asks for it.
func lacksBenchmark(in Input) bool { return lacksResult(in) && len(in.Plan.Measured) == 0 }

func lacksResult(in Input) bool {
	return in.Web.Spec.BenchmarkRef != nil && len(in.Observed.Benchmark) == 0
}

// BenchmarkState is how far the benchmark is that the spec names, while it has no result.
type BenchmarkState int

const (
	// BenchmarkAbsent: there is none of that name.
	BenchmarkAbsent BenchmarkState = iota
	// BenchmarkRunning: it is under way.
	BenchmarkRunning
	// BenchmarkFailed: it found nothing, and does not go on by itself.
	BenchmarkFailed
	// BenchmarksOff: the operator looks at none.
	BenchmarksOff
)

func benchmarkMissing(in Input) verdict {
	name, numbers := "ElasticWebBenchmark "+quote.Value(in.Web.Spec.BenchmarkRef.Name), "the numbers of the spec hold"
	if !lacksBenchmark(in) {
		numbers = "the rates that were measured before hold"
	}
	switch in.Benchmark {
	case BenchmarkRunning:
		return verdict{reason: elasticwebv1.ReasonBenchmarkRunning, message: name +
			" is still measuring, and " + numbers + " until it has a result: wait for it"}
	case BenchmarkFailed:
		return verdict{reason: elasticwebv1.ReasonBenchmarkMissing, message: name +
			" found no result, and " + numbers + ": look at it with kubectl describe elasticwebbenchmark, or remove spec.benchmarkRef"}
	case BenchmarksOff:
		return verdict{elasticwebv1.ReasonBenchmarkMissing, name +
			" is not looked at, since the operator runs with --enable-benchmarks=false: " + numbers + "; remove spec.benchmarkRef, or switch benchmarks on", true}
	default:
		return verdict{reason: elasticwebv1.ReasonBenchmarkMissing, message: name +
			" does not exist, and " + numbers + ": create it, or correct or remove spec.benchmarkRef"}
	}
}

func replicaLimit(in Input) verdict {
	remedy := "lower the demand"
	if in.Web.Spec.Demand != nil {
		remedy = "wait until the traffic falls"
	}
	return verdict{elasticwebv1.ReasonReplicaLimit, fmt.Sprintf(
		"the demand calls for %d pods, and spec.maxReplicas allows %d: raise spec.maxReplicas, or %s",
		in.Plan.Asked, in.Plan.Replicas, remedy), in.Web.Spec.Demand == nil}
}

// short says what is missing, and which pods drag the others down.
func short(in Input, f facts) string {
	ready := fmt.Sprintf("%d of %d pods are ready", f.ready, max(in.Plan.Demand.Pods, int64(in.Plan.Replicas))) + warmingUp(f)
	switch {
	case in.Plan.Demand.QPS == 0 || f.served >= in.Plan.Demand.QPS:
		return ready
	}
	message := fmt.Sprintf("the ready pods serve %d of %d requests per second", f.served, in.Plan.Demand.QPS)
	if f.ready < in.Plan.Replicas {
		message += "; " + ready
	}
	return message + waiting(in) + dragged(f.groups)
}

// waiting says which pods are ready and get no requests, and why.
func waiting(in Input) string {
	var parts []string
	for _, rate := range in.Plan.Rates {
		pods := 0
		for i := range in.Observed.Pods {
			if pod := &in.Observed.Pods[i]; pod.IsAvailable() && !pod.Gone && pod.Node != "" && pod.Architecture == rate.Architecture && !in.Plan.Serves(pod) {
				pods++
			}
		}
		if pods > 0 {
			parts = append(parts, fmt.Sprintf("%d on %s", pods, rate.Architecture))
		}
	}
	if len(parts) == 0 {
		return ""
	}
	return fmt.Sprintf("; %s wait without requests, since with them the Service would serve hardly more, or less", strings.Join(parts, " and "))
}

// warmingUp says that pods are ready, and why they do not count.
func warmingUp(f facts) string {
	if f.warming == 0 {
		return ""
	}
	return fmt.Sprintf("; %d more count once they have been ready for spec.rollout.minReadySeconds", f.warming)
}

// dragged says whose pods drag the others down, if any do.
func dragged(groups []capacity.Group) string {
	slowest, isAny := capacity.Slowest(groups)
	switch {
	case !isAny || !isSlower(slowest, groups):
		return ""
	case slowest.Architecture == "":
		return fmt.Sprintf("; the pods whose nodes are gone or not known drag the others down to %d each: find them with kubectl get pods -o wide, and delete those that do not go by themselves",
			slowest.PodQPS)
	default:
		return fmt.Sprintf("; the pods on %s drag the others down to %d each: add nodes of a faster architecture and run kubectl rollout restart, or set spec.architectures to a list without %s",
			slowest.Architecture, slowest.PodQPS, slowest.Architecture)
	}
}

// isSlower reports whether there are pods that would serve more without those of the group.
func isSlower(slowest capacity.Group, groups []capacity.Group) bool {
	return slices.ContainsFunc(groups, func(g capacity.Group) bool { return g.Pods > 0 && g.PodQPS > slowest.PodQPS })
}
