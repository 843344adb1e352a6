// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package controllers

import (
	"context"
	"errors"
	"fmt"
	"sync"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/resourceversion"
	"sigs.k8s.io/controller-runtime/pkg/client"

	elasticwebv1 "github.com/elasticweb/elasticweb-operator/api/v1"
	"github.com/elasticweb/elasticweb-operator/internal/apply"
	"github.com/elasticweb/elasticweb-operator/internal/plan"
)

// freshSpec is a generation of an ElasticWeb.
type freshSpec struct {
	uid        types.UID
	generation int64
}

func freshSpecOf(web *elasticwebv1.ElasticWeb) freshSpec { return freshSpec{web.UID, web.Generation} }

// freshness knows which specs are at least as new as any that something was made of. The cache may be far behind when an
// operator starts, and what its predecessor made of a newer spec must not be taken back by an older one. It is safe for
// concurrent use, and its zero value trusts nothing.
type freshness struct {
	// confirmed are the specs that the API server itself gave as the newest; the zero value where somebody else
	// was found at work since.
	confirmed remembered[freshSpec]
	mu        sync.Mutex
	// floor is the resource version of the first ElasticWeb that this process wrote. No predecessor has seen a newer one.
	floor string
}

// isTrusted reports whether a spec may be acted on as the cache has it.
func (f *freshness) isTrusted(web *elasticwebv1.ElasticWeb) bool {
	switch noted, isThere := f.confirmed.get(client.ObjectKeyFromObject(web)); {
	case isThere && noted == freshSpecOf(web):
		return true
	case isThere && noted == freshSpec{}:
		return false
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	order, err := resourceversion.CompareResourceVersion(web.ResourceVersion, f.floor)
	return err == nil && order > 0
}

// confirm notes a spec that the API server gave as the newest.
func (f *freshness) confirm(web *elasticwebv1.ElasticWeb) {
	f.confirmed.note(client.ObjectKeyFromObject(web), freshSpecOf(web))
}

// doubt has the next spec confirmed, whichever it is.
func (f *freshness) doubt(name types.NamespacedName) { f.confirmed.note(name, freshSpec{}) }

func (f *freshness) forget(name types.NamespacedName) { f.confirmed.forget(name) }

// wrote notes an ElasticWeb as the API server answered a write of the version before. An answer of the same version changed
// nothing, as where a CRD of an older release lacks the field: it may be older than what a predecessor has seen of others.
func (f *freshness) wrote(before string, answer *elasticwebv1.ElasticWeb) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.floor == "" && answer.ResourceVersion != before {
		f.floor = answer.ResourceVersion
	}
}

// confirm sees to it that the spec is no older than any that something was made of, before anything is changed because of
// it: by a read, where the ElasticWeb is as it was before this process came. The error is a *apply.ChangedError where it is not.
func (r *ElasticWebReconciler) confirm(ctx context.Context, web *elasticwebv1.ElasticWeb) error {
	if r.fresh.isTrusted(web) {
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
		r.fresh.confirm(web)
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
		r.fresh.confirm(web)
	}
}
