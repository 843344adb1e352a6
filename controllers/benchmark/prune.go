// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package benchmark

import (
	"context"
	"fmt"

	"github.com/operator-framework/operator-lib/prune"
	batchv1 "k8s.io/api/batch/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	elasticwebv1 "github.com/elasticweb/elasticweb-operator/api/v1"
	"github.com/elasticweb/elasticweb-operator/api/v1alpha1"
	"github.com/elasticweb/elasticweb-operator/internal/apply"
)

// A Job of an old run may be pruned whether it ended or not, and however: the strategy below decides.
func init() { //nolint:gochecknoinits // operator-lib keeps what is prunable in a registry of the process.
	prune.RegisterIsPrunableFunc(batchv1.SchemeGroupVersion.WithKind("Job"), func(client.Object) error { return nil })
}

// prune removes what a killed operator left of old runs: Helm removes those of the release that it replaces, and does not
// know of others. What the current release holds is never touched, since Helm would make it again.
func (r *Reconciler) prune(ctx context.Context, b *v1alpha1.ElasticWebBenchmark) error {
	if left, err := r.leftover(ctx, b); err != nil || len(left) == 0 {
		return err
	}
	// The caches of benchmarks and of Jobs are not in step: what looks left over may be what a newer run has just made.
	live := &v1alpha1.ElasticWebBenchmark{}
	if err := r.Live.Get(ctx, client.ObjectKeyFromObject(b), live); err != nil {
		return client.IgnoreNotFound(err)
	}
	pruner, err := prune.NewPruner(&pruneClient{r.Writer}, batchv1.SchemeGroupVersion.WithKind("Job"),
		func(ctx context.Context, _ []client.Object) ([]client.Object, error) { return r.leftover(ctx, live) },
		prune.WithNamespace(b.Namespace),
		prune.WithLabels(map[string]string{elasticwebv1.LabelName: v1alpha1.NameValue, elasticwebv1.LabelInstance: b.Name}))
	if err != nil {
		return fmt.Errorf("set up the pruning of Jobs: %w", err)
	}
	if _, err := pruner.Prune(ctx); err != nil {
		return fmt.Errorf("prune the Jobs of old runs: %w", err)
	}
	return nil
}

// leftover are the Jobs of other runs, once the release is the current run's, which then holds none of them.
func (r *Reconciler) leftover(ctx context.Context, b *v1alpha1.ElasticWebBenchmark) ([]client.Object, error) {
	if b.Status.Run == nil || !holdsRun(b) {
		return nil, nil
	}
	jobs, err := ownedJobs(ctx, r.Cached, b)
	if err != nil {
		return nil, err
	}
	var left []client.Object
	for i := range jobs {
		if jobs[i].Labels[v1alpha1.LabelRun] != b.Status.Run.ID && jobs[i].DeletionTimestamp == nil {
			left = append(left, &jobs[i])
		}
	}
	return left, nil
}

// pruneClient deletes the pods with their Job, which the API server by itself would not.
type pruneClient struct{ client.Client }

func (c *pruneClient) Delete(ctx context.Context, object client.Object, options ...client.DeleteOption) error {
	err := c.Client.Delete(ctx, object, append(options,
		client.PropagationPolicy(metav1.DeletePropagationBackground), client.Preconditions{UID: new(object.GetUID())})...)
	if apply.IsGone(err) {
		return nil
	}
	return err
}
