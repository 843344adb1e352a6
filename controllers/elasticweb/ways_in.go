// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package elasticweb

import (
	"context"
	"errors"
	"sync"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	toolscache "k8s.io/client-go/tools/cache"
	"k8s.io/client-go/util/workqueue"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	elasticwebv1 "github.com/elasticweb/elasticweb-operator/api/v1"
	"github.com/elasticweb/elasticweb-operator/controllers"
	"github.com/elasticweb/elasticweb-operator/controllers/caches"
	"github.com/elasticweb/elasticweb-operator/internal/way"
)

// A kind of way in that the cluster does not serve is looked for again after firstLook, then after twice as long each time, up to
// lastLook: one request, for all ElasticWebs together, and only while one of them wants it.
const (
	firstLook = 5 * time.Second
	lastLook  = 2 * time.Minute
)

// knownWithin is how long a start waits for what there is of the ways in: an API that is served by somebody else, as Routes are on
// OpenShift, may be away.
const knownWithin = 15 * time.Second

// waysIn watches the kinds that spec.expose can ask for, each for as long as the cluster serves it: also those that no ElasticWeb asks for,
// since what one asked for while no operator ran has to go when it does not any more. It is a source of the controller.
type waysIn struct {
	mgr        ctrl.Manager
	reconciler *Reconciler
	// byKind is made once.
	byKind map[string]*wayKind
}

// wayKind is one of the kinds.
type wayKind struct {
	kind string
	// asked has room for one word that somebody wants the kind.
	asked chan struct{}
	// known is closed once it is known whether the kind is served.
	known     chan struct{}
	knownOnce sync.Once

	mu     sync.Mutex
	reader client.Reader // nil while it is not watched.
	why    error         // why it is not; nil before that is known.
}

func newWaysIn(mgr ctrl.Manager, reconciler *Reconciler) *waysIn {
	all := &waysIn{mgr: mgr, reconciler: reconciler, byKind: map[string]*wayKind{}}
	for kind := range caches.WaysIn {
		all.byKind[kind] = &wayKind{kind: kind, asked: make(chan struct{}, 1), known: make(chan struct{})}
	}
	return all
}

// Start implements source.Source.
func (w *waysIn) Start(ctx context.Context, queue workqueue.TypedRateLimitingInterface[reconcile.Request]) error {
	for _, kind := range w.byKind {
		go w.keep(ctx, kind, queue)
	}
	return nil
}

// WaitForSync implements source.SyncingSource.
func (w *waysIn) WaitForSync(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, knownWithin)
	defer cancel()
	for _, kind := range w.byKind {
		select {
		case <-kind.known:
		case <-ctx.Done(): // the rest does not depend on it.
		}
	}
	return nil
}

// keep watches a kind whenever the cluster serves it.
func (w *waysIn) keep(ctx context.Context, kind *wayKind, queue workqueue.TypedRateLimitingInterface[reconcile.Request]) {
	wait := firstLook
	for ctx.Err() == nil {
		wasServed, err := w.watch(ctx, kind, queue)
		if ctx.Err() != nil {
			return
		}
		if kind.end(err) {
			ctrl.LoggerFrom(ctx).Info("A kind that spec.expose can ask for is not watched", "kind", kind.kind, "because", err.Error())
			w.wake(ctx, kind.kind, queue)
		}
		if wasServed {
			wait = firstLook
		}
		if !w.isWanted(ctx, kind, wait) {
			return
		}
		wait = min(2*wait, lastLook)
	}
}

