// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package elasticweb

import (
	"context"
	"slices"
	"sync"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/metadata"
	"k8s.io/client-go/metadata/metadatainformer"
	"k8s.io/client-go/tools/cache"
	"k8s.io/client-go/util/workqueue"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"
	"sigs.k8s.io/controller-runtime/pkg/source"

	"github.com/elasticweb/elasticweb-operator/controllers"
	"github.com/elasticweb/elasticweb-operator/controllers/caches"
	"github.com/elasticweb/elasticweb-operator/internal/apply"
	"github.com/elasticweb/elasticweb-operator/internal/way"
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
	moved func(obstacle)

	mu      sync.Mutex
	watched map[obstacle]context.CancelFunc
}

type obstacle struct {
	kind string
	types.NamespacedName
}

var obstacleKinds = map[string]schema.GroupVersionResource{
	kindDeployment: appsv1.SchemeGroupVersion.WithResource("deployments"),
	kindService:    corev1.SchemeGroupVersion.WithResource("services"),
	kindBudget:     policyv1.SchemeGroupVersion.WithResource("poddisruptionbudgets"),

	way.KindHTTPRoute: caches.WaysIn[way.KindHTTPRoute].Resource,
	way.KindRoute:     caches.WaysIn[way.KindRoute].Resource,
	way.KindIngress:   caches.WaysIn[way.KindIngress].Resource,
}

// obstaclesMoved brings the ElasticWebs whose names were taken, once these may be free.
func (r *Reconciler) obstaclesMoved(api metadata.Interface) source.Source {
	return source.Func(func(ctx context.Context, queue workqueue.TypedRateLimitingInterface[reconcile.Request]) error {
		r.obstacles.api, r.obstacles.live, r.obstacles.watched = api, ctx, map[obstacle]context.CancelFunc{}
		r.obstacles.moved = func(this obstacle) {
			r.applier.TryAgain(this.kind, this.NamespacedName)
			queue.AddAfter(reconcile.Request{NamespacedName: this.NamespacedName}, controllers.StaleRetry) // the cache may not know yet.
		}
		return nil
	})
}

// keep watches what is in the way of an ElasticWeb, and nothing else of its name: what it no longer asks for is in nobody's way.
func (o *obstacles) keep(name types.NamespacedName, inTheWay []*apply.NotOwnedError) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for kind := range obstacleKinds {
		this := obstacle{kind, name}
		end, isWatched := o.watched[this]
		isInTheWay := slices.ContainsFunc(inTheWay, func(foreign *apply.NotOwnedError) bool { return foreign.Kind == kind })
		switch {
		case isWatched && !isInTheWay:
			end()
			delete(o.watched, this)
		case !isWatched && isInTheWay && o.hasRoom(name.Namespace):
			ctx, end := context.WithCancel(o.live)
			o.watched[this] = end
			go o.watch(ctx, this)
		}
	}
}

func (o *obstacles) hasRoom(namespace string) bool {
	ofNamespace := 0
	for this := range o.watched {
		if this.Namespace == namespace {
			ofNamespace++
		}
	}
	return len(o.watched) < mostObstacles && ofNamespace < mostObstaclesPerNamespace
}

// watch lists and watches the metadata of one object.
func (o *obstacles) watch(ctx context.Context, this obstacle) {
	informer := metadatainformer.NewFilteredMetadataInformer(o.api, obstacleKinds[this.kind], this.Namespace, 0, nil,
		func(options *metav1.ListOptions) { options.FieldSelector = "metadata.name=" + this.Name }).Informer()
	_ = informer.SetTransform(caches.Ownership)                      // fails where it runs already, as it does not yet.
	_, _ = informer.AddEventHandler(cache.ResourceEventHandlerFuncs{ // fails where the informer has ended, as none has yet.
		UpdateFunc: func(before, after any) {
			was, wasObject := before.(*metav1.PartialObjectMetadata)
			is, isObject := after.(*metav1.PartialObjectMetadata)
			if wasObject && isObject && (was.UID != is.UID || !equality.Semantic.DeepEqual(was.OwnerReferences, is.OwnerReferences)) {
				o.moved(this)
			}
		},
		DeleteFunc: func(any) { o.moved(this) },
	})
	go informer.RunWithContext(ctx)
	// It may have gone before it was watched.
	if cache.WaitForCacheSync(ctx.Done(), informer.HasSynced) && len(informer.GetStore().ListKeys()) == 0 {
		o.moved(this)
	}
}
