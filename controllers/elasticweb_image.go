// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package controllers

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
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
	return func(ctx context.Context, waiters []platforms.Waiter) {
		for _, waiter := range waiters {
			web := &elasticwebv1.ElasticWeb{ObjectMeta: metav1.ObjectMeta{Namespace: waiter.Namespace, Name: waiter.Name}}
			select {
			case resolved <- event.GenericEvent{Object: web}:
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
	request := platforms.Request{Image: web.Spec.Image, Waiter: waiter(name), Credentials: r.credentials(web)}
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
	return r.imageOf(web, result)
}

// imageOf is what the look-up has to say without waiting any longer. Facts hold until there are newer ones,
// even where the registry no longer answers.
func (r *ElasticWebReconciler) imageOf(web *elasticwebv1.ElasticWeb, result platforms.Result) (image plan.Image, retry time.Duration) {
	failed, isFailure := errors.AsType[*platforms.Error](result.Err)
	switch {
	case result.Facts != nil:
		return plan.Image{State: plan.ImageResolved, Facts: imageFacts(web.Spec.Image, result.Facts)}, 0
	case isFailure:
		image = plan.Image{State: plan.ImageFailed, Reason: lookupReason(failed.Reason), Message: failed.Message}
		if !result.RetryAt.IsZero() {
			retry = max(result.RetryAt.Sub(r.Clock.Now()), time.Second)
		}
		return image, retry
	default:
		return plan.Image{
			State: plan.ImageFailed, Reason: elasticwebv1.ReasonRegistryUnreachable,
			Message: fmt.Sprintf("the registry has not answered within %s: check that the operator can reach it", r.ImageWait),
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

// credentials are the pull secrets of the ElasticWeb, and those of its service account: read live, and only
// when the registry is about to be asked.
func (r *ElasticWebReconciler) credentials(web *elasticwebv1.ElasticWeb) platforms.Credentials {
	account := web.Spec.ServiceAccountName
	if account == "" {
		account = "default"
	}
	names := make([]string, 0, len(web.Spec.ImagePullSecrets))
	for _, secret := range web.Spec.ImagePullSecrets {
		names = append(names, secret.Name)
	}
	namespace := web.Namespace
	return platforms.Credentials{
		Identity: strings.Join(append([]string{namespace, account}, names...), "/"),
		Secrets: func(ctx context.Context) ([]corev1.Secret, error) {
			return r.pullSecrets(ctx, namespace, account, names)
		},
	}
}

func (r *ElasticWebReconciler) pullSecrets(ctx context.Context, namespace, account string, names []string) ([]corev1.Secret, error) {
	serviceAccount := &corev1.ServiceAccount{}
	err := r.Live.Get(ctx, types.NamespacedName{Namespace: namespace, Name: account}, serviceAccount)
	if err != nil && !apierrors.IsNotFound(err) && !apierrors.IsForbidden(err) {
		return nil, fmt.Errorf("read service account %s: %w", account, err)
	}
	for _, reference := range serviceAccount.ImagePullSecrets {
		if !slices.Contains(names, reference.Name) {
			names = append(slices.Clone(names), reference.Name)
		}
	}
	var secrets []corev1.Secret
	for _, name := range names {
		secret := corev1.Secret{}
		err := r.Live.Get(ctx, types.NamespacedName{Namespace: namespace, Name: name}, &secret)
		if apierrors.IsNotFound(err) || apierrors.IsForbidden(err) {
			continue // as the kubelet does: the registry may do without.
		}
		if err != nil {
			return nil, fmt.Errorf("read secret %s: %w", name, err)
		}
		secrets = append(secrets, secret)
	}
	return secrets, nil
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
