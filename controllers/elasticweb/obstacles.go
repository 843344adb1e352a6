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
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/metadata"
	"k8s.io/client-go/tools/cache"
	watchtools "k8s.io/client-go/tools/watch"
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

// obstacles watches what stands in the way of ElasticWebs, each object by its name, for as long as it does. It lacks the label
// that the caches look for, and to watch all Services of a cluster for the sake of a few would cost too much.
type obstacles struct {
	api metadata.Interface
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

var obstacleKinds = map[string]schema.GroupVersionResource{
	kindDeployment: appsv1.SchemeGroupVersion.WithResource("deployments"),
	kindService:    corev1.SchemeGroupVersion.WithResource("services"),
	kindBudget:     policyv1.SchemeGroupVersion.WithResource("poddisruptionbudgets"),
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
	last, err := watchtools.UntilWithSync(ctx, o.only(this), &metav1.PartialObjectMetadata{}, isGone, hasMoved())
	if err == nil && last == nil { // it went before it was watched: the cache may not know yet.
		select {
		case <-time.After(controllers.StaleRetry):
		case <-ctx.Done():
		}
	}
	if err != nil || ctx.Err() != nil {
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

// only lists and watches the metadata of one object.
func (o *obstacles) only(this obstacle) *cache.ListWatch {
	objects, name := o.api.Resource(obstacleKinds[this.kind]).Namespace(this.Namespace), "metadata.name="+this.Name
	return &cache.ListWatch{
		ListWithContextFunc: func(ctx context.Context, options metav1.ListOptions) (runtime.Object, error) {
			options.FieldSelector = name
			return objects.List(ctx, options)
		},
		WatchFuncWithContext: func(ctx context.Context, options metav1.ListOptions) (watch.Interface, error) {
			options.FieldSelector = name
			return objects.Watch(ctx, options)
		},
	}
}

func isGone(store cache.Store) (bool, error) { return len(store.ListKeys()) == 0, nil }

// hasMoved waits for an object to go, or to have other owners than it had first.
func hasMoved() watchtools.ConditionFunc {
	var first *metav1.PartialObjectMetadata
	return func(happened watch.Event) (bool, error) {
		object, isObject := happened.Object.(*metav1.PartialObjectMetadata)
		if isObject && first == nil {
			first = object
		}
		return happened.Type == watch.Deleted || isObject && (object.UID != first.UID ||
			!equality.Semantic.DeepEqual(object.OwnerReferences, first.OwnerReferences)), nil
	}
}
