// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package benchmark

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/elasticweb/elasticweb-operator/api/v1alpha1"
	"github.com/elasticweb/elasticweb-operator/internal/plan"
	"github.com/elasticweb/elasticweb-operator/internal/quote"
)

// verdict is the reason and the message of a condition.
type verdict struct{ reason, message string }

// Make decides what the status says, and with it whether a run begins. The result holds only what this operator's
// controller reports; the release and the conditions of Helm are not in it.
func Make(b *v1alpha1.ElasticWebBenchmark, observed Observed, now metav1.Time) v1alpha1.ElasticWebBenchmarkStatus {
	status := v1alpha1.ElasticWebBenchmarkStatus{
		ObservedGeneration: b.Generation, Results: b.Status.Results, Run: b.Status.Run,
	}
	var obstacle *verdict
	if NeedsRun(b) {
		if run, why := begin(b, &observed, now); why != nil {
			obstacle = why
		} else {
			status.Run = run
		}
	} else {
		status.Run = collect(b.Status.Run, &observed, now)
	}
	if obstacle == nil && IsFinished(status.Run) {
		status.Results = results(status.Run, b.Status.Results)
	}
	if status.Run != nil {
		status.Progress = progress(status.Run)
	}
	status.BestArchitecture, status.QPSByArchitecture = summary(status.Results)
	why := judge(&status, obstacle, releaseFailure(b))
	status.Conditions = conditions(b, why, now)
	return status
}

// results of a run that ended. Where it found no rate, that of an earlier run of the same spec and image stays: a pod that was
// evicted, or a node that is away, says nothing of the application.
func results(run *v1alpha1.BenchmarkRun, before []v1alpha1.BenchmarkResult) []v1alpha1.BenchmarkResult {
	var list []v1alpha1.BenchmarkResult
	for _, old := range before {
		if old.QPS > 0 && old.Generation == run.Generation && old.ImageDigest == digest(run) {
			list = append(list, old)
		}
	}
	for _, a := range run.Architectures {
		if a.Result == nil {
			continue
		}
		i := slices.IndexFunc(list, func(r v1alpha1.BenchmarkResult) bool { return r.Architecture == a.Architecture })
		switch {
		case i < 0:
			list = append(list, *a.Result)
		case a.Result.QPS > 0:
			list[i] = *a.Result
		}
	}
	slices.SortFunc(list, func(a, b v1alpha1.BenchmarkResult) int { return cmp.Compare(a.Architecture, b.Architecture) })
	return list
}

func progress(run *v1alpha1.BenchmarkRun) string {
	ended := 0
	for _, a := range run.Architectures {
		if a.State == v1alpha1.RunStateFinished {
			ended++
		}
	}
	return fmt.Sprintf("%d/%d", ended, len(run.Architectures))
}

// summary names the best architecture, and all of them with their rates.
func summary(results []v1alpha1.BenchmarkResult) (best, all string) {
	ordered := slices.DeleteFunc(slices.Clone(results), func(r v1alpha1.BenchmarkResult) bool { return r.QPS <= 0 })
	slices.SortStableFunc(ordered, func(a, b v1alpha1.BenchmarkResult) int {
		return cmp.Or(cmp.Compare(b.QPS, a.QPS), cmp.Compare(a.Architecture, b.Architecture))
	})
	words := []string{}
	for _, r := range ordered {
		word := fmt.Sprintf("%s=%d", r.Architecture, r.QPS)
		if r.AtLeast {
			word += "+"
		}
		words = append(words, word)
	}
	if len(ordered) > 0 {
		best = string(ordered[0].Architecture)
	}
	return best, strings.Join(words, ",")
}

// Measurements are what was measured, by architecture; nil where nothing was.
func Measurements(b *v1alpha1.ElasticWebBenchmark) map[string]plan.Measurement {
	var measured map[string]plan.Measurement
	for _, r := range b.Status.Results {
		if r.QPS <= 0 {
			continue
		}
		if measured == nil {
			measured = map[string]plan.Measurement{}
		}
		measured[string(r.Architecture)] = plan.Measurement{QPS: int64(r.QPS), AtLeast: r.AtLeast}
	}
	return measured
}

