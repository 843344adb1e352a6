// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package benchmark

import (
	"slices"

	batchv1 "k8s.io/api/batch/v1"
	"k8s.io/apimachinery/pkg/api/meta"

	"github.com/elasticweb/elasticweb-operator/api/v1alpha1"
)

// NeedsRelease reports whether Helm has something to do for a benchmark with these Jobs: to make those that its run lacks, or to have
// reported that they were made, where an operator was killed in between.
func NeedsRelease(b *v1alpha1.ElasticWebBenchmark, jobs []batchv1.Job) bool {
	return !NeedsRun(b) && (!holdsRun(b) || len(Lacking(b.Status.Run, jobs)) > 0)
}

// Lacking are the architectures of a run that have neither a result nor a Job. All others have been begun, under whatever name: a Job
// has another one when the operator, and with it the chart, was upgraded.
func Lacking(run *v1alpha1.BenchmarkRun, jobs []batchv1.Job) []string {
	var names []string
	for _, a := range run.Architectures {
		hasJob := slices.ContainsFunc(jobs, func(job batchv1.Job) bool {
			return job.Labels[v1alpha1.LabelRun] == run.ID && job.Labels[v1alpha1.LabelArchitecture] == string(a.Architecture)
		})
		if a.State != v1alpha1.RunStateFinished && !hasJob {
			names = append(names, string(a.Architecture))
		}
	}
	return names
}

// Leftover are the Jobs of other runs than the current one.
func Leftover(b *v1alpha1.ElasticWebBenchmark, jobs []batchv1.Job) []batchv1.Job {
	if b.Status.Run == nil {
		return nil
	}
	return slices.DeleteFunc(slices.Clone(jobs), func(job batchv1.Job) bool {
		return job.Labels[v1alpha1.LabelRun] == b.Status.Run.ID || job.DeletionTimestamp != nil
	})
}

// holdsRun reports whether the release that was reported last is the current run's.
func holdsRun(b *v1alpha1.ElasticWebBenchmark) bool {
	release := b.Status.DeployedRelease
	if release == nil || !meta.IsStatusConditionTrue(b.Status.Conditions, v1alpha1.ConditionDeployed) {
		return false
	}
	// Operators of before did not note the run. What has ended then is not measured once more because of that.
	return release.Run == b.Status.Run.ID || release.Run == "" && IsFinished(b.Status.Run)
}
