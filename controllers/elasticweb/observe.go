// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package elasticweb

import (
	"context"
	"fmt"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	elasticwebv1 "github.com/elasticweb/elasticweb-operator/api/v1"
	"github.com/elasticweb/elasticweb-operator/controllers/caches"
	"github.com/elasticweb/elasticweb-operator/controllers/images"
	"github.com/elasticweb/elasticweb-operator/internal/apply"
	"github.com/elasticweb/elasticweb-operator/internal/plan"
	"github.com/elasticweb/elasticweb-operator/internal/podfailure"
	"github.com/elasticweb/elasticweb-operator/internal/resources"
)

const (
	Kind           = "ElasticWeb"
	kindDeployment = "Deployment"
	kindService    = "Service"
	kindBudget     = "PodDisruptionBudget"
	kindPod        = "Pod"
	// kindStatus is no kind, but what is remembered of the status beside the ElasticWeb itself.
	kindStatus = "ElasticWeb status"
)

// observe reads everything that the plan depends on, from the caches alone. retry is when to look again
// though nothing tells; 0 for never.
func (r *Reconciler) observe(ctx context.Context, web *elasticwebv1.ElasticWeb) (observed *plan.Observed, retry time.Duration, err error) {
	observed = &plan.Observed{KnownFacts: factsOfStatus(web.Status.Image)}
	if observed.Deployment, err = owned(ctx, r, kindDeployment, web, &appsv1.Deployment{}); err != nil {
		return nil, 0, err
	}
	if observed.Service, err = owned(ctx, r, kindService, web, &corev1.Service{}); err != nil {
		return nil, 0, err
	}
	if observed.Budget, err = owned(ctx, r, kindBudget, web, &policyv1.PodDisruptionBudget{}); err != nil {
		return nil, 0, err
	}
	census, err := r.nodes.Read(ctx)
	if err != nil {
		return nil, 0, err
	}
	observed.Nodes = census.Counts
	if observed.Pods, err = r.observePods(ctx, observed.Deployment, census); err != nil {
		return nil, 0, err
	}
	if observed.Benchmark, err = r.observeBenchmark(ctx, web); err != nil {
		return nil, 0, err
	}
	observed.Image, retry = r.observeImage(web, observed)
	return observed, soonest(retry, failuresPass(observed.Pods, r.Clock.Now())), nil
}

// observeImage asks for the image's facts where they are needed. retry is when to look again, though nobody tells; 0 for never.
func (r *Reconciler) observeImage(web *elasticwebv1.ElasticWeb, observed *plan.Observed) (image plan.Image, retry time.Duration) {
	name := client.ObjectKeyFromObject(web)
	isNeeded, isFresh := plan.Lookup(&web.Spec, observed.Deployment)
	if !isNeeded {
		r.images.StopWaiting(name)
		return plan.Image{State: plan.ImageNotLookedUp}, 0
	}
	pod := images.Pod{Image: web.Spec.Image, ServiceAccount: web.Spec.ServiceAccountName, PullSecrets: web.Spec.ImagePullSecrets}
	return r.images.Observe(name, pod, isFresh)
}

// owned is the object of the ElasticWeb's name, nil where there is none or it is somebody else's. object is
// read into.
func owned[T client.Object](ctx context.Context, r *Reconciler, kind string, web *elasticwebv1.ElasticWeb, object T) (T, error) {
	var none T
	name := client.ObjectKeyFromObject(web)
	err := r.Cached.Get(ctx, name, object)
	if err != nil && !apierrors.IsNotFound(err) {
		return none, fmt.Errorf("read %s: %w", kind, err)
	}
	cached := object
	if err != nil {
		cached = none
	}
	newest, _ := apply.Newest(r.written, kind, name, cached)
	if any(newest) == any(none) || !metav1.IsControlledBy(newest, web) {
		return none, nil
	}
	return newest, nil
}

// observePods reads the pods of an ElasticWeb through the index of the cache.
func (r *Reconciler) observePods(ctx context.Context, deployment *appsv1.Deployment, census caches.NodeSnapshot) ([]plan.Pod, error) {
	if deployment == nil {
		return nil, nil
	}
	list := &corev1.PodList{}
	err := r.Cached.List(ctx, list, client.InNamespace(deployment.Namespace),
		client.MatchingFields{indexPodsByInstance: deployment.Name})
	if err != nil {
		return nil, fmt.Errorf("list pods: %w", err)
	}
	pods, now := make([]plan.Pod, 0, len(list.Items)), r.Clock.Now()
	chain := chain{r.Cached, deployment, map[string]types.UID{}}
	stamps := r.memory.of(client.ObjectKeyFromObject(deployment)).stamps
	for i := range list.Items {
		isOurs, err := chain.leadsFrom(ctx, &list.Items[i])
		if err != nil {
			return nil, err
		}
		if isOurs {
			pod := observePod(&list.Items[i], census.Architecture, now)
			pod.CostIsOthers = stamps.isOthers(&list.Items[i])
			pods = append(pods, pod)
		}
	}
	stamps.keep(pods)
	return pods, nil
}

// observePod takes from a pod what decides.
func observePod(pod *corev1.Pod, architectureOf map[string]string, now time.Time) plan.Pod {
	result := plan.Pod{
		Name:         pod.Name,
		Node:         pod.Spec.NodeName,
		Architecture: architectureOf[pod.Spec.NodeName],
		TemplateHash: metav1.GetControllerOfNoCopy(pod).Name, // the ReplicaSet, which has one template.
		Gone:         pod.DeletionTimestamp != nil || pod.Status.Phase == corev1.PodFailed || pod.Status.Phase == corev1.PodSucceeded,
		DeletionCost: pod.Annotations[corev1.PodDeletionCost],
		Failure:      podfailure.Of(pod, resources.ContainerName, now),
	}
	for _, condition := range pod.Status.Conditions {
		switch {
		case condition.Type == corev1.PodReady:
			result.Ready = condition.Status == corev1.ConditionTrue
		case condition.Type == corev1.PodScheduled && condition.Status == corev1.ConditionFalse &&
			condition.Reason == corev1.PodReasonUnschedulable && pod.Spec.NodeName == "":
			result.Unschedulable = condition.Message
		}
	}
	return result
}

// failuresPass is when the first failure no longer counts although nothing happens to its pod; 0 for never.
func failuresPass(pods []plan.Pod, now time.Time) time.Duration {
	var first time.Duration
	for i := range pods {
		if failure := pods[i].Failure; failure != nil && !failure.Until.IsZero() {
			first = soonest(first, failure.Until.Sub(now))
		}
	}
	return first
}

func factsOfStatus(image *elasticwebv1.ImageStatus) *plan.ImageFacts {
	if image == nil {
		return nil
	}
	return &plan.ImageFacts{
		Reference: image.Reference, Digest: image.Digest, Platforms: image.Platforms, Port: image.Port, User: image.User,
	}
}
