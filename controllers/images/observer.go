// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

// Package images asks for what an image holds, on behalf of the objects whose pods run it.
package images

import (
	"context"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/clock"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/event"

	"github.com/elasticweb/elasticweb-operator/internal/observed"
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

	mu sync.Mutex
	// waits are of the objects that wait for their image, or did without it.
	waits map[types.NamespacedName]observed.ImageWait
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
	result := o.Images.Lookup(request)
	o.mu.Lock()
	defer o.mu.Unlock()
	wait := o.waits[name]
	image, retry = wait.Image(pod.Image, result, o.Clock.Now(), o.Wait)
	if o.waits == nil {
		o.waits = map[types.NamespacedName]observed.ImageWait{}
	}
	o.waits[name] = wait
	if image.State == plan.ImageResolved {
		delete(o.waits, name)
	}
	return image, retry
}

// StopWaiting begins the wait anew with the next Observe.
func (o *Observer) StopWaiting(name types.NamespacedName) {
	o.mu.Lock()
	defer o.mu.Unlock()
	delete(o.waits, name)
}

// Forget drops everything that is remembered of an object.
func (o *Observer) Forget(name types.NamespacedName) {
	o.StopWaiting(name)
	if o.Images != nil {
		o.Images.Forget(o.waiter(name))
	}
}

func (o *Observer) waiter(name types.NamespacedName) platforms.Waiter {
	return platforms.Waiter{Kind: o.Kind, NamespacedName: name}
}
