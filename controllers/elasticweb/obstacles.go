// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package elasticweb

import (
	"context"
	"slices"
	"sync"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/watch"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/event"

	elasticwebv1 "github.com/elasticweb/elasticweb-operator/api/v1"
	"github.com/elasticweb/elasticweb-operator/controllers"
)

// A watch costs the API server something, and anybody may make an ElasticWeb of a name that is taken. Beyond these numbers, the refusal
// is tried again from time to time.
const (
	mostObstacles             = 100
	mostObstaclesPerNamespace = 10
)

// firstRewatch and lastRewatch are how long a watch that failed waits.
const (
	firstRewatch = time.Second
	lastRewatch  = 2 * time.Minute
)

// obstacles watches what stands in the way of ElasticWebs, each object by its name, for as long as it does. It lacks the label
// that the caches look for, and to watch all Services of a cluster for the sake of a few would cost too much.
type obstacles struct {
	api client.WithWatch
	// live is done when the manager stops.
	live context.Context //nolint:containedctx // the watches outlive the reconcile that begins them.
	// moved is told of an obstacle that is gone, or has other owners.
	moved chan event.GenericEvent
	// wake comes before that.
	wake func(obstacle)

	mu       sync.Mutex
	watched  map[obstacle]context.CancelFunc
	inSpaces map[string]int
}

type obstacle struct {
	kind string
	types.NamespacedName
}

var obstacleKinds = map[string]schema.GroupVersion{
	kindDeployment: appsv1.SchemeGroupVersion, kindService: corev1.SchemeGroupVersion, kindBudget: policyv1.SchemeGroupVersion,
}

// follow wakes the ElasticWeb of that name when the object is out of the way.
func (o *obstacles) follow(kind string, name types.NamespacedName) {
	o.mu.Lock()
	defer o.mu.Unlock()
	this := obstacle{kind, name}
	if _, isWatched := o.watched[this]; isWatched || len(o.watched) >= mostObstacles || o.inSpaces[name.Namespace] >= mostObstaclesPerNamespace {
		return
	}
	if o.watched == nil {
		o.watched, o.inSpaces = map[obstacle]context.CancelFunc{}, map[string]int{}
	}
	ctx, cancel := context.WithCancel(o.live)
	o.watched[this] = cancel
	o.inSpaces[name.Namespace]++
	go o.watchUntilMoved(ctx, this)
}

// keep watches what is in the way of an ElasticWeb, of these kinds, and nothing else: what it no longer asks for is in nobody's way.
func (o *obstacles) keep(name types.NamespacedName, kinds []string) {
	for kind := range obstacleKinds {
		if slices.Contains(kinds, kind) {
			o.follow(kind, name)
		} else {
			o.end(obstacle{kind, name})
		}
	}
}

func (o *obstacles) end(this obstacle) {
	o.mu.Lock()
	defer o.mu.Unlock()
	cancel, isWatched := o.watched[this]
	if !isWatched {
		return
	}
	cancel()
	delete(o.watched, this)
	if o.inSpaces[this.Namespace]--; o.inSpaces[this.Namespace] == 0 {
		delete(o.inSpaces, this.Namespace)
	}
}

func (o *obstacles) watchUntilMoved(ctx context.Context, this obstacle) {
	for wait := firstRewatch; ; wait = min(2*wait, lastRewatch) {
		hasMoved, err := o.watch(ctx, this)
		if hasMoved {
			break
		}
		if err == nil {
			wait = firstRewatch // the API server ends each watch after a while.
		}
		if !sleep(ctx, wait) {
			return
		}
	}
	if ctx.Err() != nil {
		return // nobody waits any more.
	}
	o.end(this)
	o.wake(this)
	web := &elasticwebv1.ElasticWeb{ObjectMeta: metav1.ObjectMeta{Namespace: this.Namespace, Name: this.Name}}
	select {
	case o.moved <- event.GenericEvent{Object: web}:
	case <-o.live.Done():
	}
}

// watch reports whether the object is gone or has other owners; false where the watch ended before.
func (o *obstacles) watch(ctx context.Context, this obstacle) (hasMoved bool, err error) {
	list := &metav1.PartialObjectMetadataList{}
	list.SetGroupVersionKind(obstacleKinds[this.kind].WithKind(this.kind + "List"))
	byName := []client.ListOption{client.InNamespace(this.Namespace), client.MatchingFields{"metadata.name": this.Name}}
	if err := o.api.List(ctx, list, byName...); err != nil {
		return false, err
	}
	if len(list.Items) == 0 {
		sleep(ctx, controllers.StaleRetry) // it went before it was watched: the cache may not know yet.
		return true, nil
	}
	before := list.Items[0].OwnerReferences
	events, err := o.api.Watch(ctx, list, append(byName, &client.ListOptions{Raw: &metav1.ListOptions{ResourceVersion: list.ResourceVersion}})...)
	if err != nil {
		return false, err
	}
	defer events.Stop()
	for happened := range events.ResultChan() {
		switch object, _ := happened.Object.(*metav1.PartialObjectMetadata); {
		case happened.Type == watch.Error:
			return false, apierrors.FromObject(happened.Object)
		case happened.Type == watch.Deleted, object != nil && !equality.Semantic.DeepEqual(object.OwnerReferences, before):
			return true, nil
		}
	}
	return false, nil
}

// sleep reports whether it was not woken by the end of ctx.
func sleep(ctx context.Context, wait time.Duration) bool {
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
