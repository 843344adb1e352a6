// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

// Package images asks for what an image holds, on behalf of the objects whose pods run it.
package images

import (
	"context"
	"errors"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/clock"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/event"

	elasticwebv1 "github.com/elasticweb/elasticweb-operator/api/v1"
	"github.com/elasticweb/elasticweb-operator/internal/plan"
	"github.com/elasticweb/elasticweb-operator/internal/platforms"
)

// Lookup finds out what images hold, and never blocks.
type Lookup interface {
	Lookup(request platforms.Request) platforms.Result
	Forget(waiter platforms.Waiter)
}

// Requeue gives what a Resolver notifies with: it brings the objects of a kind that waited for an answer to the channel that
// its reconciler takes.
func Requeue(kind string, resolved chan<- event.GenericEvent) func(context.Context, []platforms.Waiter) {
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

// Observer observes the images of the objects of one kind. It is safe for concurrent use.
type Observer struct {
	// Kind of the objects.
	Kind string
	// Images looks up what an image holds; nil to look nothing up.
	Images Lookup
	// Live reads the pull secrets from the API server.
	Live client.Reader
	// Wait is how long an object waits for its image from when the registry is asked.
	Wait  time.Duration
	Clock clock.PassiveClock

	waits waits
}

// Pod is what decides about the pull of an image.
type Pod struct {
	Image, ServiceAccount string
	PullSecrets           []corev1.LocalObjectReference
}

// Observe asks for what the image of an object's pods holds. With isFresh an answer that is older than a minute does not do.
// retry is when to look again, though nobody tells; 0 for never.
func (o *Observer) Observe(name types.NamespacedName, pod Pod, isFresh bool) (image plan.Image, retry time.Duration) {
	if o.Images == nil {
		return plan.Image{State: plan.ImageNotLookedUp}, 0
	}
	request := platforms.Request{Image: pod.Image, Waiter: o.waiter(name),
		Credentials: credentials(o.Live, name.Namespace, pod.ServiceAccount, pod.PullSecrets)}
	if isFresh {
		request.MaxAge = freshFor
	}
	result, now := o.Images.Lookup(request), o.Clock.Now()
	if result.Facts != nil && result.Err == nil && !result.Pending {
		o.waits.forget(name)
		return plan.Image{State: plan.ImageResolved, Facts: imageFacts(pod.Image, result.Facts)}, 0
	}
	if left := o.waits.left(name, pod.Image, result, now, o.Wait); left > 0 {
		return plan.Image{State: plan.ImagePending}, left
	}
	return failedImage(pod.Image, result, o.Wait, now)
}

// StopWaiting begins the wait anew with the next Observe.
func (o *Observer) StopWaiting(name types.NamespacedName) { o.waits.forget(name) }

// Forget drops everything that is remembered of an object.
func (o *Observer) Forget(name types.NamespacedName) {
	o.waits.forget(name)
	if o.Images != nil {
		o.Images.Forget(o.waiter(name))
	}
}

func (o *Observer) waiter(name types.NamespacedName) platforms.Waiter {
	return platforms.Waiter{Kind: o.Kind, NamespacedName: name}
}

// failedImage is what the look-up has to say without waiting any longer. While it is tried again that stays what it said
// before.
func failedImage(reference string, result platforms.Result, waited time.Duration, now time.Time) (image plan.Image, retry time.Duration) {
	image = plan.Image{State: plan.ImageFailed, Reason: elasticwebv1.ReasonRegistryUnreachable}
	if result.Facts != nil {
		image.Facts = imageFacts(reference, result.Facts)
	}
	failed, isFailure := errors.AsType[*platforms.Error](result.Err)
	switch {
	case isFailure:
		image.Reason, image.Message = lookupReason(failed.Reason), failed.Message
	case result.Asked.IsZero():
		image.Message = fmt.Sprintf("so many images are being looked up that this one had no turn within %s", queueWait)
	default:
		image.Message = fmt.Sprintf("the registry has not answered within %s: check that the operator can reach it", waited)
	}
	if !result.RetryAt.IsZero() {
		retry = max(result.RetryAt.Sub(now), time.Second)
	}
	return image, retry
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