// isWanted returns once somebody wants the kind and it is time for a look; false where ctx ends.
func (w *waysIn) isWanted(ctx context.Context, kind *wayKind, wait time.Duration) bool {
	notBefore := w.reconciler.Clock.Now().Add(wait)
	for len(w.wanting(ctx, kind.kind)) == 0 {
		select {
		case <-kind.asked:
		case <-ctx.Done():
			return false
		}
	}
	timer := time.NewTimer(notBefore.Sub(w.reconciler.Clock.Now()))
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// errNotServed ends the watch of a kind that the API server does not know, or keeps from the operator.
type errNotServed struct{ error }

func (e errNotServed) Unwrap() error { return e.error }

// watch watches a kind until the cluster does not serve it, and says why it ended.
func (w *waysIn) watch(ctx context.Context, kind *wayKind, queue workqueue.TypedRateLimitingInterface[reconcile.Request]) (wasServed bool, why error) {
	ctx, end := context.WithCancelCause(ctx)
	defer end(nil)
	kept, err := caches.NewWayIn(w.mgr, w.reconciler.Namespaces, kind.kind, func(ctx context.Context, r *toolscache.Reflector, err error) {
		if apierrors.IsNotFound(err) || apierrors.IsForbidden(err) || meta.IsNoMatchError(err) {
			end(errNotServed{err})
			return
		}
		toolscache.DefaultWatchErrorHandler(ctx, r, err)
	})
	if err != nil {
		return false, err
	}
	informer, err := kept.GetInformer(ctx, caches.WaysIn[kind.kind].Object, cache.BlockUntilSynced(false))
	if err != nil {
		return false, err
	}
	handled, err := informer.AddEventHandler(w.handler(ctx, kind.kind, queue))
	if err != nil {
		return false, err
	}
	ended := make(chan error, 1)
	go func() { ended <- kept.Start(ctx) }()
	if wasServed = toolscache.WaitForCacheSync(ctx.Done(), handled.HasSynced); wasServed && kind.begin(kept) {
		w.wake(ctx, kind.kind, queue)
	}
	<-ctx.Done()
	return wasServed, errors.Join(context.Cause(ctx), <-ended)
}

// handler brings the ElasticWebs of what changed, but for the operator's own writes.
func (w *waysIn) handler(ctx context.Context, kind string, queue workqueue.TypedRateLimitingInterface[reconcile.Request]) toolscache.ResourceEventHandler {
	wake := func(objects ...any) {
		for _, object := range objects {
			whole, isObject := object.(client.Object)
			if !isObject {
				continue
			}
			for _, request := range webOfOwner(ctx, whole) {
				queue.Add(request)
			}
		}
	}
	isOurs := func(object any) bool {
		whole, isObject := object.(client.Object)
		return isObject && w.reconciler.written.Seen(kind, whole)
	}
	return toolscache.ResourceEventHandlerFuncs{
		AddFunc: func(object any) {
			if !isOurs(object) {
				wake(object)
			}
		},
		UpdateFunc: func(before, after any) {
			was, wasObject := before.(client.Object)
			is, isObject := after.(client.Object)
			if wasObject && isObject && was.GetResourceVersion() != is.GetResourceVersion() && !isOurs(after) {
				wake(after, before) // it may have been another's.
			}
		},
		DeleteFunc: func(object any) {
			if last, isLast := object.(toolscache.DeletedFinalStateUnknown); isLast {
				object = last.Obj
			}
			wake(object)
		},
	}
}

// wanting are the ElasticWebs whose spec asks for the kind.
func (w *waysIn) wanting(ctx context.Context, kind string) []reconcile.Request {
	return controllers.Listed(ctx, w.reconciler.Cached, &elasticwebv1.ElasticWebList{}, func(object client.Object) bool {
		web, isWeb := object.(*elasticwebv1.ElasticWeb)
		return isWeb && way.KindOf(web) == kind
	})
}

func (w *waysIn) wake(ctx context.Context, kind string, queue workqueue.TypedRateLimitingInterface[reconcile.Request]) {
	for _, request := range w.wanting(ctx, kind) {
		queue.Add(request)
	}
}

// reader reads a kind from its cache; nil, and why, where it is not watched. The latter is nil before it is known.
func (w *waysIn) readerOf(kind string) (client.Reader, error) {
	of := w.byKind[kind]
	of.mu.Lock()
	defer of.mu.Unlock()
	return of.reader, of.why
}

// areKnown reports whether there is none of them that is not seen: each kind is watched, or the cluster does not have it.
func (w *waysIn) areKnown() bool {
	for kind := range w.byKind {
		if reader, why := w.readerOf(kind); reader == nil && !apierrors.IsNotFound(why) && !meta.IsNoMatchError(why) {
			return false
		}
	}
	return true
}

// ask has a kind looked for that an ElasticWeb wants.
func (w *waysIn) ask(kind string) {
	select {
	case w.byKind[kind].asked <- struct{}{}:
	default: // it was asked for.
	}
}

// begin notes that a kind is watched, and reports whether somebody may have been told otherwise.
func (k *wayKind) begin(reader client.Reader) (isNews bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	isNews = k.why != nil
	k.reader, k.why = reader, nil
	select {
	case <-k.known:
	default:
		isNews = true // a start may have gone on without it.
	}
	k.knownOnce.Do(func() { close(k.known) })
	return isNews
}

// end notes that a kind is not watched, and reports whether that, or the reason of it, is new.
func (k *wayKind) end(why error) (isNews bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	isNews = k.reader != nil || k.why == nil || apierrors.IsForbidden(k.why) != apierrors.IsForbidden(why)
	k.reader, k.why = nil, why
	k.knownOnce.Do(func() { close(k.known) })
	return isNews
}
