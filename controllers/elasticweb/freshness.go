// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package elasticweb

import (
	"context"
	"errors"
	"fmt"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
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

// confirmation sees to it that the spec is no older than any that something was made of, before anything is changed because of it. Its
// error is a *apply.ChangedError where it is.
type confirmation func(context.Context) error

// confirmation reads the ElasticWeb, at most once and when it is first asked, where it is as it was before this process came, and in any
// case before pods are taken away: a watch that lags must not cost capacity.
func (r *Reconciler) confirmation(web *elasticwebv1.ElasticWeb, p *plan.Plan) confirmation {
	if !p.Shrinks && r.memory.isTrusted(web) {
		return func(context.Context) error { return nil }
	}
	var answer *error
	return func(ctx context.Context) error {
		if answer == nil {
			answer = new(r.confirmNow(ctx, web))
		}
		return *answer
	}
}

// isBehind reports whether the Deployment was made of a newer spec than the one at hand. A record that claims a generation which the
// ElasticWeb never had was damaged, by whomever: it is written anew.
func (r *Reconciler) isBehind(ctx context.Context, web *elasticwebv1.ElasticWeb, deployment *appsv1.Deployment) (bool, error) {
	damaged := &r.memory.of(client.ObjectKeyFromObject(web)).damaged
	record := plan.RecordOf(deployment)
	switch {
	case record == nil || record.Generation <= web.Generation:
		*damaged = 0
		return false, nil
	case record.Generation == *damaged:
		return false, nil
	}
	err := r.confirmNow(ctx, web)
	if _, hasChanged := errors.AsType[*apply.ChangedError](err); hasChanged {
		return true, nil
	}
	if err != nil {
		return false, err
	}
	*damaged = record.Generation
	r.Events.Eventf(web, nil, corev1.EventTypeWarning, "RecordDamaged", "Reconcile",
		"the annotation %s of Deployment %s speaks of generation %d, and the ElasticWeb is at %d: it is written anew",
		plan.AnnotationRecord, deployment.Name, record.Generation, web.Generation)
	return false, nil
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