// releaseFailure is Helm's, nil where there is none.
func releaseFailure(b *v1alpha1.ElasticWebBenchmark) *verdict {
	for _, name := range []string{v1alpha1.ConditionReleaseFailed, v1alpha1.ConditionIrreconcilable} {
		if condition := meta.FindStatusCondition(b.Status.Conditions, name); condition != nil && condition.Status == metav1.ConditionTrue {
			return &verdict{v1alpha1.ReasonReleaseFailed, "Helm could not make the Jobs, and tries again: " + quote.Said(condition.Message)}
		}
	}
	return nil
}

// judge says why the benchmark is complete or not.
func judge(status *v1alpha1.ElasticWebBenchmarkStatus, obstacle, failure *verdict) verdict {
	switch {
	case obstacle != nil:
		return *obstacle
	case IsFinished(status.Run):
		return judgeRun(status.Run, status.Results)
	case failure != nil:
		return *failure
	}
	waits := []string{}
	for _, a := range status.Run.Architectures {
		if a.State == v1alpha1.RunStateRunning {
			return verdict{v1alpha1.ReasonRunning, "the load generator is at work: kubectl logs of the Job's pod shows each step"}
		}
		if a.State == v1alpha1.RunStateWaiting && a.Reason != v1alpha1.ReasonStarting {
			waits = append(waits, fmt.Sprintf("%s: %s: %s", a.Architecture, a.Reason, a.Message))
		}
	}
	if len(waits) == 0 {
		return verdict{v1alpha1.ReasonWaiting, "the pods start"}
	}
	return verdict{v1alpha1.ReasonWaiting, joined("", waits)}
}

// judgeRun says what the run found, whatever is known from earlier ones.
func judgeRun(run *v1alpha1.BenchmarkRun, results []v1alpha1.BenchmarkResult) verdict {
	var failed []string
	for _, a := range run.Architectures {
		if r := a.Result; r != nil && r.QPS <= 0 {
			kept := ""
			if slices.ContainsFunc(results, func(k v1alpha1.BenchmarkResult) bool { return k.Architecture == a.Architecture && k.QPS > 0 }) {
				kept = " (the rate of an earlier run stays)"
			}
			failed = append(failed, fmt.Sprintf("%s: %s: %s%s", a.Architecture, r.Reason, r.Message, kept))
		}
	}
	switch len(failed) {
	case 0:
		return verdict{v1alpha1.ReasonMeasured, "every architecture was measured"}
	case len(run.Architectures):
		return verdict{v1alpha1.ReasonNothingMeasured, joined("no architecture could be measured; mend the cause and set the annotation "+
			v1alpha1.AnnotationRerun+" to a new value: ", failed)}
	default:
		return verdict{v1alpha1.ReasonPartlyMeasured, joined("not measured: ", failed)}
	}
}

// joined has room for every architecture, whatever the others say: a message that is too long has no event.
func joined(begin string, parts []string) string {
	share := (quote.LongestMessage - len(begin)) / len(parts)
	for i, part := range parts {
		parts[i] = quote.Bounded(part, share-len("; "))
	}
	return begin + strings.Join(parts, "; ")
}

// conditions are Complete, and Reconciling or Stalled where they hold; the time of a change is kept.
func conditions(b *v1alpha1.ElasticWebBenchmark, why verdict, now metav1.Time) []metav1.Condition {
	why.message = quote.Bounded(why.message, quote.LongestMessage)
	complete := metav1.Condition{Type: v1alpha1.ConditionComplete, Status: metav1.ConditionFalse, Reason: why.reason, Message: why.message}
	list := []metav1.Condition{complete}
	switch why.reason {
	case v1alpha1.ReasonMeasured, v1alpha1.ReasonPartlyMeasured:
		list[0].Status = metav1.ConditionTrue
	case v1alpha1.ReasonResolvingImage, v1alpha1.ReasonRunning, v1alpha1.ReasonWaiting:
		list = append(list, metav1.Condition{Type: v1alpha1.ConditionReconciling, Status: metav1.ConditionTrue, Reason: why.reason, Message: why.message})
	default:
		list = append(list, metav1.Condition{Type: v1alpha1.ConditionStalled, Status: metav1.ConditionTrue, Reason: why.reason, Message: why.message})
	}
	for i := range list {
		condition := &list[i]
		condition.ObservedGeneration = b.Generation
		condition.LastTransitionTime = now
		before := meta.FindStatusCondition(b.Status.Conditions, condition.Type)
		if before != nil && before.Status == condition.Status {
			condition.LastTransitionTime = before.LastTransitionTime
		}
	}
	return list
}
