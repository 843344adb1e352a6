// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package controllers

import (
	"context"
	"errors"
	"fmt"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	elasticwebv1 "github.com/elasticweb/elasticweb-operator/api/v1"
	"github.com/elasticweb/elasticweb-operator/internal/apply"
	"github.com/elasticweb/elasticweb-operator/internal/plan"
)

// freshSpec is a generation of an ElasticWeb that was the newest when the API server was asked. The cache may be far
// behind when an operator starts, and what its predecessor made of a newer spec must not be taken back by an
// older one.
type freshSpec struct {
	uid        types.UID
	generation int64
}

func freshSpecOf(web *elasticwebv1.ElasticWeb) freshSpec { return freshSpec{web.UID, web.Generation} }

// confirm sees to it that the spec was once read from the API server as the newest, before anything is
// changed because of it: one read for each generation. The error is a *apply.ChangedError where it is not.
func (r *ElasticWebReconciler) confirm(ctx context.Context, web *elasticwebv1.ElasticWeb) error {
	if r.fresh.is(client.ObjectKeyFromObject(web), freshSpecOf(web)) {
		return nil
	}
	return r.confirmNow(ctx, web)
}

// confirmNow asks the API server, whatever was known before.
func (r *ElasticWebReconciler) confirmNow(ctx context.Context, web *elasticwebv1.ElasticWeb) error {
	live := &metav1.PartialObjectMetadata{}
	live.SetGroupVersionKind(elasticwebv1.GroupVersion.WithKind(kindElasticWeb))
	err := r.Live.Get(ctx, client.ObjectKeyFromObject(web), live)
	if client.IgnoreNotFound(err) != nil {
		return fmt.Errorf("verify that the spec is the newest: %w", err)
	}
	if err == nil && live.UID == web.UID && live.Generation == web.Generation {
		r.fresh.note(client.ObjectKeyFromObject(web), freshSpecOf(web))
		return nil
	}
	if err := r.lookAgain(ctx, client.ObjectKeyFromObject(web)); err != nil {
		return err
	}
	return &apply.ChangedError{Kind: kindElasticWeb, Name: web.Name, Err: errors.New("the cache is behind")}
}

// trustFirst spares a first creation the read: where nothing was made yet, nothing can be taken back. Where
// something was, the creation meets it, and the next pass confirms.
func (r *ElasticWebReconciler) trustFirst(web *elasticwebv1.ElasticWeb, observed *plan.Observed) {
	if observed.Service == nil && observed.Deployment == nil && observed.Budget == nil {
		r.fresh.note(client.ObjectKeyFromObject(web), freshSpecOf(web))
	}
}
