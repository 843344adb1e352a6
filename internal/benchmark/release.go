// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package benchmark

import (
	"slices"

	batchv1 "k8s.io/api/batch/v1"
	"k8s.io/apimachinery/pkg/api/meta"

	"github.com/elasticweb/elasticweb-operator/api/v1alpha1"
)

// NeedsRelease reports whether Helm has something to do for a benchmark with these Jobs: to make those of a run that was begun, or to
// make one again that is gone before it had a result. A run that ended needs its Jobs no longer, but those of the run before have to
// go, where an operator was killed between making the ones and removing the others. Where a Job of the run is gone then there is no
// way back: Helm would start it again.
func NeedsRelease(b *v1alpha1.ElasticWebBenchmark, jobs []batchv1.Job) bool {
	isGone := func(architecture string) bool {
		return !slices.ContainsFunc(jobs, func(job batchv1.Job) bool {
			return job.Labels[v1alpha1.LabelRun] == b.Status.Run.ID && job.Labels[v1alpha1.LabelArchitecture] == architecture
		})
	}
	switch {
	case NeedsRun(b):
		return false
	case IsFinished(b.Status.Run):
		return !holdsRun(b) && !slices.ContainsFunc(Measured(b.Status.Run), isGone)
	case !holdsRun(b):
		return true
	}
	return slices.ContainsFunc(b.Status.Run.Architectures, func(a v1alpha1.ArchitectureRun) bool {
		return a.State != v1alpha1.RunStateFinished && isGone(string(a.Architecture))
	})
}

// Leftover are the Jobs of other runs, once the release is the current run's, which then holds none of them.
func Leftover(b *v1alpha1.ElasticWebBenchmark, jobs []batchv1.Job) []batchv1.Job {
	if b.Status.Run == nil || !holdsRun(b) {
		return nil
	}
	return slices.DeleteFunc(slices.Clone(jobs), func(job batchv1.Job) bool {
		return job.Labels[v1alpha1.LabelRun] == b.Status.Run.ID || job.DeletionTimestamp != nil
	})
}

// holdsRun reports whether the release that was deployed last is the current run's.
func holdsRun(b *v1alpha1.ElasticWebBenchmark) bool {
	release := b.Status.DeployedRelease
	if release == nil || !meta.IsStatusConditionTrue(b.Status.Conditions, v1alpha1.ConditionDeployed) {
		return false
	}
	// Operators of before did not note the run. What has ended then is not measured once more because of that.
	return release.Run == b.Status.Run.ID || release.Run == "" && IsFinished(b.Status.Run)
}
