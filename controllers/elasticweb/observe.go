// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package elasticweb

import (
	"context"
	"errors"
	"fmt"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	policyv1 "k8s.io/api/policy/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	elasticwebv1 "github.com/elasticweb/elasticweb-operator/api/v1"
	"github.com/elasticweb/elasticweb-operator/controllers"
	"github.com/elasticweb/elasticweb-operator/controllers/images"
	"github.com/elasticweb/elasticweb-operator/internal/apply"
	"github.com/elasticweb/elasticweb-operator/internal/observed"
	"github.com/elasticweb/elasticweb-operator/internal/plan"
	"github.com/elasticweb/elasticweb-operator/internal/status"
	"github.com/elasticweb/elasticweb-operator/internal/way"
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

// observation is what is known of the world around one ElasticWeb.
type observation struct {
	plan.Observed
	benchmark status.BenchmarkState
	traffic   status.Traffic
	// retry is when to look again though nothing tells; 0 for never.
	retry time.Duration
}

// observe reads everything that the plan and the status depend on, from the caches alone. Where the template is kept, no pod is made of
// another image.
func (r *Reconciler) observe(ctx context.Context, web *elasticwebv1.ElasticWeb, keepsTemplate bool) (seen observation, err error) {
	seen.KeepsTemplate = keepsTemplate
	err = errors.Join(
		owned(ctx, r, kindDeployment, web, &seen.Deployment),
		owned(ctx, r, kindService, web, &seen.Service),
		owned(ctx, r, kindBudget, web, &seen.Budget),
		r.observeWaysIn(ctx, web, &seen.Observed))
	if err != nil {
		return seen, err
	}
	aged, err := r.observeWay(ctx, web, &seen.Observed)
	if err != nil {
		return seen, err
	}
	nodes, err := r.observeNodes(ctx)
	if err != nil {
		return seen, err
	}
	seen.Nodes = nodes.For(nodeTerms(web, &seen.Observed))
	if seen.Pods, err = r.observePods(ctx, seen.Deployment, nodes); err != nil {
		return seen, err
	}
	r.tally.count(web, seen.Pods)
	if seen.Observed.Benchmark, seen.benchmark, err = r.observeBenchmark(ctx, web); err != nil {
		return seen, err
	}
	seen.KnownFacts = knownFacts(web)
	var again time.Duration
	seen.traffic, again = r.observeDemand(web, &seen.Observed)
	seen.Image, seen.retry = r.observeImage(web, &seen.Observed)
	seen.HasKarpenter = nodes.HasKarpenter
	if _, rolls := plan.Lookup(&web.Spec, seen.Deployment); rolls && !seen.HasKarpenter { // else it is not asked for.
		seen.HasKarpenter = r.pools.makesNodes(r.Writer.RESTMapper(), r.Clock.Now())
	}
	seen.retry = controllers.Soonest(seen.retry, again, aged, observed.NextChange(seen.Pods, r.Clock.Now()))
	return seen, nil
}

// knownFacts are those that the status kept of the image.
func knownFacts(web *elasticwebv1.ElasticWeb) *plan.ImageFacts {
	image := web.Status.Image
	if image == nil {
		return nil
	}
	return &plan.ImageFacts{Reference: image.Reference, Digest: image.Digest, Platforms: image.Platforms, Port: image.Port, User: image.User}
}

// observeImage asks for the image's facts where they are needed. retry is when to look again, though nobody tells; 0 for never.
func (r *Reconciler) observeImage(web *elasticwebv1.ElasticWeb, seen *plan.Observed) (image plan.Image, retry time.Duration) {
	name := client.ObjectKeyFromObject(web)
	isNeeded, isFresh := plan.Lookup(&web.Spec, seen.Deployment)
	if !isNeeded || seen.KeepsTemplate {
		r.images.StopWaiting(name)
		return plan.Image{State: plan.ImageNotLookedUp}, 0
	}
	pod := images.Pod{Image: web.Spec.Image, ServiceAccount: web.Spec.ServiceAccountName, PullSecrets: web.Spec.ImagePullSecrets}
	return r.images.Observe(name, pod, isFresh)
}

// children are the types of what an ElasticWeb owns.
type children interface {
	appsv1.Deployment | corev1.Service | policyv1.PodDisruptionBudget | networkingv1.Ingress | way.HTTPRoute | way.Route
}

// childOf points to one of them.
type childOf[T children] interface {
	*T
	client.Object
}

// owned reads the object of the ElasticWeb's name into object, nil where there is none or it is somebody else's.
func owned[T children, P childOf[T]](ctx context.Context, r *Reconciler, kind string, web *elasticwebv1.ElasticWeb, object *P) error {
	return ownedIn(ctx, r, r.Cached, kind, web, object)
}

// ownedIn does so from another cache.
func ownedIn[T children, P childOf[T]](ctx context.Context, r *Reconciler, cached client.Reader, kind string, web *elasticwebv1.ElasticWeb, object *P) error {
	return readOwned(ctx, cached, kind, web, object, func(cached P) P {
		newest, _ := apply.Newest(r.written, kind, client.ObjectKeyFromObject(web), cached)
		return newest
	})
}

// readOwned does so with any reader. newest is given what was read, nil for none, and may know better.
func readOwned[T children, P childOf[T]](ctx context.Context, reader client.Reader, kind string, web *elasticwebv1.ElasticWeb, object *P, newest func(P) P) error {
	read := P(new(T))
	if err := reader.Get(ctx, client.ObjectKeyFromObject(web), read); apierrors.IsNotFound(err) {
		read = nil
	} else if err != nil {
		return fmt.Errorf("read %s: %w", kind, err)
	}
	if read = newest(read); read != nil && metav1.IsControlledBy(read, web) {
		*object = read
	}
	return nil
}
