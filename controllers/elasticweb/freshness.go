// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package elasticweb

import (
	"context"
	"errors"
	"fmt"

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

// The memory knows which specs are at least as new as any that something was made of. The cache may be far behind when an
// operator starts, and what its predecessor made of a newer spec must not be taken back by an older one.

// isTrusted reports whether a spec may be acted on as the cache has it.
func (m *memory) isTrusted(web *elasticwebv1.ElasticWeb) bool {
	switch confirmed := m.of(client.ObjectKeyFromObject(web)).confirmed; {
	case confirmed != nil && *confirmed == freshSpecOf(web):
		return true
	case confirmed != nil && *confirmed == freshSpec{}:
		return false
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	order, err := resourceversion.CompareResourceVersion(web.ResourceVersion, m.floor)
	return err == nil && order > 0
}

// confirm notes a spec that the API server gave as the newest.
func (m *memory) confirm(web *elasticwebv1.ElasticWeb) {
	m.of(client.ObjectKeyFromObject(web)).confirmed = new(freshSpecOf(web))
}

// doubt has the next spec confirmed, whichever it is.
func (m *memory) doubt(name types.NamespacedName) { m.of(name).confirmed = &freshSpec{} }

// wrote notes an ElasticWeb as the API server answered a write of the version before. An answer of the same version changed
// nothing, as where a CRD of an older release lacks the field: it may be older than what a predecessor has seen of others.
func (m *memory) wrote(before string, answer *elasticwebv1.ElasticWeb) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.floor == "" && answer.ResourceVersion != before {
		m.floor = answer.ResourceVersion
	}
}

// confirm sees to it that the spec is no older than any that something was made of, before anything is changed because of
// it: by a read, where the ElasticWeb is as it was before this process came. The error is a *apply.ChangedError where it is not.
func (r *Reconciler) confirm(ctx context.Context, web *elasticwebv1.ElasticWeb) error {
	if r.memory.isTrusted(web) {
		return nil
	}
	return r.confirmNow(ctx, web)
}

// confirmNow asks the API server, whatever was known before.
func (r *Reconciler) confirmNow(ctx context.Context, web *elasticwebv1.ElasticWeb) error {
	live := &metav1.PartialObjectMetadata{}
	live.SetGroupVersionKind(elasticwebv1.GroupVersion.WithKind(Kind))
	err := r.Live.Get(ctx, client.ObjectKeyFromObject(web), live)
	if client.IgnoreNotFound(err) != nil {
		return fmt.Errorf("verify that the spec is the newest: %w", err)
	}
	if err == nil && live.UID == web.UID && live.Generation == web.Generation {
		r.memory.confirm(web)
		return nil
	}
	if err := r.lookAgain(ctx, client.ObjectKeyFromObject(web)); err != nil {
		return err
	}
	return &apply.ChangedError{Kind: Kind, Name: web.Name, Err: errors.New("the cache is behind")}
}

// trustFirst spares a first creation the read: where nothing was made yet, nothing can be taken back. Where
// something was, the creation meets it, and the next pass confirms.
func (r *Reconciler) trustFirst(web *elasticwebv1.ElasticWeb, observed *plan.Observed) {
	if observed.Service == nil && observed.Deployment == nil && observed.Budget == nil {
		r.memory.confirm(web)
	}
}
