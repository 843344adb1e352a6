// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package benchmark

import (
	"context"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	ctrl "sigs.k8s.io/controller-runtime"

	"github.com/elasticweb/elasticweb-operator/api/v1alpha1"
	"github.com/elasticweb/elasticweb-operator/controllers"
	"github.com/elasticweb/elasticweb-operator/internal/benchmark"
)

// reportUnreadable looks after a benchmark that was not read as a whole. Its run, if there is one, is left alone.
func (r *Reconciler) reportUnreadable(ctx context.Context, b *v1alpha1.ElasticWebBenchmark) (ctrl.Result, error) {
	if b.UnreadableStatus != "" {
		return ctrl.Result{}, controllers.ResetStatus(ctx, r.Writer, b)
	}
	conflict, err := r.report(ctx, b, benchmark.Unreadable(b, metav1.NewTime(r.Clock.Now())))
	if conflict {
		return ctrl.Result{RequeueAfter: controllers.StaleRetry}, nil
	}
	return ctrl.Result{}, err
}
