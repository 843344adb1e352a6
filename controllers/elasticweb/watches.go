// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package elasticweb

import (
	"context"
	"errors"
	"fmt"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/metadata"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/builder"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/event"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/predicate"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"
	"sigs.k8s.io/controller-runtime/pkg/source"

	elasticwebv1 "github.com/elasticweb/elasticweb-operator/api/v1"
	"github.com/elasticweb/elasticweb-operator/api/v1alpha1"
	"github.com/elasticweb/elasticweb-operator/controllers"
	"github.com/elasticweb/elasticweb-operator/internal/apply"
	"github.com/elasticweb/elasticweb-operator/internal/metrics"
	"github.com/elasticweb/elasticweb-operator/internal/packed"
	"github.com/elasticweb/elasticweb-operator/internal/plan"
)

// Indexes of the pods in the cache.
const (
	indexPodsByInstance = "instance"
	indexPodsByNode     = "node"
)

// SetupWithManager registers the reconciler and its watches. resolved brings the ElasticWebs whose image
// was looked up.
func (r *Reconciler) SetupWithManager(ctx context.Context, mgr ctrl.Manager, resolved <-chan event.GenericEvent) error {
	if r.Passes == nil {
		r.Passes = metrics.NewPasses()
	}
	r.written = apply.NewWritten(r.Clock)
	r.applier = apply.New(r.Writer, r.Live, controllers.FieldManager, r.written, r.Clock)
	r.demands.reader, r.demands.period, r.demands.clock = r.Traffic, r.DemandPeriod, r.Clock
	r.images.Kind, r.images.Images, r.images.Live, r.images.Wait, r.images.Clock = Kind, r.Images, r.Live, r.ImageWait, r.Clock
	r.waysIn = newWaysIn(mgr, r)
	api, err := metadata.NewForConfigAndClient(metadata.ConfigFor(mgr.GetConfig()), mgr.GetHTTPClient())
	if err != nil {
		return fmt.Errorf("make the client that watches obstacles: %w", err)
	}
	err = errors.Join(
		controllers.Index(ctx, mgr, &corev1.Pod{}, indexPodsByInstance, instanceOfPod),
		controllers.Index(ctx, mgr, &corev1.Pod{}, indexPodsByNode, nodeOfPod))
	if err != nil {
		return err
	}
	byOwner := handler.EnqueueRequestsFromMapFunc(webOfOwner)
	work := ctrl.NewControllerManagedBy(mgr).
		Named("elasticweb").
		For(&elasticwebv1.ElasticWeb{}, builder.WithPredicates(r.webChanged())).
		Watches(&appsv1.Deployment{}, byOwner, builder.WithPredicates(r.notOurWrite(kindDeployment))).
		Watches(&corev1.Service{}, byOwner, builder.WithPredicates(r.notOurWrite(kindService), predicate.ResourceVersionChangedPredicate{})).
		Watches(&corev1.Service{}, r.nodePortHandler()).
		Watches(&policyv1.PodDisruptionBudget{}, byOwner, builder.WithPredicates(r.notOurWrite(kindBudget), specOrMetadataChanged())).
		Watches(&corev1.Pod{}, handler.EnqueueRequestsFromMapFunc(r.elasticWebOfPod)).
		WatchesMetadata(&appsv1.ReplicaSet{}, handler.EnqueueRequestsFromMapFunc(elasticWebOfReplicaSet), builder.WithPredicates(ownersChanged())).
		WatchesRawSource(r.waysIn).
		WatchesRawSource(r.obstaclesMoved(api)).
		WatchesRawSource(r.demandsChanged()).
		WithOptions(controllers.Options(r.Concurrency))
	if r.WatchesNodes {
		work = work.Watches(&corev1.Node{}, handler.EnqueueRequestsFromMapFunc(r.concernedByNode),
			builder.WithPredicates(controllers.NodeDiffers()))
	}
	if r.FollowsBenchmarks {
		if err := controllers.Index(ctx, mgr, &elasticwebv1.ElasticWeb{}, indexWebsByBenchmark, benchmarkOfWeb); err != nil {
			return err
		}
		work = work.Watches(&v1alpha1.ElasticWebBenchmark{}, handler.EnqueueRequestsFromMapFunc(r.followers),
			builder.WithPredicates(resultsChanged()))
	}
	if resolved != nil {
		work = work.WatchesRawSource(source.Channel(resolved, &handler.EnqueueRequestForObject{}))
	}
	return work.Complete(controllers.UntilStopped(r))
}

