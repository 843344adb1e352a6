// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package elasticweb

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/resourceversion"
	"sigs.k8s.io/controller-runtime/pkg/client"

	elasticwebv1 "github.com/elasticweb/elasticweb-operator/api/v1"
	"github.com/elasticweb/elasticweb-operator/controllers"
	"github.com/elasticweb/elasticweb-operator/internal/apply"
	"github.com/elasticweb/elasticweb-operator/internal/plan"
)

// freshSpec is a generation of an ElasticWeb.
type freshSpec struct {
	uid        types.UID
	generation int64
}

// The memory knows which specs are at least as new as any that something was made of. The cache may be far behind when an
// operator starts, and what its predecessor made of a newer spec must not be taken back by an older one.

// isTrusted reports whether a spec may be acted on as the cache has it.
func (m *memory) isTrusted(web *elasticwebv1.ElasticWeb) bool {
	switch confirmed := m.of(web).confirmed; {
	case confirmed != nil && *confirmed == freshSpec{web.UID, web.Generation}:
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
	m.of(web).confirmed = &freshSpec{web.UID, web.Generation}
}

// doubt has the next spec confirmed, whichever it is.
func (m *memory) doubt(web *elasticwebv1.ElasticWeb) { m.of(web).confirmed = &freshSpec{} }

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
// case before pods are taken away: a watch that lags must not cost capacity. A first creation is spared the read: where nothing was made
// yet, nothing can be taken back. Where something was, the creation meets it, and the next pass confirms.
func (r *Reconciler) confirmation(ctx context.Context, web *elasticwebv1.ElasticWeb, p *plan.Plan, observed *plan.Observed) confirmation {
	hasWayIn := observed.HTTPRoute != nil || observed.Route != nil || observed.Ingress != nil
	if observed.Service == nil && observed.Deployment == nil && observed.Budget == nil && !hasWayIn {
		r.memory.confirm(web)
	}
	if !p.Shrinks && r.memory.isTrusted(web) {
		return func(context.Context) error { return nil }
	}
	answer := sync.OnceValue(func() error { return r.confirmNow(ctx, web) })
	return func(context.Context) error { return answer() }
}

// isBehind is when to look again where the Deployment was made of a newer spec than the one at hand, else 0. A record that claims a
// generation which the ElasticWeb never had was damaged, by whomever: it is written anew.
func (r *Reconciler) isBehind(ctx context.Context, web *elasticwebv1.ElasticWeb, observed *plan.Observed) (retry time.Duration, err error) {
	damaged, claimed := &r.memory.of(web).damaged, int64(0)
	if record := plan.RecordOf(observed.Deployment); record != nil && record.Generation > web.Generation {
		claimed = record.Generation
	}
	if claimed == 0 || claimed == *damaged {
		*damaged = claimed
		return 0, nil
	}
	if err := r.confirmNow(ctx, web); err != nil {
		if changed, hasChanged := errors.AsType[*apply.ChangedError](err); hasChanged {
			return controllers.LookAgainAfter(changed), nil
		}
		return 0, err
	}
	*damaged = claimed
	r.Events.Eventf(web, nil, corev1.EventTypeWarning, "RecordDamaged", "Reconcile",
		"the annotation %s of Deployment %s speaks of generation %d, and the ElasticWeb is at %d: it is written anew",
		plan.AnnotationRecord, web.Name, claimed, web.Generation)
	return 0, nil
}

// confirmNow asks the API server, whatever was known before.
func (r *Reconciler) confirmNow(ctx context.Context, web *elasticwebv1.ElasticWeb) error {
	isAnother := func(live *elasticwebv1.ElasticWeb) bool {
		return live.UID != web.UID || live.Generation != web.Generation
	}
	err := r.lookAgain(ctx, web, isAnother, errors.New("the cache is behind"))
	if err == nil {
		r.memory.confirm(web)
	}
	return err
}

// orLookAgain is the error of a write of the ElasticWeb itself. Where that met another version than it was decided on, the next pass
// looks at the ElasticWeb as it is.
func (r *Reconciler) orLookAgain(ctx context.Context, web *elasticwebv1.ElasticWeb, err error) error {
	if !apply.IsConflict(err) && !apply.IsGone(err) {
		return err
	}
	return r.lookAgain(ctx, web, func(*elasticwebv1.ElasticWeb) bool { return true }, err)
}

// lookAgain is a *apply.ChangedError where the API server has another ElasticWeb, or none: the next pass, which that error asks for, works
// on it. What no pass is asked for is not remembered, or its event would be taken for one of our own.
func (r *Reconciler) lookAgain(ctx context.Context, web *elasticwebv1.ElasticWeb, isAnother func(*elasticwebv1.ElasticWeb) bool, why error) error {
	live, name, isGone := &elasticwebv1.ElasticWeb{}, client.ObjectKeyFromObject(web), false
	switch err := r.Live.Get(ctx, name, live); {
	case apierrors.IsNotFound(err):
		r.written.Forget(Kind, name)
		isGone = true
	case err != nil:
		return fmt.Errorf("read the ElasticWeb: %w", err)
	case !isAnother(live):
		return nil
	default:
		live.ManagedFields = nil
		r.written.Remember(Kind, live)
	}
	return &apply.ChangedError{Kind: Kind, Name: web.Name, IsGone: isGone, Err: why}
}
