// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package elasticweb

import (
	"context"
	"errors"

	"k8s.io/apimachinery/pkg/api/equality"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	ctrl "sigs.k8s.io/controller-runtime"

	elasticwebv1 "github.com/elasticweb/elasticweb-operator/api/v1"
	"github.com/elasticweb/elasticweb-operator/controllers"
	"github.com/elasticweb/elasticweb-operator/internal/apply"
	"github.com/elasticweb/elasticweb-operator/internal/status"
)

// reportUnreadable looks after an ElasticWeb that was not read as a whole. What was made for it stays as it is: an empty spec is not
// what somebody asked for.
func (r *Reconciler) reportUnreadable(ctx context.Context, web *elasticwebv1.ElasticWeb) (ctrl.Result, error) {
	if web.UnreadableStatus != "" {
		return ctrl.Result{}, controllers.ResetStatus(ctx, r.Writer, web)
	}
	wanted := status.Unreadable(web, metav1.NewTime(r.Clock.Now()))
	if equality.Semantic.DeepEqual(web.Status, wanted) {
		return ctrl.Result{}, nil
	}
	err := r.writeStatus(ctx, web, wanted)
	if _, hasChanged := errors.AsType[*apply.ChangedError](err); hasChanged {
		return ctrl.Result{RequeueAfter: controllers.StaleRetry}, nil
	}
	return ctrl.Result{}, err
}
