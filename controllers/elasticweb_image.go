// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package controllers

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/event"

	elasticwebv1 "github.com/elasticweb/elasticweb-operator/api/v1"
	"github.com/elasticweb/elasticweb-operator/internal/plan"
	"github.com/elasticweb/elasticweb-operator/internal/platforms"
)

// ImageLookup finds out what images hold, and never blocks.
type ImageLookup interface {
	Lookup(request platforms.Request) platforms.Result
	Forget(waiter platforms.Waiter)
}

// Requeue gives what a Resolver notifies with: it brings the ElasticWebs that waited for an answer to the
// channel that SetupWithManager takes.
func Requeue(resolved chan<- event.GenericEvent) func(context.Context, []platforms.Waiter) {
	return requeue(kindElasticWeb, resolved)
}

// requeue brings the waiters of one kind to the channel of its reconciler.
func requeue(kind string, resolved chan<- event.GenericEvent) func(context.Context, []platforms.Waiter) {
	return func(ctx context.Context, waiters []platforms.Waiter) {
		for _, waiter := range waiters {
			if waiter.Kind != kind {
				continue
			}
			object := &metav1.PartialObjectMetadata{ObjectMeta: metav1.ObjectMeta{Namespace: waiter.Namespace, Name: waiter.Name}}
			select {
			case resolved <- event.GenericEvent{Object: object}:
			case <-ctx.Done():
				return
			}
		}
	}
}

// freshFor is how old an answer may be that a rollout is made from: a tag may have been pushed again.
const freshFor = time.Minute

func waiter(name types.NamespacedName) platforms.Waiter {
	return platforms.Waiter{Kind: kindElasticWeb, NamespacedName: name}
}

// observeImage asks for the image's facts where they are needed. retry is when to look again, though nobody
// tells; 0 for never.
func (r *ElasticWebReconciler) observeImage(web *elasticwebv1.ElasticWeb, observed *plan.Observed) (image plan.Image, retry time.Duration) {
	name := client.ObjectKeyFromObject(web)
	needed, fresh := plan.Lookup(&web.Spec, observed.Deployment)
	if r.Images == nil || !needed {
		r.waits.forget(name)
		return plan.Image{State: plan.ImageNotLookedUp}, 0
	}
	request := platforms.Request{Image: web.Spec.Image, Waiter: waiter(name),
		Credentials: credentials(r.Live, web.Namespace, web.Spec.ServiceAccountName, web.Spec.ImagePullSecrets)}
	if fresh {
		request.MaxAge = freshFor
	}
	result := r.Images.Lookup(request)
	if result.Pending {
		if left := r.waits.left(name, web.Spec.Image, r.Clock.Now(), r.ImageWait); left > 0 {
			return plan.Image{State: plan.ImagePending}, left
		}
	} else {
		r.waits.forget(name)
	}
	return imageOf(web.Spec.Image, result, r.ImageWait, r.Clock.Now())
}

// imageOf is what the look-up has to say without waiting any longer. Facts hold until there are newer ones,
// even where the registry no longer answers.
func imageOf(reference string, result platforms.Result, waited time.Duration, now time.Time) (image plan.Image, retry time.Duration) {
	failed, isFailure := errors.AsType[*platforms.Error](result.Err)
	switch {
	case result.Facts != nil:
		return plan.Image{State: plan.ImageResolved, Facts: imageFacts(reference, result.Facts)}, 0
	case isFailure:
		image = plan.Image{State: plan.ImageFailed, Reason: lookupReason(failed.Reason), Message: failed.Message}
		if !result.RetryAt.IsZero() {
			retry = max(result.RetryAt.Sub(now), time.Second)
		}
		return image, retry
	default:
		return plan.Image{
			State: plan.ImageFailed, Reason: elasticwebv1.ReasonRegistryUnreachable,
			Message: fmt.Sprintf("the registry has not answered within %s: check that the operator can reach it", waited),
		}, 0
	}
}

func lookupReason(reason platforms.Reason) string {
	if reason == platforms.ReasonInvalidImage {
		return elasticwebv1.ReasonImageNotFound
	}
	return string(reason)
}

func imageFacts(reference string, facts *platforms.Facts) *plan.ImageFacts {
	result := &plan.ImageFacts{Reference: reference, Digest: facts.Digest, Port: facts.Port, User: facts.User}
	for _, platform := range facts.Platforms {
		result.Platforms = append(result.Platforms, platform.String())
	}
	return result
}

// imageWaits remembers since when ElasticWebs wait for their image.
type imageWaits struct {
	mu    sync.Mutex
	since map[types.NamespacedName]imageWait
}

type imageWait struct {
	image string
	since time.Time
}

func newImageWaits() *imageWaits {
	return &imageWaits{since: map[types.NamespacedName]imageWait{}}
}

// left is how much of the wait for the image is left.
func (w *imageWaits) left(name types.NamespacedName, image string, now time.Time, wait time.Duration) time.Duration {
	w.mu.Lock()
	defer w.mu.Unlock()
	begun, isWaiting := w.since[name]
	if !isWaiting || begun.image != image {
		begun = imageWait{image: image, since: now}
		w.since[name] = begun
	}
	return begun.since.Add(wait).Sub(now)
}

func (w *imageWaits) forget(name types.NamespacedName) {
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.since, name)
}
