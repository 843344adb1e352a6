// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package benchmark

import (
	"context"
	"errors"
	"fmt"
	"time"

	batchv1 "k8s.io/api/batch/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/elasticweb/elasticweb-operator/api/v1alpha1"
	"github.com/elasticweb/elasticweb-operator/controllers"
	"github.com/elasticweb/elasticweb-operator/internal/apply"
	"github.com/elasticweb/elasticweb-operator/internal/benchmark"
)

// kindJob stands for all Jobs of a benchmark that are pruned.
const kindJob = "Job"

// mostPruned is how many Jobs go in one pass: whoever gives thousands to a benchmark would hold up those of others for a minute. The event of one
// that goes brings the next.
const mostPruned = 32

// prune removes the Jobs of old runs, of which Helm knows nothing. Those of the current run are never touched. retry is when to try again what
// was refused; 0 for never.
func (r *Reconciler) prune(ctx context.Context, b *v1alpha1.ElasticWebBenchmark) (retry time.Duration, _ error) {
	jobs, err := ownedJobs(ctx, r.Cached, b)
	if err != nil || len(benchmark.Leftover(b, jobs)) == 0 {
		return 0, err
	}
	err = r.applier.Try(apply.Write{Kind: kindJob, Namespace: b.Namespace, Name: b.Name, What: b.Status.Run.ID}, func() error {
		return r.pruneNow(ctx, b, jobs)
	})
	return controllers.Untold(ctx, r.Events, kindJob, b, "Jobs of old runs are left", err)
}

func (r *Reconciler) pruneNow(ctx context.Context, b *v1alpha1.ElasticWebBenchmark, jobs []batchv1.Job) error {
	// The caches of benchmarks and of Jobs are not in step: what looks left over may be what a newer run has just made.
	live := &v1alpha1.ElasticWebBenchmark{}
	if err := r.Live.Get(ctx, client.ObjectKeyFromObject(b), live); err != nil {
		return client.IgnoreNotFound(err)
	}
	var failures []error
	leftover := benchmark.Leftover(live, jobs)
	for _, job := range leftover[:min(len(leftover), mostPruned)] {
		// The API server by itself would leave the pods of a Job.
		err := r.Writer.Delete(ctx, &job, client.PropagationPolicy(metav1.DeletePropagationBackground), client.Preconditions{UID: &job.UID})
		if err != nil && !apply.IsGone(err) {
			failures = append(failures, fmt.Errorf("prune Job %s of an old run: %w", job.Name, err))
		}
	}
	return errors.Join(failures...)
}