// webChanged lets through what changes the spec or the pause annotation, and a status that is not as the operator wrote it. While one
// is paused, its changes wait for the end of the pause.
func (r *Reconciler) webChanged() predicate.Predicate {
	begin := func(object client.Object) {
		if web, isWeb := object.(*elasticwebv1.ElasticWeb); isWeb && web.Status.ObservedGeneration != web.Generation && !plan.IsPaused(web) {
			r.tally.began(web, r.Clock.Now())
		}
	}
	created := func(e event.CreateEvent) bool {
		begin(e.Object) // one that somebody looked after already is only new to this process.
		return true
	}
	return predicate.Funcs{CreateFunc: created, UpdateFunc: func(e event.UpdateEvent) bool {
		if e.ObjectOld.GetGeneration() != e.ObjectNew.GetGeneration() {
			begin(e.ObjectNew)
		}
		isOurs := r.written.Seen(Kind, e.ObjectNew)
		before, isWeb := e.ObjectOld.(*elasticwebv1.ElasticWeb)
		after, isAlsoWeb := e.ObjectNew.(*elasticwebv1.ElasticWeb)
		switch {
		case !isWeb || !isAlsoWeb || plan.IsPaused(before) != plan.IsPaused(after):
			return true
		case plan.IsPaused(after):
			return false
		case before.Generation != after.Generation || before.UID != after.UID || !after.DeletionTimestamp.Equal(before.DeletionTimestamp):
			return true
		}
		isSame := before.UnreadableStatus == after.UnreadableStatus && equality.Semantic.DeepEqual(before.Status, after.Status)
		return !isOurs && !isSame
	}}
}

// notOurWrite takes note of what the cache shows, and leaves out the events of the operator's own writes: the pass that
// wrote goes on with the API server's answer, and looks again by itself where that changes the plan.
func (r *Reconciler) notOurWrite(kind string) predicate.Predicate {
	return predicate.Funcs{
		CreateFunc: func(e event.CreateEvent) bool { return !r.written.Seen(kind, e.Object) },
		UpdateFunc: func(e event.UpdateEvent) bool { return !r.written.Seen(kind, e.ObjectNew) },
	}
}

// specOrMetadataChanged leaves out what its controller reports of an object.
func specOrMetadataChanged() predicate.Predicate {
	return predicate.Or[client.Object](predicate.GenerationChangedPredicate{}, predicate.LabelChangedPredicate{},
		predicate.AnnotationChangedPredicate{}, ownersChanged())
}

func ownersChanged() predicate.Predicate {
	return predicate.Funcs{UpdateFunc: func(e event.UpdateEvent) bool {
		return !equality.Semantic.DeepEqual(e.ObjectOld.GetOwnerReferences(), e.ObjectNew.GetOwnerReferences())
	}}
}

// webOfOwner brings the ElasticWeb that controls an object. The builder's Owns does the same, but looks the kind up
// in the API's for every event, which is a fifth of what is allocated while many ElasticWebs are made.
func webOfOwner(_ context.Context, object client.Object) []reconcile.Request {
	owner := metav1.GetControllerOfNoCopy(object)
	if owner == nil || owner.Kind != Kind {
		return nil
	}
	if version, err := schema.ParseGroupVersion(owner.APIVersion); err != nil || version.Group != elasticwebv1.GroupVersion.Group {
		return nil
	}
	return []reconcile.Request{{NamespacedName: client.ObjectKey{Namespace: object.GetNamespace(), Name: owner.Name}}}
}

// instanceOfPod is the name of the ElasticWeb that a pod says it is of.
var instanceOfPod = controllers.Instance(elasticwebv1.NameValue)

func nodeOfPod(object client.Object) string {
	pod, isPod := packed.Whole(object).(*corev1.Pod)
	if !isPod {
		return ""
	}
	return pod.Spec.NodeName
}
